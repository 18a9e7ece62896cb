/** Rules across variables: access, TLS, ports, nodes and times. Each returns its mistakes, a line each. */
import { databaseOf, hostOf } from '../db/urls.ts';
import type { Variables } from './variables.ts';

const EMBEDDED_PORTS = ['EMBEDDED_PRIMARY_PORT', 'EMBEDDED_REPLICA_PORT'] as const;

const AUTH_VARIABLES = ['AUTH_JWKS', 'AUTH_ISSUER', 'AUTH_AUDIENCE'] as const;

/** Setting any AUTH_* variable implies AUTH=jwt. */
export function isTokenRequired(env: Variables): boolean {
  const isIssuerSet = AUTH_VARIABLES.some((name) => env[name] !== undefined);
  return (env.AUTH ?? (isIssuerSet ? 'jwt' : 'none')) === 'jwt';
}

/** The mistakes between variables that are each valid by themselves, a line for each. */
export function checkVariables(env: Variables): string[] {
  const checks = [
    checkPorts,
    requireDatabaseUrl,
    checkDatabases,
    checkNodes,
    checkAccess,
    checkTls,
    checkShutdownTimeout,
    checkReservations,
  ];
  return checks.flatMap((check) => check(env));
}

/** Open access is for development on one machine; anywhere else it must be configured explicitly. */
function checkAccess(env: Variables): string[] {
  if (isTokenRequired(env)) {
    const missing = AUTH_VARIABLES.filter((name) => env[name] === undefined);
    return missing.map((name) => `${name}: is needed to check tokens`);
  }
  if (env.AUTH === 'none') {
    // The two contradict each other, and the guess must not be the one that admits everybody.
    const set = AUTH_VARIABLES.filter((name) => env[name] !== undefined);
    return set.length === 0 ? [] : [`AUTH: must be jwt where ${set.join(', ')} is set, not none`];
  }
  const open = openHosts(env);
  if (open.length === 0) return [];
  const needed = AUTH_VARIABLES.join(', ');
  return [`AUTH: must be jwt, with ${needed}, or none on purpose: ${open.join(', ')} is not loopback`];
}

/** The listen addresses that other machines can reach. */
function openHosts(env: Variables): string[] {
  return (['HTTP_HOST', 'GRPC_HOST'] as const).filter((name) => !isLoopback(env[name]));
}

/** Whether a host stands for this machine alone. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);
}

function checkReservations({
  RESERVATION_TTL_MS: ttlMs,
  RESERVATION_TTL_MAX_MS: maxMs,
}: Variables): string[] {
  return ttlMs > maxMs ? [`RESERVATION_TTL_MS: must not be more than RESERVATION_TTL_MAX_MS, ${maxMs}`] : [];
}

function checkTls(env: Variables): string[] {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = env;
  const mistakes: string[] = [];
  if (cert === undefined && key !== undefined) mistakes.push('TLS_CERT_FILE: is needed with TLS_KEY_FILE');
  if (key === undefined && cert !== undefined) mistakes.push('TLS_KEY_FILE: is needed with TLS_CERT_FILE');
  if (clientCa !== undefined && cert === undefined && key === undefined) {
    mistakes.push('TLS_CLIENT_CA_FILE: needs TLS_CERT_FILE and TLS_KEY_FILE');
  }
  return mistakes;
}

/**
 * Without DATABASE_URL the service brings its own servers, which other URLs do not belong to. In production
 * that must be on purpose: a missing variable must not lead orders into a database that nobody knows of.
 */
function requireDatabaseUrl(env: Variables): string[] {
  if (env.DATABASE_URL !== undefined) {
    return env.EMBEDDED ? ['EMBEDDED: must not be true where DATABASE_URL is set'] : [];
  }
  const mistakes: string[] = [];
  if (env.DATABASE_REPLICA_URLS.length > 0) mistakes.push('DATABASE_REPLICA_URLS: needs DATABASE_URL');
  if (env.MIGRATION_DATABASE_URL !== undefined) {
    mistakes.push('MIGRATION_DATABASE_URL: needs DATABASE_URL, by which the service works');
  }
  const open = openHosts(env);
  const where =
    env.NODE_ENV === 'production' ? 'NODE_ENV is production' : `${open.join(', ')} is not loopback`;
  if (!env.EMBEDDED && (env.NODE_ENV === 'production' || open.length > 0)) {
    const choice = 'set it, or EMBEDDED=true for a PostgreSQL beside the service';
    mistakes.push(`DATABASE_URL: must be set where ${where}: ${choice}`);
  }
  return mistakes;
}

/** All nodes are copies of one database, and migrations change that one. */
function checkDatabases(env: Variables): string[] {
  const [database] = (env.DATABASE_URL ?? []).map(databaseOf);
  if (database === undefined) return [];
  const names = {
    DATABASE_REPLICA_URLS: env.DATABASE_REPLICA_URLS,
    MIGRATION_DATABASE_URL: env.MIGRATION_DATABASE_URL,
  };
  return Object.entries(names)
    .filter(([, urls = []]) => urls.some((url) => databaseOf(url) !== database))
    .map(([name]) => `${name}: must name the same database as DATABASE_URL`);
}

/** A node that is named twice would look like two primaries. */
function checkNodes(env: Variables): string[] {
  const hosts = [...(env.DATABASE_URL ?? []), ...env.DATABASE_REPLICA_URLS].map(hostOf);
  if (new Set(hosts).size === hosts.length) return [];
  return ['DATABASE_URL, DATABASE_REPLICA_URLS: must not name a host and port twice'];
}

/** A stop must not cut off what may still be answered in time. */
function checkShutdownTimeout(env: Variables): string[] {
  if (env.SHUTDOWN_TIMEOUT_MS > env.REQUEST_TIMEOUT_MS) return [];
  return [
    'SHUTDOWN_TIMEOUT_MS: must be more than REQUEST_TIMEOUT_MS, within which accepted requests are answered',
  ];
}

/** Each port can be listened on once; 0 takes any free one. */
function checkPorts(env: Variables): string[] {
  const own = ['HTTP_PORT', 'GRPC_PORT', 'PROBE_PORT'] as const;
  const names = [...own, ...(env.DATABASE_URL ? [] : EMBEDDED_PORTS)];
  const first = new Map<number, string>();
  return names.flatMap((name) => {
    const port = env[name] ?? 0;
    const other = first.get(port);
    first.set(port, other ?? name);
    return port !== 0 && other !== undefined ? [`${name}: must not be the same as ${other}`] : [];
  });
}

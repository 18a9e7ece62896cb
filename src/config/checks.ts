/** What must hold between variables: who is let in, TLS, ports, nodes and times. Each rule gives its mistakes, a line each. */
import { databaseUrls, hostOf } from './urls.ts';
import type { Variables } from './variables.ts';

const EMBEDDED_PORTS = ['EMBEDDED_PRIMARY_PORT', 'EMBEDDED_REPLICA_PORT'] as const;

const AUTH_VARIABLES = ['AUTH_JWKS', 'AUTH_ISSUER', 'AUTH_AUDIENCE'] as const;

/** Whoever names an issuer of tokens means to ask for them. */
export function authOf(config: Variables): 'none' | 'jwt' {
  const named = AUTH_VARIABLES.some((name) => config[name] !== undefined);
  return config.AUTH ?? (named ? 'jwt' : 'none');
}

/** What is wrong with variables that are each good by themselves, a line for each mistake. */
export function mistakesBetween(config: Variables): string[] {
  const rules = [samePorts, lonelyUrls, sameNodes, accessMistakes, tlsMistakes, shortStop];
  return rules.flatMap((rule) => rule(config));
}

/** Openness is for development on one machine; anywhere else somebody must have said that it is meant. */
function accessMistakes(config: Variables): string[] {
  if (authOf(config) === 'jwt') {
    const missing = AUTH_VARIABLES.filter((name) => config[name] === undefined);
    return missing.map((name) => `${name}: is needed to check tokens`);
  }
  if (config.AUTH === 'none') {
    // One of the two was meant, and the guess must not be the one that lets everybody in.
    const named = AUTH_VARIABLES.filter((name) => config[name] !== undefined);
    return named.length === 0 ? [] : [`AUTH: must be jwt where ${named.join(', ')} is set, not none`];
  }
  const open = (['HTTP_HOST', 'GRPC_HOST'] as const).filter((name) => !isLoopback(config[name]));
  if (open.length === 0) return [];
  return [
    `AUTH: must be jwt, with ${AUTH_VARIABLES.join(', ')}, or none on purpose: ${open.join(', ')} is not loopback`,
  ];
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.\d+\.\d+\.\d+|::1)$/i.test(host);
}

function tlsMistakes(config: Variables): string[] {
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa } = config;
  const mistakes: string[] = [];
  if (cert === undefined && key !== undefined) mistakes.push('TLS_CERT_FILE: is needed with TLS_KEY_FILE');
  if (key === undefined && cert !== undefined) mistakes.push('TLS_KEY_FILE: is needed with TLS_CERT_FILE');
  if (clientCa !== undefined && cert === undefined && key === undefined) {
    mistakes.push('TLS_CLIENT_CA_FILE: needs TLS_CERT_FILE and TLS_KEY_FILE');
  }
  return mistakes;
}

/** Without DATABASE_URL the service brings its own servers, to which other URLs do not belong. */
function lonelyUrls(config: Variables): string[] {
  if (config.DATABASE_URL !== undefined) return [];
  const mistakes: string[] = [];
  if (config.DATABASE_REPLICA_URLS.length > 0) mistakes.push('DATABASE_REPLICA_URLS: needs DATABASE_URL');
  if (config.MIGRATION_DATABASE_URL !== undefined) {
    mistakes.push('MIGRATION_DATABASE_URL: needs DATABASE_URL, by which the service works');
  }
  return mistakes;
}

/** A node that is named twice would look like two primaries. */
function sameNodes(config: Variables): string[] {
  const hosts = databaseUrls(config).map(hostOf);
  if (new Set(hosts).size === hosts.length) return [];
  return ['DATABASE_URL, DATABASE_REPLICA_URLS: must not name a host and port twice'];
}

/** A stop must not cut off what may still be answered in time. */
function shortStop(config: Variables): string[] {
  if (config.SHUTDOWN_TIMEOUT_MS > config.REQUEST_TIMEOUT_MS) return [];
  return [
    'SHUTDOWN_TIMEOUT_MS: must be more than REQUEST_TIMEOUT_MS, within which accepted requests are answered',
  ];
}

/** Each port can be listened on once; 0 takes any free one. */
function samePorts(config: Variables): string[] {
  const names = ['HTTP_PORT', 'GRPC_PORT', ...(config.DATABASE_URL ? [] : EMBEDDED_PORTS)] as const;
  const first = new Map<number, string>();
  return names.flatMap((name) => {
    const port = config[name];
    const other = first.get(port);
    first.set(port, other ?? name);
    return port !== 0 && other !== undefined ? [`${name}: must not be the same as ${other}`] : [];
  });
}

/**
 * The configuration: the only reader of the environment. It is validated as a whole at start, and every
 * mistake is listed. Its sections are the options of the components that they are handed to.
 */
import type { ZodError } from 'zod';
import { checkVariables, isLoopback, isTokenRequired } from './checks.ts';
import { misspeltVariables } from './misspelt.ts';
import { readSecretFiles } from './secret-files.ts';
import { clientVariables, type Variables, variables } from './variables.ts';

/** Every mistake in the environment, one a line. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** The names of all variables. */
export const variableNames = Object.keys(variables.shape);

export type Config = ReturnType<typeof readConfig>;

/**
 * Reads the configuration. A variable that is set to nothing counts as not set.
 *
 * @throws ConfigError listing every mistake.
 */
export function readConfig(environment: Record<string, string | undefined>) {
  const files = readSecretFiles(namedIn(environment));
  const result = variables.safeParse(files.set);
  const checked = result.success ? checkVariables(result.data) : issuesOf(result.error);
  const mistakes = [...files.mistakes, ...checked];
  if (!result.success || mistakes.length > 0) throw errorOf(mistakes);
  const warnings = misspeltVariables(Object.keys(files.set), variableNames);
  return { ...sectionsOf(result.data), /** What may be a mistake, a line each. */ warnings };
}

/**
 * Reads what a client of a service needs. The service's own variables are not read: it may run elsewhere.
 *
 * @throws ConfigError listing every mistake.
 */
export function readClientConfig(environment: Record<string, string | undefined>) {
  const files = readSecretFiles(namedIn(environment), ['LOMS_TOKEN']);
  const result = clientVariables.safeParse(files.set);
  const mistakes = [...files.mistakes, ...(result.success ? [] : issuesOf(result.error))];
  if (!result.success || mistakes.length > 0) throw errorOf(mistakes);
  return { url: result.data.LOMS_URL, token: result.data.LOMS_TOKEN };
}

function namedIn(environment: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value ? [[name, value]] : [])),
  );
}

function issuesOf({ issues }: ZodError): string[] {
  return issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`);
}

function errorOf(mistakes: readonly string[]): ConfigError {
  return new ConfigError(
    `the configuration has mistakes:\n${mistakes.map((text) => `  ${text}`).join('\n')}`,
  );
}

function sectionsOf(env: Variables) {
  return {
    http: {
      host: env.HTTP_HOST,
      port: env.HTTP_PORT,
      keepAliveTimeoutMs: env.KEEP_ALIVE_TIMEOUT_MS,
      /** Where access is open, the hosts under which REST answers, besides those of this machine. */
      allowedHosts: isTokenRequired(env) ? undefined : [env.HTTP_HOST, ...env.ALLOWED_HOSTS],
    },
    grpc: { host: env.GRPC_HOST, port: env.GRPC_PORT, reflection: env.REFLECTION },
    /** What one address may have of the connections of a port, unless it is a proxy that we trust. */
    peers: {
      connectionsMax: env.PEER_CONNECTIONS_MAX,
      connectionsPerSecond: env.PEER_CONNECTIONS_PER_SECOND,
      trustedProxies: env.TRUSTED_PROXIES,
    },
    /** The probes on a port of their own, for the machines that HTTP_HOST serves; undefined without one. */
    probes:
      env.PROBE_PORT === undefined
        ? undefined
        : { host: env.HTTP_HOST, port: env.PROBE_PORT, livenessTimeoutMs: env.LIVENESS_TIMEOUT_MS },
    docs: env.DOCS,
    publicUrl: env.PUBLIC_URL,
    /** The page for operators is on by itself only where no other machine can reach it. */
    console: env.CONSOLE ?? isLoopback(env.HTTP_HOST),
    /** Whether everybody who can connect may do everything, from other machines too. */
    isOpenToNetwork: !isTokenRequired(env) && !(isLoopback(env.HTTP_HOST) && isLoopback(env.GRPC_HOST)),
    auth: isTokenRequired(env) ? authOf(env) : undefined,
    tls: tlsOf(env),
    database: {
      /** The nodes, of which one is the primary; none where the service brings its own. */
      urls: [...(env.DATABASE_URL ?? []), ...env.DATABASE_REPLICA_URLS],
      /** The login that owns the schema. */
      migrationUrl: env.MIGRATION_DATABASE_URL?.[0],
      connectTimeoutMs: env.CONNECT_TIMEOUT_MS,
      readTimeoutMs: env.READ_TIMEOUT_MS,
      writeTimeoutMs: env.WRITE_TIMEOUT_MS,
      checkIntervalMs: env.NODE_CHECK_INTERVAL_MS,
      replicaLagMaxMs: env.REPLICA_LAG_MAX_MS,
    },
    embedded: {
      dir: env.EMBEDDED_DIR,
      primaryPort: env.EMBEDDED_PRIMARY_PORT,
      replicaPort: env.EMBEDDED_REPLICA_PORT,
    },
    start: { migrate: env.MIGRATE_ON_START, seed: env.SEED_ON_START, timeoutMs: env.START_TIMEOUT_MS },
    batching: {
      queueMax: env.QUEUE_MAX,
      batchMax: env.BATCH_MAX,
      writeLanes: env.WRITE_LANES,
      readLanes: env.READ_LANES,
    },
    settings: {
      idempotencyRetentionMs: env.IDEMPOTENCY_RETENTION_MS,
      reservationTtlMs: env.RESERVATION_TTL_MS,
      reservationTtlMaxMs: env.RESERVATION_TTL_MAX_MS,
      writeTimeoutMs: env.WRITE_TIMEOUT_MS,
      latePaymentWindowMs: env.LATE_PAYMENT_WINDOW_MS,
      heldPiecesMaxPerUser: env.HELD_PIECES_MAX_PER_USER,
      countMaxAgeMs: env.COUNT_MAX_AGE_MS,
    },
    ...backgroundOf(env),
    /** From which the key of page tokens is derived; undefined takes the database's password. */
    pageTokenSecret: env.PAGE_TOKEN_KEY,
    ...telemetryOf(env),
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    shutdownDelayMs: env.SHUTDOWN_DELAY_MS,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
  };
}

function telemetryOf(env: Variables) {
  return {
    log: {
      level: env.LOG_LEVEL,
      audit: env.AUDIT_LOG,
      access: accessLogOf(env),
      slowBatchMs: env.SLOW_BATCH_MS,
    },
    tracing: tracingOf(env),
  };
}

function backgroundOf(env: Variables) {
  return {
    /** How long orders that failed or were cancelled, movements and events are kept; 0 is for ever. */
    workers: {
      orderRetentionMs: env.ORDER_RETENTION_MS,
      ledgerRetentionMs: env.LEDGER_RETENTION_MS,
      eventRetentionMs: env.EVENT_RETENTION_MS,
    },
    /** How often the stock is audited, in milliseconds; 0 is never. */
    auditIntervalMs: env.AUDIT_INTERVAL_MS,
    feed: { readersMax: env.EVENT_READERS_MAX, readersPerClientMax: env.EVENT_READERS_MAX_PER_CLIENT },
  };
}

/** A share logs errors too. */
function accessLogOf({ ACCESS_LOG: access }: Variables) {
  if (typeof access === 'number') return { errors: true, share: access };
  return { errors: access !== 'none', share: access === 'all' ? 1 : 0 };
}

/** Undefined where no spans are exported. */
function tracingOf(env: Variables) {
  if (env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined) return undefined;
  return {
    endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
    serviceName: env.OTEL_SERVICE_NAME,
    sampling: { sampler: env.OTEL_TRACES_SAMPLER, ratio: env.OTEL_TRACES_SAMPLER_ARG },
  };
}

function authOf(env: Variables) {
  const { AUTH_JWKS: jwks = '', AUTH_ISSUER: issuer = '', AUTH_AUDIENCE: audience = '' } = env;
  return { jwks, issuer, audience, jwksMaxAgeMs: env.AUTH_JWKS_MAX_AGE_MS };
}

function tlsOf({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa }: Variables) {
  return cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
}

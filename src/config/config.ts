/**
 * The configuration: the only reader of the environment. It is validated as a whole at start, and every
 * mistake is listed. Its sections are the options of the components that they are handed to.
 */
import { checkVariables, isTokenRequired } from './checks.ts';
import { misspeltVariables } from './misspelt.ts';
import { type Variables, variables } from './variables.ts';

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
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const result = variables.safeParse(set);
  const mistakes = result.success
    ? checkVariables(result.data)
    : result.error.issues.map((issue) => `${issue.path[0]?.toString()}: ${issue.message}`);
  if (result.success && mistakes.length === 0) {
    const warnings = misspeltVariables(Object.keys(set), variableNames);
    return { ...sectionsOf(result.data), /** What may be a mistake, a line each. */ warnings };
  }
  throw new ConfigError(`the configuration has mistakes:\n${mistakes.map((text) => `  ${text}`).join('\n')}`);
}

function sectionsOf(env: Variables) {
  return {
    http: { host: env.HTTP_HOST, port: env.HTTP_PORT },
    grpc: { host: env.GRPC_HOST, port: env.GRPC_PORT, reflection: env.REFLECTION },
    docs: env.DOCS,
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
    idempotencyKeys: { retentionMs: env.IDEMPOTENCY_RETENTION_MS },
    log: { level: env.LOG_LEVEL },
    requestTimeoutMs: env.REQUEST_TIMEOUT_MS,
    shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
  };
}

function authOf({ AUTH_JWKS: jwks = '', AUTH_ISSUER: issuer = '', AUTH_AUDIENCE: audience = '' }: Variables) {
  return { jwks, issuer, audience };
}

function tlsOf({ TLS_CERT_FILE: cert, TLS_KEY_FILE: key, TLS_CLIENT_CA_FILE: clientCa }: Variables) {
  return cert === undefined || key === undefined ? undefined : { cert, key, clientCa };
}

/** Each variable sets its own option and no other. */
import { expect, test } from 'vitest';
import { readConfig, variableNames } from './config.ts';

/** With what some variables need to have an effect. */
const base: Readonly<Record<string, string>> = {
  AUTH: 'jwt',
  AUTH_JWKS: '/keys.json',
  AUTH_ISSUER: 'https://issuer.test',
  AUTH_AUDIENCE: 'loms',
  PROBE_PORT: '9090',
  TLS_CERT_FILE: '/cert.pem',
  TLS_KEY_FILE: '/key.pem',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318',
};

/** A value other than the default, and the options that it sets. */
const table: readonly (readonly [name: string, text: string, ...options: string[]])[] = [
  ['HTTP_PORT', '1', 'http.port'],
  ['GRPC_HOST', '127.0.0.2', 'grpc.host'],
  ['GRPC_PORT', '1', 'grpc.port'],
  ['PROBE_PORT', '1', 'probes.port'],
  ['LIVENESS_TIMEOUT_MS', '1001', 'probes.livenessTimeoutMs'],
  ['KEEP_ALIVE_TIMEOUT_MS', '1001', 'http.keepAliveTimeoutMs'],
  ['AUTH_JWKS', '/other.json', 'auth.jwks'],
  ['AUTH_ISSUER', 'https://other.test', 'auth.issuer'],
  ['AUTH_AUDIENCE', 'other', 'auth.audience'],
  ['AUTH_JWKS_MAX_AGE_MS', '60001', 'auth.jwksMaxAgeMs'],
  ['TRUSTED_PROXIES', '10.0.0.1', 'peers.trustedProxies.0'],
  ['PEER_CONNECTIONS_MAX', '11', 'peers.connectionsMax'],
  ['PEER_CONNECTIONS_PER_SECOND', '12', 'peers.connectionsPerSecond'],
  ['TLS_CERT_FILE', '/other.pem', 'tls.cert'],
  ['TLS_KEY_FILE', '/other.pem', 'tls.key'],
  ['TLS_CLIENT_CA_FILE', '/ca.pem', 'tls.clientCa'],
  ['REFLECTION', 'false', 'grpc.reflection'],
  ['DOCS', 'false', 'docs'],
  ['PUBLIC_URL', 'https://shop.test', 'publicUrl'],
  ['CONSOLE', 'false', 'console'],
  ['EMBEDDED_DIR', '/data', 'embedded.dir'],
  ['EMBEDDED_PRIMARY_PORT', '1', 'embedded.primaryPort'],
  ['EMBEDDED_REPLICA_PORT', '1', 'embedded.replicaPort'],
  ['MIGRATE_ON_START', 'false', 'start.migrate'],
  ['SEED_ON_START', 'large', 'start.seed'],
  ['LOG_LEVEL', 'warn', 'log.level'],
  ['AUDIT_LOG', 'true', 'log.audit'],
  ['ACCESS_LOG', 'none', 'log.access.errors'],
  ['ACCESS_LOG', 'all', 'log.access.share'],
  ['ACCESS_LOG', '0.5', 'log.access.share'],
  ['SLOW_BATCH_MS', '13', 'log.slowBatchMs'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://other.test', 'tracing.endpoint'],
  ['OTEL_SERVICE_NAME', 'other', 'tracing.serviceName'],
  ['OTEL_TRACES_SAMPLER', 'always_on', 'tracing.sampling.sampler'],
  ['OTEL_TRACES_SAMPLER_ARG', '0.5', 'tracing.sampling.ratio'],
  ['REQUEST_TIMEOUT_MS', '10001', 'requestTimeoutMs'],
  ['WRITE_TIMEOUT_MS', '5001', 'database.writeTimeoutMs', 'settings.writeTimeoutMs'],
  ['READ_TIMEOUT_MS', '2001', 'database.readTimeoutMs'],
  ['CONNECT_TIMEOUT_MS', '2001', 'database.connectTimeoutMs'],
  ['START_TIMEOUT_MS', '14', 'start.timeoutMs'],
  ['SHUTDOWN_DELAY_MS', '15', 'shutdownDelayMs'],
  ['SHUTDOWN_TIMEOUT_MS', '15001', 'shutdownTimeoutMs'],
  ['NODE_CHECK_INTERVAL_MS', '1001', 'database.checkIntervalMs'],
  ['REPLICA_LAG_MAX_MS', '5001', 'database.replicaLagMaxMs'],
  ['IDEMPOTENCY_RETENTION_MS', '86400001', 'settings.idempotencyRetentionMs'],
  ['RESERVATION_TTL_MS', '600001', 'settings.reservationTtlMs'],
  ['RESERVATION_TTL_MAX_MS', '86400001', 'settings.reservationTtlMaxMs'],
  ['LATE_PAYMENT_WINDOW_MS', '86400001', 'settings.latePaymentWindowMs'],
  ['HELD_PIECES_MAX_PER_USER', '16', 'settings.heldPiecesMaxPerUser'],
  ['COUNT_MAX_AGE_MS', '86400001', 'settings.countMaxAgeMs'],
  ['ORDER_RETENTION_MS', '604800001', 'workers.orderRetentionMs'],
  ['LEDGER_RETENTION_MS', '604800001', 'workers.ledgerRetentionMs'],
  ['EVENT_RETENTION_MS', '604799999', 'workers.eventRetentionMs'],
  ['AUDIT_INTERVAL_MS', '86400001', 'auditIntervalMs'],
  ['EVENT_READERS_MAX', '1001', 'feed.readersMax'],
  ['EVENT_READERS_MAX_PER_CLIENT', '201', 'feed.readersPerClientMax'],
  ['PAGE_TOKEN_KEY', 'sixteen letters!', 'pageTokenSecret'],
  ['QUEUE_MAX', '10001', 'batching.queueMax'],
  ['BATCH_MAX', '1001', 'batching.batchMax'],
  ['WRITE_LANES', '3', 'batching.writeLanes'],
  ['READ_LANES', '3', 'batching.readLanes'],
];

/** Their effects depend on others, and have tests of their own in this folder; or they are for clients. */
const others = [
  ...['NODE_ENV', 'HTTP_HOST', 'AUTH', 'ALLOWED_HOSTS', 'EMBEDDED'],
  ...['DATABASE_URL', 'DATABASE_REPLICA_URLS', 'MIGRATION_DATABASE_URL', 'LOMS_URL', 'LOMS_TOKEN'],
];

/** All values of a configuration by their paths. */
function flat(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, each]) => flat(each, path === '' ? name : `${path}.${name}`));
}

test.each(table)('%s=%s', (name, text, ...options) => {
  const before = new Map(flat(readConfig(base)));
  const changed = flat(readConfig({ ...base, [name]: text })).filter(
    ([path, value]) => before.get(path) !== value,
  );
  expect(changed.map(([path]) => path)).toEqual(options);
});

test('every variable is tried', () => {
  const files = variableNames.filter((name) => name.endsWith('_FILE') && !name.startsWith('TLS_'));
  const tried = new Set([...table.map(([name]) => name), ...others, ...files]);
  expect([...tried].sort()).toEqual([...variableNames].sort());
});

test('a reservation lasts by default no longer than it may at most', () => {
  const settings = { ...base, RESERVATION_TTL_MS: '2000', RESERVATION_TTL_MAX_MS: '1999' };
  expect(() => readConfig(settings)).toThrow('must not be more than RESERVATION_TTL_MAX_MS');
});

/** The registers in the documents are those of the code: errors, configuration, scopes and limits. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { backgroundConnections } from '../../src/app/background.ts';
import { keyLimits } from '../../src/auth/keys.ts';
import {
  CALLER_NAME_MAX_CHARS,
  CHECKS_MAX,
  TOKEN_MAX_CHARS,
  UNKNOWN_KEYS_MAX,
} from '../../src/auth/tokens.ts';
import { type Config, readConfig, variableNames } from '../../src/config/config.ts';
import { variables } from '../../src/config/variables.ts';
import { codeOf, type Reason, reasons } from '../../src/domain/errors.ts';
import { EVENT_SCAN_MAX } from '../../src/domain/events/list.ts';
import { BOOKMARK_MS } from '../../src/domain/events/watch.ts';
import * as limits from '../../src/domain/limits.ts';
import { operations, scopes, served } from '../../src/domain/operations.ts';
import { PAGE_LINES_MAX, SCAN_MAX } from '../../src/domain/orders/list.ts';
import { NAMED_LINES_MAX } from '../../src/domain/orders/read.ts';
import type { Refusal } from '../../src/domain/outcome.ts';
import { PAGE_SIZE_MAX } from '../../src/domain/page.ts';
import { HOLDS_SCAN_MAX } from '../../src/domain/stock/explain.ts';
import { AUDIT_LIMITS, FINDINGS_MAX } from '../../src/domain/stock/findings.ts';
import { AUDIT_SKUS_MAX } from '../../src/service/audit-log.ts';
import { RING_LIMITS } from '../../src/service/event-tail.ts';
import { FREE_MULTIPLE } from '../../src/service/fair-queue.ts';
import { BATCH_LINES_MAX, connectionsNeeded, SHARING_LANES_MAX } from '../../src/service/service.ts';
import { connectionOptions, grpcLimits } from '../../src/transport/grpc/server.ts';
import { SAMPLE_STREAMS_MAX } from '../../src/transport/http/console.ts';
import { httpStatusOf } from '../../src/transport/http/errors.ts';
import { connectionLimits, HEAD_MAX_BYTES, HEADERS_MAX } from '../../src/transport/http/limits.ts';
import { CHUNK_READ_MS } from '../../src/transport/stream.ts';
import { HANDSHAKE_TIMEOUT_MS } from '../../src/transport/tls.ts';
import { LINES_MAX } from '../support/limits.ts';
import { named, table } from '../support/tables.ts';

test('docs/errors.md lists every reason with its code and its HTTP status', () => {
  const rows = table('docs/errors.md', '**Branch on').map(([reason, code = '', http = '']) => [
    named(reason)[0],
    Number.parseInt(code, 10),
    Number.parseInt(http, 10),
  ]);
  const refusal = (reason: Reason): Refusal => ({ reason, message: '', metadata: {} });
  const expected = (Object.keys(reasons) as Reason[]).map((reason) => [
    reason,
    codeOf(reason),
    httpStatusOf(refusal(reason)),
  ]);
  expect(rows.sort()).toEqual(expected.sort());
});

test('the README lists every variable with its default', () => {
  const rows = table('README.md', '## Configuration');
  const documented = new Map(
    rows.flatMap(([variables, defaults]) => {
      const values = named(defaults);
      return named(variables).map((name, index) => [name, values[index]] as const);
    }),
  );
  expect([...documented.keys()].sort()).toEqual([...variableNames].sort());
  for (const [name, value] of documented) {
    const read = variables.shape[name as keyof typeof variables.shape];
    const set = read.safeParse(undefined).data;
    if (value !== undefined) expect(read.parse(value), name).toEqual(set);
    else expect([undefined, []], `the default of ${name}`).toContainEqual(set);
  }
});

test('the README lists every target of make that `make help` lists', () => {
  const targets = [...readFileSync('Makefile', 'utf8').matchAll(/^([a-z-]+):.*## /gm)];
  const documented = table('README.md', '## Make').map(([target]) => named(target)[0]);
  expect(documented.sort()).toEqual(targets.map(([, target]) => `make ${target}`).sort());
});

test('docs/security.md lists every operation with its scope', () => {
  const rows = table('docs/security.md', '**Scopes**').filter(([names]) => named(names).length > 0);
  const documented = rows.flatMap(([names, scope]) => named(names).map((name) => [name, named(scope)[0]]));
  const expected = Object.entries(served).map(([name, { scope }]) => [name, scope]);
  expect(documented.sort()).toEqual(expected.sort());
  const text = readFileSync('docs/security.md', 'utf8');
  for (const scope of scopes) expect(text).toContain(`\`${scope}\``);
});

const count = (value: number) => value.toLocaleString('en');
const kibibytes = (bytes: number) => `${bytes / 1024} KiB`;
const mebibytes = (bytes: number) => `${bytes / 1024 ** 2} MiB`;
/** In the largest unit that needs no fraction. */
const time = (valueMs: number) => {
  const units = { h: 3_600_000, min: 60_000, s: 1_000, ms: 1 };
  const [unit, sizeMs] = Object.entries(units).find(([, each]) => valueMs % each === 0) ?? ['ms', 1];
  return `${valueMs / sizeMs} ${unit}`;
};

/** The limits of the service, whichever way a request comes. */
function serviceLimits(config: Config): Record<string, string> {
  const { batching, database } = config;
  const withTokens = readConfig({ AUTH_JWKS: 'jwks.json', AUTH_ISSUER: 'issuer', AUTH_AUDIENCE: 'loms' });
  return {
    'lines of an order': count(LINES_MAX),
    'pieces of a sku in an order': count(limits.COUNT_MAX),
    'idempotency key': `${limits.IDEMPOTENCY_KEY_MAX} characters`,
    'body or message': kibibytes(limits.REQUEST_MAX_BYTES),
    'waiting requests of one operation': count(batching.queueMax),
    'lines of waiting new orders': count(operations.createOrder.queueWeightMax ?? 0),
    'share of one client in either': `${FREE_MULTIPLE} times what is free`,
    'tokens that are checked at once': count(CHECKS_MAX),
    'tokens of unknown keys that wait for the issuer': count(UNKNOWN_KEYS_MAX),
    'pause between two readings of the keys because of unknown ones': time(keyLimits.searchPauseMs),
    "the issuer's key set": mebibytes(keyLimits.maxBytes),
    'keys of the issuer': count(keyLimits.keysMax),
    "time to read the issuer's keys": time(keyLimits.readMs),
    "age of the issuer's keys that cannot be read again": time(withTokens.auth?.jwksMaxAgeMs ?? 0),
    token: `${count(TOKEN_MAX_CHARS)} characters`,
    'name of a caller, the `sub` of its token': `${CALLER_NAME_MAX_CHARS} characters`,
    'skus that a line of the audit log names': count(AUDIT_SKUS_MAX),
    'entries of a page of a list': count(PAGE_SIZE_MAX),
    'orders that a page of orders scans': count(SCAN_MAX),
    'lines of a page of orders': count(PAGE_LINES_MAX),
    'events that a page of some events looks at': count(EVENT_SCAN_MAX),
    'readers that wait for events, in all and of one client': [
      count(config.feed.readersMax),
      count(config.feed.readersPerClientMax),
    ].join(' and '),
    'open orders that a page of holds looks at': count(HOLDS_SCAN_MAX),
    'open orders that an audit compares with the stock': count(AUDIT_LIMITS.openOrders),
    'findings that an audit shows': count(FINDINGS_MAX),
    'requests of a batch': count(batching.batchMax),
    'lines of a batch': count(BATCH_LINES_MAX),
    'lines of the orders that a batch names by their ids': count(NAMED_LINES_MAX),
    'running batches of creates': count(batching.writeLanes),
    'running batches of creates that share a sku, and of each other write': count(SHARING_LANES_MAX),
    'running batches of one operation that reads': count(batching.readLanes),
    'time of a request, unless its deadline is sooner': time(config.requestTimeoutMs),
    'time of a transaction': time(database.writeTimeoutMs),
    'time of a read on one node': time(database.readTimeoutMs),
    'time of a read before it is hedged': time(database.readTimeoutMs / 10),
    'time to get a database connection': time(database.connectTimeoutMs),
    'connections of one address, to each port': count(config.peers.connectionsMax),
    'new connections of one address, to each port': 'no limit',
    'TLS handshake of a connection': time(HANDSHAKE_TIMEOUT_MS),
    'age of a connection': time(connectionLimits.ageMs),
    'streams of samples, one for each open console': count(SAMPLE_STREAMS_MAX),
  };
}

function restLimits(config: Config): Record<string, string> {
  const stuckMs = config.requestTimeoutMs + connectionLimits.stuckMs;
  return {
    'REST: head of a request': kibibytes(HEAD_MAX_BYTES),
    'REST: header lines of a request': count(HEADERS_MAX),
    'REST: running requests of one connection': count(connectionLimits.runningMax),
    'REST: requests that wait for earlier ones of their connection': count(connectionLimits.waitingMax),
    'REST: connections': count(connectionLimits.connectionsMax),
    'REST: time for the head of a request': time(connectionLimits.headMs),
    'REST: time for the whole request': time(connectionLimits.requestMs),
    'REST: first byte of a connection': time(connectionLimits.firstRequestMs),
    'REST: request without progress': time(stuckMs),
    'REST: reply that is not read': time(2 * stuckMs),
    'REST: idle connection': time(config.http.keepAliveTimeoutMs),
  };
}

const grpcMs = (name: keyof typeof connectionOptions) => Number(connectionOptions[name]);

const limitsOfGrpc: Record<string, string> = {
  'gRPC: bytes of all running requests': mebibytes(grpcLimits.requestsMaxBytes),
  'gRPC: pending calls, whose request is incomplete': count(grpcLimits.pendingMax),
  'gRPC: pending calls of one connection, while there are that many in all': count(
    grpcLimits.pendingShareMax,
  ),
  'gRPC: new calls in one turn of the event loop': count(grpcLimits.turnMax),
  'gRPC: new calls of one connection in one turn': count(grpcLimits.turnPerConnectionMax),
  'gRPC: resets of a connection beyond its replies': count(grpcLimits.resetsMax),
  'gRPC: streams that watch the health': count(grpcLimits.watchesMax),
  'gRPC: streams of reflection': count(grpcLimits.reflectionsMax),
  'gRPC: streams of health, and of reflection, on one connection': count(grpcLimits.streamsPerConnectionMax),
  'gRPC: message to health or reflection': kibibytes(grpcLimits.builtinMessageMaxBytes),
  'gRPC: age of a stream of health or reflection': time(grpcLimits.streamAgeMs),
  'gRPC: reply that the client does not read, from the deadline or that age on': time(grpcLimits.unreadMs),
  'time in which a client reads a part of a stream of events': time(CHUNK_READ_MS),
  'silence of a stream of events': time(BOOKMARK_MS),
  'newest events that streams share': count(RING_LIMITS.eventsMax),
  'bytes of what they share': mebibytes(RING_LIMITS.bytesMax),
  'gRPC: connections': count(grpcLimits.connectionsMax),
  'gRPC: calls at a time on one connection': count(grpcMs('grpc.max_concurrent_streams')),
  'gRPC: idle connection': time(grpcMs('grpc.max_connection_idle_ms')),
  'gRPC: silent peer, which does not answer pings': time(
    grpcMs('grpc.keepalive_time_ms') + grpcMs('grpc.keepalive_timeout_ms'),
  ),
  'gRPC: time to finish after GOAWAY': time(grpcMs('grpc.max_connection_age_grace_ms')),
};

test('docs/operations.md lists every limit with its value', () => {
  const config = readConfig({});
  const expected = { ...serviceLimits(config), ...restLimits(config), ...limitsOfGrpc };
  /** Limits of Node.js, and numbers of connections, which follow from the table of operations. */
  const elsewhere = [
    'gRPC: head of a request',
    'gRPC: header fields of a request',
    'database connections to each node',
    'database connections for the checks, to each node',
  ];
  const documented = new Map(
    table('docs/operations.md', '## Limits').map(([name = '', value = '']) => [name, value]),
  );
  for (const name of elsewhere) expect(documented.delete(name), name).toBe(true);
  expect([...documented.keys()].sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    expect(documented.get(name)?.split(/ \(|, /)[0], name).toBe(value);
  }
});

test('the documents name the connections of an instance with the defaults', () => {
  const text = readFileSync('docs/deployment.md', 'utf8').replaceAll(/\s+/g, ' ');
  const { batching, workers } = readConfig({});
  const background = backgroundConnections(workers);
  expect(readFileSync('docs/operations.md', 'utf8')).toContain(`6 for streams of events, and ${background};`);
  // One is for the checks.
  const connections = connectionsNeeded(batching) + background + 1;
  expect(text).toContain(`with the defaults ${connections} connections to each node`);
  // Two more while an instance starts, and five instances.
  expect(text).toContain(`\`max_connections\` above ${5 * (connections + 2)}`);
});

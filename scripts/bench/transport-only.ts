/**
 * The transports without a database, as a process of its own: the routes and methods of the built service in
 * front of a stub that answers at once. Its rate is the upper limit of the service's rate.
 */
import { pino } from 'pino';
import type { Loms } from '../../src/domain/operations.ts';
import { Metrics } from '../../src/telemetry/metrics.ts';
import { built } from './processes.ts';

const { createHttpApp } =
  await built<typeof import('../../src/transport/http/routes.ts')>('transport/http/routes.js');
const { startHttpServer } =
  await built<typeof import('../../src/transport/http/server.ts')>('transport/http/server.js');
const { startGrpcServer } =
  await built<typeof import('../../src/transport/grpc/server.ts')>('transport/grpc/server.js');
const { accepted } = await built<typeof import('../../src/domain/outcome.ts')>('domain/outcome.js');
const { RequestLog } =
  await built<typeof import('../../src/transport/request-log.ts')>('transport/request-log.js');
const { Deadlines } = await built<typeof import('../../src/timing/deadlines.ts')>('timing/deadlines.js');

let lastOrderId = 0n;
const items = [
  { sku: 1_000_000_001, count: 1 },
  { sku: 1_000_000_002, count: 1 },
];

const times = { createdAt: 0n, updatedAt: 0n, expiresAt: undefined, cancelReason: undefined };

const loms: Partial<Loms> = {
  createOrder: async () => accepted({ orderId: ++lastOrderId, expiresAt: 600_000_000_000n }),
  getOrder: async (orderId) => accepted({ orderId, user: 42n, status: 'payed', items, ...times }),
  payOrder: async () => accepted(undefined),
  cancelOrder: async () => accepted(undefined),
  getStock: async () => accepted({ count: 1_000_000n }),
};

const logger = pino({ level: 'info' });
const requestLog = new RequestLog({ logger, now: () => performance.now(), errors: true, share: 0 });
const parts = { loms: loms as Loms, logger, requestLog, metrics: new Metrics() };
const common = { ...parts, deadlines: new Deadlines(), requestTimeoutMs: 10_000 };
const audit = { state: { running: false, last: undefined }, start() {} };
const readiness = () => ({ ready: true, details: {} });
const place = { host: '127.0.0.1', port: 0 };
const http = await startHttpServer(createHttpApp({ ...common, audit, readiness }), { ...place, logger });
const grpc = await startGrpcServer({ ...common, ...place });
logger.info({ rest: `http://127.0.0.1:${http.port}`, grpc: `127.0.0.1:${grpc.port}` }, 'loms listens');
process.once('SIGTERM', () => process.exit());

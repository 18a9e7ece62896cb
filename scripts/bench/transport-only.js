// @ts-check
/**
 * The transports without a database, as a process of its own: the routes and methods of the built service in
 * front of a stub that answers at once. Its rate is the upper limit of the service's rate.
 *
 * JavaScript, which Node.js runs as it is: what runs TypeScript also changes the built code, which is slower
 * then.
 *
 * @import { Loms } from '../../src/domain/operations.ts'
 */
import { pino } from 'pino';

/**
 * Imports a module of `dist/`, typed as its source.
 *
 * @template Module
 * @param {string} path
 * @returns {Promise<Module>}
 */
const built = (path) => import(new URL(`../../dist/${path}`, import.meta.url).href);

/** @type {typeof import('../../src/transport/http/routes.ts')} */
const { createHttpApp } = await built('transport/http/routes.js');
/** @type {typeof import('../../src/transport/http/server.ts')} */
const { startHttpServer } = await built('transport/http/server.js');
/** @type {typeof import('../../src/transport/grpc/server.ts')} */
const { startGrpcServer } = await built('transport/grpc/server.js');
/** @type {typeof import('../../src/transport/request-log.ts')} */
const { RequestLog } = await built('transport/request-log.js');
/** @type {typeof import('../../src/telemetry/metrics.ts')} */
const { Metrics } = await built('telemetry/metrics.js');
/** @type {typeof import('../../src/domain/outcome.ts')} */
const { accepted } = await built('domain/outcome.js');
/** @type {typeof import('../../src/timing/deadlines.ts')} */
const { Deadlines } = await built('timing/deadlines.js');

let lastOrderId = 0n;
const items = [
  { sku: 1_000_000_001, count: 1 },
  { sku: 1_000_000_002, count: 1 },
];
const times = { createdAt: 0n, updatedAt: 0n, expiresAt: undefined, cancelReason: undefined };

/** @type {Partial<Loms>} */
const stub = {
  createOrder: async () => accepted({ orderId: ++lastOrderId, expiresAt: 600_000_000_000n }),
  getOrder: async (orderId) => accepted({ orderId, user: 42n, status: 'payed', items, ...times }),
  payOrder: async () => accepted(undefined),
  cancelOrder: async () => accepted(undefined),
  getStock: async () => accepted({ count: 1_000_000n }),
};

const loms = /** @type {Loms} */ (stub);
const logger = pino({ level: 'info' });
const requestLog = new RequestLog({ logger, now: () => performance.now(), errors: true, share: 0 });
const parts = { loms, logger, requestLog, metrics: new Metrics() };
const common = { ...parts, deadlines: new Deadlines(), requestTimeoutMs: 10_000 };
const audit = { state: { running: false, last: undefined }, start() {} };
const readiness = () => ({ ready: true, details: {} });
const place = { host: '127.0.0.1', port: 0 };
const http = await startHttpServer(createHttpApp({ ...common, audit, readiness }), { ...place, logger });
const grpc = await startGrpcServer({ ...common, ...place });
logger.info({ rest: `http://127.0.0.1:${http.port}`, grpc: `127.0.0.1:${grpc.port}` }, 'loms listens');
process.once('SIGTERM', () => process.exit());

/** A request is found in the log by its id: with its cause, its batch and its statement, in one line. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { useDatabase } from '../support/database.ts';
import { type ServiceProcess, startProcess } from '../support/process.ts';

const database = useDatabase();
const LOCK_TIMEOUT_MS = 100;
let service: ServiceProcess;

beforeAll(async () => {
  service = await startProcess({
    DATABASE_URL: database.primaryUrl,
    DATABASE_REPLICA_URLS: database.replicaUrls.join(','),
    // A lock is waited for half of this time.
    WRITE_TIMEOUT_MS: String(2 * LOCK_TIMEOUT_MS),
    CONSOLE: 'false',
  });
});
afterAll(() => service?.end('SIGKILL'));

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

/** Creates an order. Returns the status, and the request id of the answer. */
async function create(traceparent: string) {
  const response = await fetch(`http://127.0.0.1:${service.ports.REST}/order/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent },
    body: '{"user":1,"items":[{"sku":139275865,"count":1}]}',
  });
  return { status: response.status, requestId: response.headers.get('traceparent') };
}

const linesOf = (traceId: string) => service.log.filter((line) => line.traceId === traceId);

test('a request that failed has its cause, its batch and its statement in one line', async () => {
  const holder = new pg.Client({ connectionString: database.primaryUrl });
  await holder.connect();
  await holder.query('BEGIN; SELECT FROM stocks WHERE sku = 139275865 FOR UPDATE');
  const { status, requestId } = await create(`00-${TRACE_ID}-b7ad6b7169203331-01`);
  await holder.end();
  expect([status, requestId?.slice(3, 35)]).toEqual([503, TRACE_ID]);
  await expect.poll(() => linesOf(TRACE_ID), { timeout: 10_000 }).toHaveLength(1);
  expect(linesOf(TRACE_ID)).toMatchObject([
    {
      ...{ msg: 'request', operation: 'createOrder', transport: 'REST', reason: 'DATABASE_UNAVAILABLE' },
      ...{ requestId, cause: expect.stringContaining('lock timeout'), sqlState: '55P03' },
      ...{ batch: expect.any(Number), statement: 'stocks.stockLock' },
    },
  ]);
  const [{ batch } = {}] = linesOf(TRACE_ID);
  expect(service.log).toContainEqual(expect.objectContaining({ msg: 'batch failed', batch }));
});

test('SIGUSR2 switches to the level at which every request is logged, and back', async () => {
  const traceOf = (index: number) => String(index).padStart(32, 'a');
  const send = (index: number) => create(`00-${traceOf(index)}-b7ad6b7169203331-00`);
  const levels = () => service.log.filter(({ msg }) => String(msg).startsWith('log level')).length;
  expect(await send(1)).toMatchObject({ status: 200 });
  process.kill(service.pid, 'SIGUSR2');
  await expect.poll(levels, { timeout: 10_000 }).toBe(1);
  await send(2);
  await expect.poll(() => linesOf(traceOf(2)).length, { timeout: 10_000 }).toBeGreaterThan(0);
  process.kill(service.pid, 'SIGUSR2');
  await expect.poll(levels, { timeout: 10_000 }).toBe(2);
  await send(3);
  expect([linesOf(traceOf(1)), linesOf(traceOf(3))]).toEqual([[], []]);
});

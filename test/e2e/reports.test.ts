/** The example of a consumer, run as it is: it counts each sale once, whenever it is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import pg from 'pg';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { tailOf } from '../support/process.ts';
import { root } from '../support/root.ts';
import { useService } from '../support/service.ts';

const { database, service } = useService();

beforeAll(() => database.query('INSERT INTO stocks VALUES (7, 1000, 0), (8, 1000, 0)'));

function startReports(...args: string[]): ChildProcess & { errors: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/reports.ts', ...args], {
    cwd: root,
    env: {
      PATH: process.env.PATH,
      LOMS_URL: `http://127.0.0.1:${service.app.httpPort}`,
      REPORTS_DATABASE_URL: database.primaryUrl,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return Object.assign(child, { errors: tailOf(child.stderr) });
}

/** Runs until all events are read. */
async function readAll(): Promise<void> {
  const child = startReports('--once');
  const [code] = await once(child, 'exit');
  expect(code, child.errors()).toBe(0);
}

/** Sells one piece of 7 and two of 8, a number of times. */
async function sell(orders: number): Promise<void> {
  const items = [
    { sku: 7, count: 1 },
    { sku: 8, count: 2 },
  ];
  for (let index = 0; index < orders; index++) {
    const created = await service.rest.call('createOrder', { user: 1n, items });
    if (!('reply' in created)) throw new Error(created.error.message);
    const orderID = created.reply.orderID as bigint;
    expect(await service.rest.call('payOrder', { orderID })).toHaveProperty('reply');
  }
  await expect.poll(unpublished, { timeout: 20_000 }).toEqual([]);
}

const unpublished = () => database.query('SELECT batch_id FROM event_batches WHERE position IS NULL');

const sold = () => database.query('SELECT sku, pieces FROM reports.sold ORDER BY sku');
const soldOf = (orders: number) => [
  { sku: '7', pieces: String(orders) },
  { sku: '8', pieces: String(2 * orders) },
];

/** Takes a lock, and holds it until the returned client is closed. */
async function hold(lock: string): Promise<pg.Client> {
  const holder = new pg.Client({ connectionString: database.primaryUrl });
  await holder.connect();
  await holder.query(`BEGIN; ${lock}`);
  return holder;
}

/** Waits until that many consumers wait for a lock. */
async function untilWaiting(consumers: number): Promise<void> {
  const waiting = () =>
    database.query(
      `SELECT query FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ~ 'reports'`,
    );
  await expect.poll(waiting, { timeout: 20_000 }).toHaveLength(consumers);
}

test('a consumer that is killed in its transaction counts each sale once', async () => {
  await sell(3);
  await readAll();
  expect(await sold()).toEqual(soldOf(3));
  await readAll();
  expect(await sold()).toEqual(soldOf(3));

  // When it waits for this lock, the token is moved, and the sales are not added.
  const holder = await hold('LOCK TABLE reports.sold');
  const killed = startReports();
  await sell(2);
  await untilWaiting(1);
  killed.kill('SIGKILL');
  await once(killed, 'exit');
  await holder.end();

  await readAll();
  expect(await sold()).toEqual(soldOf(5));
});

test('of two consumers that have read the same page one adds it', async () => {
  await sell(2);
  const holder = await hold('SELECT FROM reports.cursors FOR UPDATE');
  const both = Promise.all([readAll(), readAll()]);
  await untilWaiting(2);
  await holder.end();
  await both;
  expect(await sold()).toEqual(soldOf(7));
});

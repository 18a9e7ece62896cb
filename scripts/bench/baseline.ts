/**
 * The designs that loms is compared with, as a process of its own. They write each order by itself, through a
 * pool of `pg` in a closed loop. They have no HTTP, no validation and no queue, which is in their favour.
 *
 * - seedDesign: statements in sequence in two transactions, as such services are usually written. All
 *   statements are prepared, and the lines are inserted together.
 * - singleStatement: one statement does everything, in one round trip.
 * - sqlAlone: one client that runs the service's own batch transaction, with one order in the batch.
 *
 * Its one argument is the load. It prints the result as JSON.
 */
import pg from 'pg';
import { pino } from 'pino';
import { readStatements } from '../lib/statements.ts';
import { Tally } from './client/tally.ts';
import { BEGIN, built } from './processes.ts';
import { pickSkus, pickUser } from './stock.ts';
import type { Scenario, Subject } from './types.ts';

export interface Baseline {
  readonly subject: Exclude<Subject, 'loms' | 'fullQueue' | 'transportOnly'>;
  readonly scenario: Scenario;
  readonly url: string;
  readonly clients: number;
  readonly seconds: number;
}

const texts = readStatements(
  new URL('sql/designs.sql', import.meta.url),
  'seedOrderInsert',
  'seedLinesInsert',
  'seedStockLock',
  'seedStockReserve',
  'seedOrderDecide',
  'singleStatementCreate',
);

/** A statement that the server prepares once per connection, as `pg` takes it. */
const prepared = (name: keyof typeof texts, values: unknown[]) => ({ name, text: texts[name], values });

/** Creates one order. */
type Create = (user: number, skus: readonly number[]) => Promise<unknown>;

const COUNT = 1;

/** Its orders have no idempotency keys. */
const SETTINGS = {
  idempotencyRetentionMs: 0,
  reservationTtlMs: 0,
  reservationTtlMaxMs: 1_000,
  writeTimeoutMs: 1_000,
  latePaymentWindowMs: 0,
  heldPiecesMaxPerUser: 0,
  countMaxAgeMs: 0,
  pageTokenKey: new Uint8Array(32),
};

async function seedDesign(pool: pg.Pool, user: number, skus: readonly number[]): Promise<void> {
  const orderId = await inTransaction(pool, async (client) => {
    const { rows } = await client.query(prepared('seedOrderInsert', [user]));
    const counts = skus.map(() => COUNT);
    await client.query(prepared('seedLinesInsert', [rows[0].order_id, skus, counts]));
    return rows[0].order_id as string;
  });
  await inTransaction(pool, async (client) => {
    let status = 'awaiting payment';
    for (const sku of skus) {
      const { rows } = await client.query(prepared('seedStockLock', [sku]));
      if (Number(rows[0]?.available ?? 0) < COUNT) status = 'failed';
      else await client.query(prepared('seedStockReserve', [sku, COUNT]));
    }
    await client.query(prepared('seedOrderDecide', [orderId, status]));
  });
}

async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

function singleStatement(pool: pg.Pool, user: number, skus: readonly number[]): Promise<unknown> {
  return pool.query(prepared('singleStatementCreate', [user, skus, skus.map(() => COUNT)]));
}

/** The service's own batch transaction on the service's own connection, without its queue and transports. */
async function openSqlAlone(url: string): Promise<{ create: Create; close: () => Promise<void> }> {
  const { Router } = await built<typeof import('../../src/db/cluster/router.ts')>('db/cluster/router.js');
  const { createOrders } =
    await built<typeof import('../../src/domain/orders/create.ts')>('domain/orders/create.js');
  const router = new Router({
    urls: [url],
    poolSize: 1,
    connectTimeoutMs: 2_000,
    readTimeoutMs: 2_000,
    writeTimeoutMs: 5_000,
    checkIntervalMs: 60_000,
    replicaLagMaxMs: 5_000,
    logger: pino({ level: 'silent' }),
  });
  await router.check();
  return {
    create: (user, skus) => {
      const items = skus.map((sku) => ({ sku, count: COUNT }));
      const order = { user: BigInt(user), items, actor: '' };
      return router.write((tx) => createOrders(tx, [order], SETTINGS));
    },
    close: () => router.stop(),
  };
}

async function openDesign({ subject, url, clients }: Baseline) {
  if (subject === 'sqlAlone') return openSqlAlone(url);
  const pool = new pg.Pool({ connectionString: url, max: clients });
  pool.on('error', () => {});
  const design = subject === 'seedDesign' ? seedDesign : singleStatement;
  const create: Create = (user, skus) => design(pool, user, skus);
  return { create, close: () => pool.end() };
}

/** When the time is over, each client finishes its current order, which is not counted. */
async function run(baseline: Baseline): Promise<void> {
  const { create, close } = await openDesign(baseline);
  const one = () => create(pickUser(), pickSkus(baseline.scenario));
  await Promise.all(Array.from({ length: baseline.clients }, one));
  const tally = new Tally(baseline.subject);
  process.stdout.write(BEGIN);
  const endMs = performance.now() + baseline.seconds * 1_000;
  const client = async () => {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      await one();
      if (performance.now() < endMs) tally.ok(sentMs);
    }
  };
  await Promise.all(Array.from({ length: baseline.clients }, client));
  process.stdout.write(`${JSON.stringify(tally.result(baseline.seconds))}\n`);
  await close();
}

await run(JSON.parse(process.argv[2] ?? '') as Baseline);

/**
 * An order that is written between the lock of a batch and what the batch reads next. A client can know it
 * before: a replica shows an order a moment before the primary does.
 */
import { beforeEach, expect, test } from 'vitest';
import { testSettings, useLoms } from '../../../test/support/database.ts';
import type { Plan, Queryable } from '../../db/types.ts';
import { ANONYMOUS } from '../call.ts';
import type { Outcome } from '../outcome.ts';
import { cancelOrders } from './cancel.ts';
import { expireOrders } from './expire.ts';
import { extendOrders } from './extend.ts';
import { payOrders } from './pay.ts';

const { database, router } = useLoms();
const ORDER = 9_000_000n;
const order = { orderId: ORDER, actor: ANONYMOUS };

beforeEach(async () => {
  await database.query('TRUNCATE stocks, stock_movements, order_lines, orders, event_batches');
  await database.query('INSERT INTO stocks (sku, total_count, reserved) VALUES (1, 10, 3)');
});

/** Writes the order, with 3 pieces; its reservation ends that many seconds from now. */
async function insert(endsInSeconds: number): Promise<void> {
  await database.query(
    `WITH written AS (
       INSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at)
       VALUES ($1, 1, 'awaiting payment', now() - interval '1 hour', now(), now() + $2 * interval '1 second')
     ) INSERT INTO order_lines VALUES ($1, 1, 3)`,
    [ORDER, endsInSeconds],
  );
}

/** Does something before a statement of the transaction is sent, of which there are as many before it. */
function interrupted(tx: Queryable, interruptions: Readonly<Record<number, () => Promise<unknown>>>) {
  let sent = 0;
  let last: Promise<unknown> = Promise.resolve();
  const query: Queryable['query'] = (text, values) => {
    const before = interruptions[sent++];
    const result = last.then(before).then(() => tx.query(text, values));
    last = result.catch(() => {});
    return result;
  };
  return { query };
}

type Work = (tx: Queryable) => Promise<Plan<Outcome<unknown>[]> | { readonly rollback: unknown }>;

const pay =
  (acceptLate: boolean): Work =>
  (tx) =>
    payOrders(tx, [{ ...order, acceptLate }], testSettings);
const cancel: Work = (tx) => cancelOrders(tx, [order]);
const extend: Work = (tx) => extendOrders(tx, [{ orderId: ORDER, ttlSeconds: 3_000 }], testSettings);
const other = (work: Work) => () => router.write(work);
const release = () => router.write((tx) => expireOrders(tx, [ORDER]));

/** The first statement locks, and the next two change and read. */
const [BEHIND_LOCK, BEHIND_READ] = [1, 3];

test.each([
  ['cancel, while another one releases it', cancel, -1, release],
  ['pay, while another one releases it', pay(false), -1, release],
  ['extend, while another one releases it', extend, -1, release],
  ['extend, while another one pays it', extend, 60, other(pay(false))],
] as const)('%s: it is not found, and changes once', async (_title, work, endsInSeconds, meanwhile) => {
  const interruptions = { [BEHIND_LOCK]: () => insert(endsInSeconds), [BEHIND_READ]: meanwhile };
  const outcomes = await router.write((tx) => work(interrupted(tx, interruptions)));
  // Where nothing is written, there was no statement to interrupt.
  if ((await database.query('SELECT FROM orders WHERE version > 1')).length === 0) await meanwhile();
  expect(outcomes).toMatchObject([{ ok: false, refusal: { reason: 'ORDER_NOT_FOUND' } }]);
  const [books] = await database.query('SELECT orders.version, reserved::int FROM orders, stocks');
  expect(books).toEqual({ version: 2, reserved: 0 });
  expect(await database.query('SELECT FROM event_batches')).toHaveLength(1);
});

/** Changing stock by hand, over REST and over gRPC: every answer, word for word. */
import { randomInt, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { StockAdjustment, StockCount } from '../support/client.ts';
import { useDocumentedReplies } from '../support/documented.ts';
import { useService } from '../support/service.ts';
import { createOrder, info, invalid } from './cases.ts';

const { database, service } = useService();
useDocumentedReplies();

const freshSku = () => randomInt(2_000_000_000, 4_000_000_000);
const hourAgo = () => new Date(Date.now() - 3_600_000).toISOString();
const KEY = 'must be sent, so that a retry does not change the stock twice';
const REASON = 'must be one of: received, returned, damaged, lost, found, correction, other';
const TEXT = 'must be a text of at most 255 characters without the character NUL';
const SKU = 'must be a whole number from 1 to 4294967295';
const CHANGE = 'must be a whole number from -9223372036854775808 to 9223372036854775807';
const TOTAL = 'must be a whole number from 0 to 9223372036854775807';
const TIME = 'must be a time from year 1 to 9999, such as 2026-11-26T12:00:00Z';
const TOO_MANY = 'must not lead to a total above 9223372036854775807';
const AGE = "must not be in the future, and at most 86400 seconds ago, by the database's clock";
const INT64_MAX = 9223372036854775807n;

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  const adjust = (changes: readonly StockAdjustment[], key = randomUUID() as string) =>
    service[transport].call('adjustStock', { changes }, { keys: key === '' ? [] : [key] });
  const count = (...counts: StockCount[]) => service[transport].call('countStock', { counts });
  const receive = async (total: bigint) => {
    const sku = freshSku();
    await adjust([{ sku, change: total, reason: 'received' }]);
    return sku;
  };
  const refused = ({ error, http }: ReturnType<typeof invalid>) =>
    transport === 'rest' ? { error, http } : { error };
  const refusedFor = (code: bigint, http: number, reason: string, message: string, detail: object) => {
    const error = { code, message, details: [info(reason), detail] };
    return transport === 'rest' ? { error, http } : { error };
  };
  const movements = (sku: number) =>
    database.query('SELECT * FROM stock_movements WHERE sku = $1 ORDER BY version', [sku]);

  test('stock is added and taken away, and a sku without stock gets some', async () => {
    const [first, second] = [freshSku(), freshSku()];
    const received = await adjust([
      { sku: second, change: 10n, reason: 'received', reference: 'PO-4711' },
      { sku: first, change: 2n ** 62n, reason: 'found', note: 'behind the \u{1F4E6}' },
    ]);
    const stockOf = (sku: number, total: bigint) => ({ sku: BigInt(sku), total, reserved: 0n, count: total });
    expect(received).toEqual({ reply: { stocks: [stockOf(second, 10n), stockOf(first, 2n ** 62n)] } });
    expect(await adjust([{ sku: second, change: -10n, expectedTotal: 10n, reason: 'lost' }])).toEqual({
      reply: { stocks: [stockOf(second, 0n)] },
    });
    expect(await movements(second)).toMatchObject([
      { version: '0', kind: 'opened', total_change: '0', total_after: '0' },
      {
        version: '1',
        kind: 'received',
        total_after: '10',
        reason: 'received',
        reference: 'PO-4711',
        actor: null,
      },
      { version: '2', kind: 'adjusted', total_change: '-10', total_after: '0', reason: 'lost', note: null },
    ]);
    expect(await movements(first)).toMatchObject([{}, { note: 'behind the \u{1F4E6}', reference: null }]);
  });

  test('the same key again gets the first stock again, marked as a replay, and changes nothing', async () => {
    const key = randomUUID();
    const sku = freshSku();
    const changes = [{ sku, change: 5n, reason: 'received' }];
    const first = await adjust(changes, key);
    await adjust([{ sku, change: 1n, reason: 'found' }]);
    expect(await adjust(changes, key)).toEqual({ ...first, replayed: true });
    expect(await movements(sku)).toHaveLength(3);
  });

  test('the same key again gets the first refusal again', async () => {
    const key = randomUUID();
    const sku = await receive(5n);
    const changes = [{ sku, change: 1n, expectedTotal: 4n, reason: 'found' }];
    const first = await adjust(changes, key);
    await adjust([{ sku, change: -1n, reason: 'lost' }]);
    expect(first).toMatchObject({ error: { code: 10n } });
    expect(await adjust(changes, key)).toEqual({ ...first, replayed: true });
  });

  test.each(['another change', 'a create'])('the key of %s is refused', async (other) => {
    const key = randomUUID();
    const sku = freshSku();
    if (other === 'a create') await createOrder(service[transport], 1625903, 1, key);
    else await adjust([{ sku, change: 5n, reason: 'received' }], key);
    const reused = { error: { code: 3n, details: [{ reason: 'IDEMPOTENCY_KEY_REUSED' }, {}] } };
    expect(await adjust([{ sku, change: 6n, reason: 'received' }], key)).toMatchObject(reused);
  });

  test.each<[string, (first: StockAdjustment, second: StockAdjustment) => StockAdjustment[]]>([
    ['another sku', (first, second) => [{ ...first, sku: first.sku + 1 }, second]],
    ['another expected total', (first, second) => [{ ...first, expectedTotal: 0n }, second]],
    ['another reason', (first, second) => [{ ...first, reason: 'returned' }, second]],
    ['another reference', (first, second) => [{ ...first, reference: 'PO-2' }, second]],
    ['another note', (first, second) => [{ ...first, note: 'b' }, second]],
    [
      'a text moved from the reference to the note',
      ({ reference: note = '', ...first }, second) => [{ ...first, note }, second],
    ],
    ['its lines in another order', (first, second) => [second, first]],
  ])('the key of a change is refused for one with %s, which changes nothing', async (_title, other) => {
    const key = randomUUID();
    const [first, second] = [
      { sku: freshSku(), change: 5n, reason: 'received', reference: 'PO-1' },
      { sku: freshSku(), change: 5n, reason: 'received', note: 'a' },
    ];
    expect(await adjust([first, second], key)).toHaveProperty('reply');
    expect(await adjust(other(first, second), key)).toMatchObject({
      error: { code: 3n, details: [{ reason: 'IDEMPOTENCY_KEY_REUSED' }, {}] },
    });
    for (const sku of [first.sku, second.sku]) expect(await movements(sku)).toHaveLength(2);
    expect(await movements(first.sku + 1)).toEqual([]);
  });

  test('the key of a change is refused for a create', async () => {
    const key = randomUUID();
    await adjust([{ sku: freshSku(), change: 5n, reason: 'received' }], key);
    const items = [{ sku: 1625903, count: 1 }];
    expect(await service[transport].call('createOrder', { user: 1n, items }, { keys: [key] })).toMatchObject({
      error: { details: [{ reason: 'IDEMPOTENCY_KEY_REUSED' }, {}] },
    });
  });

  test('another total than expected is refused with the totals, and changes no other sku', async () => {
    const [first, second, third] = [await receive(5n), await receive(6n), freshSku()];
    const answer = await adjust([
      { sku: second, change: 1n, expectedTotal: 7n, reason: 'correction' },
      { sku: first, change: 1n, reason: 'correction' },
      { sku: third, change: 1n, expectedTotal: 2n, reason: 'correction' },
    ]);
    expect(answer).toEqual(
      refusedFor(10n, 409, 'STOCK_CHANGED', 'the total of 2 skus is not as expected', {
        '@type': 'type.googleapis.com/loms.stock.v1.StockChanged',
        stocks: [
          { sku: BigInt(second), expected: 7n, total: 6n },
          { sku: BigInt(third), expected: 2n, total: 0n },
        ],
      }),
    );
    expect(await movements(first)).toHaveLength(2);
    expect(await database.query('SELECT FROM stocks WHERE sku = $1', [third])).toEqual([]);
  });

  test('a total below what orders hold is refused, of an adjustment and of a count', async () => {
    const sku = await receive(5n);
    await createOrder(service[transport], sku, 3);
    const below = refusedFor(
      9n,
      400,
      'STOCK_BELOW_RESERVED',
      `the total of sku ${sku} would be less than what open orders hold`,
      {
        '@type': 'type.googleapis.com/loms.stock.v1.StockBelowReserved',
        stocks: [{ sku: BigInt(sku), reserved: 3n, total: 5n }],
      },
    );
    expect(await adjust([{ sku, change: -3n, reason: 'damaged' }])).toEqual(below);
    expect(await count({ sku, counted: 2n, countedAt: new Date().toISOString() })).toEqual(below);
    expect(await adjust([{ sku, change: -2n, reason: 'damaged' }])).toMatchObject({
      reply: { stocks: [{ total: 3n, reserved: 3n, count: 0n }] },
    });
  });

  test('a total of more than 64 bits is refused', async () => {
    const sku = await receive(INT64_MAX);
    const more = [{ sku, change: 1n, reason: 'received' }];
    expect(await adjust(more)).toEqual(refused(invalid(['changes[0].change', TOO_MANY])));
    const since = hourAgo();
    const counted = await receive(1n);
    expect(await count({ sku: counted, counted: INT64_MAX, countedAt: since })).toEqual(
      refused(invalid(['counts[0].counted', TOO_MANY])),
    );
  });

  test('a change needs a key', async () => {
    const changes = [{ sku: 7, change: 1n, reason: 'received' }];
    expect(await adjust(changes, '')).toEqual(refused(invalid(['idempotency-key', KEY])));
  });

  test('every bad field of a change is named', async () => {
    const changes = [
      { sku: 0, change: 1n, expectedTotal: -1n, reason: '' },
      { sku: 1, change: 1n, reason: 'sold', reference: 'a\0b', note: '\u{1F4E6}'.repeat(256) },
      { sku: 2, change: -(2n ** 63n), reason: 'lost', note: '\u{1F4E6}'.repeat(255) },
    ];
    expect(await adjust(changes)).toEqual(
      refused(
        invalid(
          ['changes[0].expectedTotal', TOTAL],
          ['changes[0].reason', REASON],
          ['changes[0].sku', SKU],
          ['changes[1].note', TEXT],
          ['changes[1].reason', REASON],
          ['changes[1].reference', TEXT],
        ),
      ),
    );
    expect(await adjust([{ sku: 1 } as StockAdjustment])).toEqual(
      refused(invalid(['changes[0].change', CHANGE], ['changes[0].reason', REASON])),
    );
  });

  test('a sku that is named again is refused', async () => {
    const change = { sku: 7, change: 1n, reason: 'found' };
    const counted = { sku: 7, counted: 1n, countedAt: hourAgo() };
    const again = 'must not be named before';
    expect(await adjust([change, { ...change, sku: 8 }, change])).toEqual(
      refused(invalid(['changes[2].sku', again])),
    );
    expect(await count(counted, counted, counted)).toEqual(
      refused(invalid(['counts[1].sku', again], ['counts[2].sku', again])),
    );
  });

  test('stock is set to what was counted and has changed since; a repeated count is the same', async () => {
    const [sku, other] = [await receive(10n), freshSku()];
    const countedAt = new Date().toISOString();
    const orderID = await createOrder(service[transport], sku, 3);
    await service[transport].call('payOrder', { orderID });
    const counts = [
      { sku, counted: 9n, countedAt, reference: 'sheet 7', note: 'twice' },
      { sku: other, counted: 4n, countedAt },
    ];
    const expected = (totalBefore: bigint, otherBefore: bigint) => ({
      reply: {
        results: [
          { sku: BigInt(sku), totalBefore, total: 6n, changedSince: -3n },
          { sku: BigInt(other), totalBefore: otherBefore, total: 4n, changedSince: 0n },
        ],
      },
    });
    expect(await count(...counts)).toEqual(expected(7n, 0n));
    expect(await count(...counts)).toEqual(expected(6n, 4n));
    const [, , , , row] = await movements(sku);
    expect(row).toMatchObject({ kind: 'counted', total_change: '-1', reference: 'sheet 7', note: 'twice' });
    expect(row?.occurred_at).toEqual(new Date(countedAt));
  });

  test('a count before the last one is stale', async () => {
    const sku = await receive(10n);
    const [before, last] = [hourAgo(), new Date(Date.now() - 60_000)];
    await count({ sku, counted: 10n, countedAt: last.toISOString() });
    expect(await count({ sku, counted: 9n, countedAt: before })).toEqual(
      refusedFor(9n, 400, 'COUNT_STALE', `a later count of sku ${sku} is known`, {
        '@type': 'type.googleapis.com/loms.stock.v1.CountStale',
        stocks: [{ sku: BigInt(sku), countedAt: last.toISOString().replace('Z', '000Z') }],
      }),
    );
  });

  test('a count from the future, or from too long ago, is refused', async () => {
    const at = (ms: number) => ({
      sku: freshSku(),
      counted: 1n,
      countedAt: new Date(Date.now() + ms).toISOString(),
    });
    expect(await count(at(60_000), at(-86_300_000), at(-86_500_000))).toEqual(
      refused(invalid(['counts[0].countedAt', AGE], ['counts[2].countedAt', AGE])),
    );
  });

  test('every bad field of a count is named', async () => {
    const bad = { sku: 0, counted: -1n, countedAt: hourAgo() };
    const missing = { sku: 1 } as StockCount;
    expect(await count(bad, missing)).toEqual(
      refused(
        invalid(
          ['counts[0].counted', TOTAL],
          ['counts[0].sku', SKU],
          ['counts[1].counted', TOTAL],
          ['counts[1].countedAt', TIME],
        ),
      ),
    );
  });
});

/** The contract, case by case, over REST and over gRPC, on a real database. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { useDocumentedReplies } from '../support/documented.ts';
import { useService } from '../support/service.ts';
import { cases, createOrder, withoutId } from './cases.ts';
import { holdCases, validateCases } from './hold-cases.ts';
import { keyCases } from './key-cases.ts';
import { listCases } from './list-cases.ts';
import { stockCases } from './stock-cases.ts';

const { database, service } = useService();
useDocumentedReplies();

describe.each(['rest', 'grpc'] as const)('over %s', (transport) => {
  test.each([...cases, ...keyCases, ...listCases, ...holdCases, ...validateCases, ...stockCases])(
    '$title',
    async ({ given, ask, keys, request, reply, error, http, replayed }) => {
      const client = service[transport];
      const freshKey = randomUUID();
      const order = await given?.(client, freshKey);
      const answer = await client.call(ask, request(order ?? 0n), { keys: keys?.(freshKey) ?? [] });
      const expected = error === undefined ? { reply } : { error };
      expect(withoutId(answer, order)).toEqual(replayed ? { ...expected, replayed } : expected);
      if (transport === 'rest' && 'error' in answer) expect(answer.http).toBe(http);
    },
  );
});

test('a key sent over REST is replayed over gRPC', async () => {
  const key = randomUUID();
  const orderID = await createOrder(service.rest, 1625903, 2, key);
  const items = [
    { sku: 1625903, count: 1 },
    { sku: 1625903, count: 1 },
  ];
  const answer = await service.grpc.call('createOrder', { user: 1n, items }, { keys: [key] });
  expect(answer).toMatchObject({ reply: { orderID }, replayed: true });
});

test.each([
  ['payOrder', { total: -3, reserved: 0 }],
  ['cancelOrder', { total: 0, reserved: 0 }],
] as const)('%s is idempotent: repeated, it is done once', async (operation, change) => {
  const stock = async () => {
    const [row] = await database.query('SELECT total_count, reserved FROM stocks WHERE sku = 1625903');
    return { total: Number(row?.total_count), reserved: Number(row?.reserved) };
  };
  const before = await stock();
  const orderID = await createOrder(service.rest, 1625903, 3);
  const repeat = (index: number) => service[index % 2 === 0 ? 'rest' : 'grpc'].call(operation, { orderID });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => repeat(index)));
  expect([...answers, await repeat(0), await repeat(1)]).toEqual(Array(12).fill({ reply: {} }));
  const after = await stock();
  expect({ total: after.total - before.total, reserved: after.reserved - before.reserved }).toEqual(change);
});

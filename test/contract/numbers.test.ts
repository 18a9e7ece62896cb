/**
 * Integers that are wider than their fields, over both transports: the same refusal, which names the field.
 * Over REST they are JSON numbers, over gRPC the bytes that a client would send whose own field is wider.
 */
import { Client, credentials } from '@grpc/grpc-js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Operation, operations, type Request } from '../support/client.ts';
import { ask, raw } from '../support/grpc-server.ts';
import { bytesField, numberField } from '../support/protobuf.ts';
import { useService } from '../support/service.ts';
import { invalid } from './cases.ts';

const { database, service } = useService();

const INT64 = 'must be a whole number from 1 to 9223372036854775807';
const COUNT = 'must be a whole number from 1 to 65535, also when summed over lines with the same sku';
const SKU = 'must be a whole number from 1 to 4294967295';

interface Sent {
  readonly ask: Operation;
  readonly json: object;
  readonly bytes: Buffer;
}

/** An order of one line, as each transport sends it. */
function order(user: bigint, sku: bigint, count: bigint): Sent {
  const line = Buffer.concat([numberField(1, sku), numberField(2, count)]);
  return {
    ask: 'createOrder',
    json: { user, items: [{ sku, count }] },
    bytes: Buffer.concat([numberField(1, user), bytesField(2, line)]),
  };
}

const byId = (ask: Operation, orderID: bigint): Sent => ({
  ask,
  json: { orderID },
  bytes: numberField(1, orderID),
});

const U32 = 2n ** 32n;
const U64 = 2n ** 64n;
const sku = 1625903n;

const cases: readonly (readonly [title: string, Sent, ReturnType<typeof invalid>])[] = [
  ['a count of 2^32 + 1', order(1n, sku, U32 + 1n), invalid(['items[0].count', COUNT])],
  ['a count of 2^63 + 1', order(1n, sku, 2n ** 63n + 1n), invalid(['items[0].count', COUNT])],
  ['a count of 2^64 + 1', order(1n, sku, U64 + 1n), invalid(['items[0].count', COUNT])],
  ['a count of -1', order(1n, sku, -1n), invalid(['items[0].count', COUNT])],
  ['a count of 1 - 2^32', order(1n, sku, 1n - U32), invalid(['items[0].count', COUNT])],
  ['a sku past 2^32', order(1n, U32 + sku, 1n), invalid(['items[0].sku', SKU])],
  ['a user past 2^64', order(U64 + 1n, sku, 1n), invalid(['user', INT64])],
  ['a user past 2^63', order(2n ** 63n, sku, 1n), invalid(['user', INT64])],
  [
    'every wide number and every other bad one',
    order(U64 + 7n, 0n, U32 + 1n),
    invalid(['items[0].count', COUNT], ['items[0].sku', SKU], ['user', INT64]),
  ],
  ['an order past 2^64, read', byId('getOrder', U64 + 1n), invalid(['orderID', INT64])],
  ['an order past 2^64, payed', byId('payOrder', U64 + 1n), invalid(['orderID', INT64])],
  ['an order past 2^64, cancelled', byId('cancelOrder', U64 + 1n), invalid(['orderID', INT64])],
  [
    'the stock of a sku past 2^32',
    { ask: 'getStock', json: { sku: U32 + sku }, bytes: numberField(1, U32 + sku) },
    invalid(['sku', SKU]),
  ],
];

async function orders(): Promise<unknown> {
  return database.query('SELECT count(*) FROM orders');
}

describe.each(cases)('%s', (_title, sent, expected) => {
  test('is refused over REST', async () => {
    const before = await orders();
    expect(await service.rest.call(sent.ask, sent.json as Request)).toEqual(expected);
    expect(await orders()).toEqual(before);
  });

  test('is refused over gRPC', async () => {
    const before = await orders();
    const client = new Client(`127.0.0.1:${service.app.grpcPort}`, credentials.createInsecure());
    onTestFinished(() => client.close());
    const { code, message, details } = expected.error;
    const withoutType = details.map(({ '@type': _type, ...detail }) => detail);
    expect(await ask(client, raw(operations[sent.ask].grpc.path), sent.bytes)).toMatchObject({
      refused: { code: Number(code), message, details: withoutType },
    });
    expect(await orders()).toEqual(before);
  });
});

/** The contract of reading many skus as a table; see cases.ts. Whole walks are in list-stocks.test.ts. */
import { expect } from 'vitest';
import { type Case, createOrder, info, invalid, PLENTY, SOLD_OUT } from './cases.ts';

const SKUS = 'must be a list of 1 to 1000 skus, each a whole number from 1 to 4294967295';
const PAGE_TOKEN = 'must be a text of at most 255 characters: the nextPageToken of a page';
const UNKNOWN = [4000000000, 7];
/** Stock of 300, each used by one case alone. */
const HELD = 4465995;
const MOVED = 3618852;
const UNMOVED = 4288068;

/** A movement by the case's order, as replies show it. */
const moved = {
  ...{ version: expect.any(BigInt), total: expect.any(BigInt), orderID: '<order>', orders: 1n },
  ...{ occurredAt: '<time>', createdAt: '<time>' },
};

const noStock = {
  error: {
    code: 5n,
    message: 'no stock of sku 4000000000',
    details: [info('STOCK_NOT_FOUND', { sku: '4000000000' })],
  },
  http: 404,
};

/** The cases of a list about one sku. */
const aboutSku = (ask: 'explainStock' | 'listStockMovements', what: string): Case[] => [
  { title: `${what} of an unknown sku`, ask, request: () => ({ sku: 4000000000 }), ...noStock },
  {
    title: `${what} of sku 0, on a page of negative size`,
    ask,
    request: () => ({ sku: 0, pageSize: -1 }),
    ...invalid(
      ['pageSize', 'must be a whole number from 0 to 2147483647'],
      ['sku', 'must be a whole number from 1 to 4294967295'],
    ),
  },
  {
    title: `${what} by a made-up page token`,
    ask,
    request: () => ({ sku: HELD, pageToken: 'A'.repeat(32) }),
    ...invalid(['pageToken', `${PAGE_TOKEN} of the same sku`]),
  },
];

export const stockCases: readonly Case[] = [
  {
    title: 'what is available of many skus comes in ascending order, each once, with those that are missing',
    ask: 'batchGetStock',
    request: () => ({ skus: [SOLD_OUT, ...UNKNOWN, PLENTY, SOLD_OUT, ...UNKNOWN] }),
    reply: {
      stocks: [
        { sku: BigInt(PLENTY), count: expect.any(BigInt) },
        { sku: BigInt(SOLD_OUT), count: 0n },
      ],
      missing: [7n, 4000000000n],
    },
  },
  {
    title: 'as many skus as are allowed',
    ask: 'batchGetStock',
    request: () => ({ skus: Array.from({ length: 1_000 }, (_, index) => index + 1) }),
    reply: { stocks: [], missing: Array.from({ length: 1_000 }, (_, index) => BigInt(index + 1)) },
  },
  {
    title: 'too many skus',
    ask: 'batchGetStock',
    request: () => ({ skus: Array.from({ length: 1_001 }, () => 0) }),
    ...invalid(['skus', SKUS]),
  },
  {
    title: 'no skus',
    ask: 'batchGetStock',
    request: () => ({ skus: [] }),
    ...invalid(['skus', SKUS]),
  },
  {
    title: 'sku 0 among others',
    ask: 'batchGetStock',
    request: () => ({ skus: [PLENTY, 0, SOLD_OUT, 0] }),
    ...invalid(['skus[1]', SKUS], ['skus[3]', SKUS]),
  },
  {
    title: 'stock is listed with its total and what is reserved, and a page is followed by a token',
    ask: 'listStocks',
    request: () => ({ pageSize: 1 }),
    reply: {
      stocks: [
        { sku: 1076963n, total: expect.any(BigInt), reserved: expect.any(BigInt), count: expect.any(BigInt) },
      ],
      nextPageToken: expect.stringMatching(/^[\w-]{32}$/),
    },
  },
  {
    title: 'a page of stock of negative size',
    ask: 'listStocks',
    request: () => ({ pageSize: -1 }),
    ...invalid(['pageSize', 'must be a whole number from 0 to 2147483647']),
  },
  {
    title: 'a page token of another list',
    ask: 'listStocks',
    request: () => ({ pageToken: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }),
    ...invalid(['pageToken', PAGE_TOKEN]),
  },
  {
    title: 'stock is explained by the orders that hold it, and by when the first of them ends',
    given: (client) => createOrder(client, HELD, 2),
    ask: 'explainStock',
    request: () => ({ sku: HELD }),
    reply: {
      ...{ sku: BigInt(HELD), total: 300n, reserved: expect.any(BigInt), count: expect.any(BigInt) },
      // Among those of the same case over the other transport.
      holds: expect.arrayContaining([{ orderID: '<order>', count: 2n, expiresAt: '<time>' }]),
      nextReleaseAt: '<time>',
    },
  },
  {
    title: 'stock that nobody holds is explained by its counts',
    ask: 'explainStock',
    request: () => ({ sku: UNMOVED }),
    reply: { sku: BigInt(UNMOVED), total: 300n, reserved: 0n, count: 300n, holds: [] },
  },
  ...aboutSku('explainStock', 'an explanation'),
  {
    title: 'the last movement of a sku is the order that was payed last',
    given: async (client) => {
      const orderID = await createOrder(client, MOVED, 2);
      await client.call('payOrder', { orderID });
      return orderID;
    },
    ask: 'listStockMovements',
    request: () => ({ sku: MOVED, pageSize: 2 }),
    reply: {
      movements: [
        { ...moved, kind: 'sold', totalChange: -2n, reservedChange: -2n, reserved: 0n },
        { ...moved, kind: 'reserved', totalChange: 0n, reservedChange: 2n, reserved: 2n },
      ],
      nextPageToken: expect.stringMatching(/^[\w-]{32}$/),
    },
  },
  {
    title: 'the history of stock that has never moved is its opening',
    ask: 'listStockMovements',
    request: () => ({ sku: UNMOVED }),
    reply: {
      movements: [
        {
          ...{ version: 1n, kind: 'opened', totalChange: 0n, reservedChange: 0n, total: 300n, reserved: 0n },
          ...{ reference: 'seed', occurredAt: '<time>', createdAt: '<time>' },
        },
      ],
    },
  },
  ...aboutSku('listStockMovements', 'a history'),
];

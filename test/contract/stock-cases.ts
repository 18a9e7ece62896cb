/** The contract of reading many skus as a table; see cases.ts. Whole walks are in list-stocks.test.ts. */
import { expect } from 'vitest';
import { type Case, invalid, PLENTY, SOLD_OUT } from './cases.ts';

const SKUS = 'must be a list of 1 to 1000 skus, each a whole number from 1 to 4294967295';
const PAGE_TOKEN = 'must be a text of at most 255 characters: the nextPageToken of a page';
const UNKNOWN = [4000000000, 7];

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
];

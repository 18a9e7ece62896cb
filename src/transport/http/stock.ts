/** The operations on stock over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { Loms } from '../../domain/operations.ts';
import { fixedRefusals, stockNotFound } from '../../domain/refusals.ts';
import type { StockPage } from '../../domain/stock/list.ts';
import type { StockBatch } from '../../domain/stock/read.ts';
import type { Stock } from '../../domain/stock/stock.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { compressedBody } from '../refusals.ts';
import {
  asText,
  exampleToken,
  int64Reply,
  integers,
  nextPageToken,
  pageFields,
  printNextPage,
  uint32,
} from './fields.ts';
import { jsonBody, responses } from './openapi.ts';
import { bodyReader, parameterReader } from './request.ts';
import { route } from './route.ts';

const tags = ['stock'];

export const skuParameter = asText(uint32(contract.GetStockRequest.sku, 'The stock keeping unit.', 1625903));

const readSku = parameterReader('GetStockRequest', z.object({ sku: skuParameter }), { sku: 'sku' });

const AVAILABLE = 'Pieces that can be ordered now: the stock without what is reserved.';

const getStockReply = z.object({ count: int64Reply(AVAILABLE, 10_000) }).openapi('GetStockResponse');

const getStockDocument = {
  method: 'get',
  path: '/stock/info/{sku}',
  tags,
  summary: 'Read how many pieces of a sku can be ordered',
  description: 'Returns the stock without what is reserved. A sku without stock is not found.',
  request: { params: z.object({ sku: skuParameter }) },
  responses: responses(
    { schema: getStockReply, description: 'The stock without what is reserved.', example: { count: 10_000 } },
    [invalidFields('GetStockRequest', ['sku']), stockNotFound(1625903)],
  ),
} as const;

export const batchGetStockRequest = z
  .object({
    skus: integers(
      contract.BatchGetStockRequest.skus,
      'The stock keeping units, in any order. One that is named more than once is returned once.',
      [1625903, 139275865],
    ),
  })
  .openapi('BatchGetStockRequest');

const readSkus = bodyReader('BatchGetStockRequest', batchGetStockRequest);

export const sku = z
  .bigint()
  .openapi({ type: 'integer', description: 'The stock keeping unit.', example: 1625903 });

const batchGetStockReply = z
  .object({
    stocks: z
      .array(z.object({ sku, count: int64Reply(AVAILABLE, 10_000) }).openapi('AvailableStock'))
      .openapi({ description: 'What can be ordered of the skus that have stock, in ascending order.' }),
    missing: z.array(sku).openapi({ description: 'The skus that have no stock, in ascending order.' }),
  })
  .openapi('BatchGetStockResponse');

const batchGetStockDocument = {
  method: 'post',
  path: '/stock/batch',
  tags,
  summary: 'Read how many pieces of many skus can be ordered',
  description: 'One read for a whole cart or page of a catalogue; all numbers are of one moment.',
  request: { body: jsonBody(batchGetStockRequest, { skus: [1625903, 139275865, 7] }) },
  responses: responses(
    {
      schema: batchGetStockReply,
      description: 'What can be ordered of each sku, and the skus without stock.',
      example: {
        stocks: [
          { sku: 1625903, count: 10_000 },
          { sku: 139275865, count: 65_534 },
        ],
        missing: [7],
      },
    },
    [invalidFields('BatchGetStockRequest', ['skus']), fixedRefusals.requestTooLarge, compressedBody],
  ),
} as const;

export const listStocksRequest = z.object(pageFields(contract.ListStocksRequest, 'skus'));
const { shape: listed } = listStocksRequest;

const readStockList = parameterReader('ListStocksRequest', listStocksRequest, {
  pageSize: 'page_size',
  pageToken: 'page_token',
});

/** The stock of a sku. */
export const stockFields = {
  sku,
  total: int64Reply('The pieces that exist.', 10_000),
  reserved: int64Reply('How many of them open orders hold.', 0),
  count: int64Reply('The others: the pieces that can be ordered now.', 10_000),
};

export const stock = z.object(stockFields).openapi('Stock');

const listStocksReply = z
  .object({ stocks: z.array(stock).openapi({ description: 'In ascending order of skus.' }), nextPageToken })
  .openapi('ListStocksResponse');

const listStocksDocument = {
  method: 'get',
  path: '/stock/list',
  tags,
  summary: 'List the stock of all skus',
  description:
    'In ascending order of skus. The list ends where `nextPageToken` is missing. A sku that has stock when ' +
    'the first page is read stands on exactly one page.',
  request: { query: z.object({ page_size: listed.pageSize, page_token: listed.pageToken }) },
  responses: responses(
    {
      schema: listStocksReply,
      description: 'A page of the stock.',
      example: {
        stocks: [{ sku: 1625903, total: 10_000, reserved: 0, count: 10_000 }],
        nextPageToken: exampleToken(1_625_903n),
      },
    },
    [invalidFields('ListStocksRequest', ['pageToken'])],
  ),
} as const;

/** The routes of the operations on stock. */
export function stockRoutes(loms: Loms) {
  return {
    getStock: route({
      document: getStockDocument,
      read: readSku,
      run: ({ sku }, call) => loms.getStock(sku, call),
      print: ({ count }) => `{"count":${count}}`,
    }),
    batchGetStock: route({
      document: batchGetStockDocument,
      read: readSkus,
      run: (request, call) => loms.batchGetStock(request, call),
      print: printBatch,
    }),
    listStocks: route({
      document: listStocksDocument,
      read: readStockList,
      run: ({ pageSize = 0, pageToken = '' }, call) => loms.listStocks({ pageSize, pageToken }, call),
      print: printPage,
    }),
  };
}

function printBatch({ stocks, missing }: StockBatch): string {
  const printed = stocks.map(({ sku, count }) => `{"sku":${sku},"count":${count}}`);
  return `{"stocks":[${printed.join(',')}],"missing":[${missing.join(',')}]}`;
}

function printPage({ stocks, nextPageToken }: StockPage): string {
  const printed = stocks.map((each) => `{${printStock(each)}}`);
  return `{"stocks":[${printed.join(',')}]${printNextPage(nextPageToken)}}`;
}

/** The fields of a sku's stock. */
export function printStock({ sku, total, reserved, count }: Stock): string {
  return `"sku":${sku},"total":${total},"reserved":${reserved},"count":${count}`;
}

/** The operations that explain stock over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { Loms } from '../../domain/operations.ts';
import { stockNotFound } from '../../domain/refusals.ts';
import type { StockExplanation } from '../../domain/stock/explain.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { int64Reply, nextPageToken, pageFields, printNextPage, printTime, timeReply } from './fields.ts';
import { responses } from './openapi.ts';
import { parameterReader } from './request.ts';
import { route } from './route.ts';
import { printStock, skuParameter, stockFields } from './stock.ts';

const tags = ['stock'];

const parameters = { sku: 'sku', pageSize: 'page_size', pageToken: 'page_token' };

export const explainStockRequest = z.object({
  sku: skuParameter,
  ...pageFields(contract.ExplainStockRequest, 'holds', ', of the same sku'),
});
const { shape: explained } = explainStockRequest;

const readExplanation = parameterReader('ExplainStockRequest', explainStockRequest, parameters);

const hold = z
  .object({
    orderID: int64Reply('The order.', 1),
    count: z.bigint().openapi({ type: 'integer', description: 'The number of pieces.', example: 2 }),
    expiresAt: timeReply(
      'When its reservation ends; missing where it never does. In the past, the order has expired, and its ' +
        'pieces go to whoever orders them next; they are counted as reserved until they are released, within ' +
        'a second.',
    ).optional(),
  })
  .openapi('Hold');

const explainStockReply = z
  .object({
    ...stockFields,
    holds: z.array(hold).openapi({
      description:
        'What open orders hold, the next one to end first, those that never end last. They are read a moment ' +
        'after the counts.',
    }),
    nextReleaseAt: timeReply(
      'When the first of the holds ends and its pieces come free, if its order is not payed, cancelled or ' +
        'extended. Missing on the pages before the first hold, and where none ever ends.',
    ).optional(),
    nextPageToken,
  })
  .openapi('ExplainStockResponse');

const END = '2026-11-26T12:10:00.123456Z';

const explainStockDocument = {
  method: 'get',
  path: '/stock/explain/{sku}',
  tags,
  summary: 'Explain who holds the stock of a sku, and until when',
  description:
    'Returns what exists, what is reserved, and which open orders hold it, in the order in which their ' +
    'reservations end. A page looks at a limited number of open orders, so it may be short or empty while ' +
    'there is a `nextPageToken`. A sku without stock is not found.',
  request: {
    params: z.object({ sku: skuParameter }),
    query: z.object({ page_size: explained.pageSize, page_token: explained.pageToken }),
  },
  responses: responses(
    {
      schema: explainStockReply,
      description: 'The stock, and a page of the holds.',
      example: {
        ...{ sku: 1625903, total: 10_000, reserved: 2, count: 9_998 },
        holds: [{ orderID: 1, count: 2, expiresAt: END }],
        nextReleaseAt: END,
      },
    },
    [invalidFields('ExplainStockRequest', ['pageToken']), stockNotFound(1625903)],
  ),
} as const;

/** The routes of the operations that explain stock. */
export function stockHistoryRoutes(loms: Loms) {
  return {
    explainStock: route({
      document: explainStockDocument,
      read: readExplanation,
      run: ({ sku, pageSize = 0, pageToken = '' }, call) =>
        loms.explainStock({ sku, pageSize, pageToken }, call),
      print: printExplanation,
    }),
  };
}

function printExplanation(explanation: StockExplanation): string {
  const { holds, nextReleaseAt, nextPageToken: token } = explanation;
  const printed = holds.map(
    ({ orderId, count, expiresAt }) =>
      `{"orderID":${orderId},"count":${count}${printTime('expiresAt', expiresAt)}}`,
  );
  const release = printTime('nextReleaseAt', nextReleaseAt);
  return `{${printStock(explanation)},"holds":[${printed.join(',')}]${release}${printNextPage(token)}}`;
}

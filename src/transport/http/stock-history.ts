/** The operations that explain stock over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { Loms } from '../../domain/operations.ts';
import { stockNotFound } from '../../domain/refusals.ts';
import type { StockExplanation } from '../../domain/stock/explain.ts';
import type { MovementPage, StockMovement } from '../../domain/stock/history.ts';
import { movementKinds } from '../../domain/stock/movements.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import {
  exampleToken,
  int64Reply,
  nextPageToken,
  pageFields,
  printNextPage,
  printTime,
  timeReply,
} from './fields.ts';
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
      'When its reservation ends; missing where it never does. In the past, the order has expired, and ' +
        'the next order for its pieces gets them; they are counted as reserved until they are released, ' +
        'within a second.',
    ).optional(),
  })
  .openapi('Hold');

const explainStockReply = z
  .object({
    ...stockFields,
    holds: z.array(hold).openapi({
      description:
        'What open orders hold, the next one to end first, those that never end last. They are read a ' +
        'moment after the counts.',
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
        sku: 1625903,
        total: 10_000,
        reserved: 2,
        count: 9_998,
        holds: [{ orderID: 1, count: 2, expiresAt: END }],
        nextReleaseAt: END,
      },
    },
    [invalidFields('ExplainStockRequest', ['pageToken']), stockNotFound(1625903)],
  ),
} as const;

export const listStockMovementsRequest = z.object({
  sku: skuParameter,
  ...pageFields(contract.ListStockMovementsRequest, 'movements', ', of the same sku'),
});
const { shape: listed } = listStockMovementsRequest;

const readMovementList = parameterReader('ListStockMovementsRequest', listStockMovementsRequest, parameters);

const { total, reserved } = stockFields;

const movement = z
  .object({
    version: int64Reply('Its place in the history: one more than that of the movement before.', 7),
    kind: z.enum(movementKinds).openapi({
      description: '`opened` is the stock when the history began.',
      example: 'sold',
    }),
    totalChange: int64Reply('What it added to the pieces that exist; negative where it took some.', -2),
    reservedChange: int64Reply('What it added to those of them that open orders hold.', -2),
    total,
    reserved,
    orderID: int64Reply('The order that caused it; missing where none did, or several.', 1).optional(),
    orders: z
      .bigint()
      .openapi({ type: 'integer', description: 'How many orders caused it; missing if made by hand.' })
      .optional(),
    reason: z.string().optional().openapi({ description: 'Why it was made by hand.' }),
    reference: z.string().optional().openapi({ description: 'The document that it is about.' }),
    note: z.string().optional().openapi({ description: 'What was noted about it.' }),
    actor: z.string().optional().openapi({ description: 'Who made it: the subject of the token.' }),
    occurredAt: timeReply('When the pieces moved; before `createdAt` where that was reported later.'),
    createdAt: timeReply('When it was written.'),
  })
  .openapi('StockMovement');

const listStockMovementsReply = z
  .object({ movements: z.array(movement).openapi({ description: 'Newest first.' }), nextPageToken })
  .openapi('ListStockMovementsResponse');

const listStockMovementsDocument = {
  method: 'get',
  path: '/stock/movements/{sku}',
  tags,
  summary: 'List what changed the stock of a sku',
  description:
    'Newest first. Each movement begins where the one before ended, and their versions have no gap. Orders ' +
    'that are written together are one movement. A sku without stock is not found.',
  request: {
    params: z.object({ sku: skuParameter }),
    query: z.object({ page_size: listed.pageSize, page_token: listed.pageToken }),
  },
  responses: responses(
    {
      schema: listStockMovementsReply,
      description: 'A page of movements.',
      example: {
        movements: [
          {
            version: 7,
            kind: 'sold',
            totalChange: -2,
            reservedChange: -2,
            total: 9_998,
            reserved: 0,
            orderID: 1,
            orders: 1,
            occurredAt: END,
            createdAt: END,
          },
        ],
        nextPageToken: exampleToken(7n),
      },
    },
    [invalidFields('ListStockMovementsRequest', ['pageToken']), stockNotFound(1625903)],
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
    listStockMovements: route({
      document: listStockMovementsDocument,
      read: readMovementList,
      run: ({ sku, pageSize = 0, pageToken = '' }, call) =>
        loms.listStockMovements({ sku, pageSize, pageToken }, call),
      print: printMovements,
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

function printMovements({ movements, nextPageToken: token }: MovementPage): string {
  return `{"movements":[${movements.map(printMovement).join(',')}]${printNextPage(token)}}`;
}

function printMovement(movement: StockMovement): string {
  const { version, kind, totalChange, reservedChange, total, reserved, orderId, orders } = movement;
  const changes = `"totalChange":${totalChange},"reservedChange":${reservedChange}`;
  const order = orderId === undefined ? '' : `,"orderID":${orderId}`;
  const count = orders === 0 ? '' : `,"orders":${orders}`;
  const texts = (['reason', 'reference', 'note', 'actor'] as const).map((name) => {
    const text = movement[name];
    return text === undefined ? '' : `,"${name}":${JSON.stringify(text)}`;
  });
  const times = printTime('occurredAt', movement.occurredAt) + printTime('createdAt', movement.createdAt);
  const head = `"version":${version},"kind":"${kind}",${changes},"total":${total},"reserved":${reserved}`;
  return `{${head}${order}${count}${texts.join('')}${times}}`;
}

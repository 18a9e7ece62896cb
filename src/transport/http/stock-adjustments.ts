/** The operations that change stock by hand over REST: route, schemas and printing of each. */
import { z } from '@hono/zod-openapi';
import type { Loms } from '../../domain/operations.ts';
import { countStale, fixedRefusals, stockBelowReserved, stockChanged } from '../../domain/refusals.ts';
import type { CountedStock } from '../../domain/stock/count.ts';
import { invalidFields } from '../../domain/violations.ts';
import { contract } from '../../generated/contract.ts';
import { compressedBody } from '../refusals.ts';
import { choice, idempotencyKey, int64, int64Reply, list, OR_STRING, text, time, uint32 } from './fields.ts';
import { jsonBody, responses } from './openapi.ts';
import { bodyReader } from './request.ts';
import { route } from './route.ts';
import { printStock, sku, stock } from './stock.ts';

const tags = ['stock'];

const { StockAdjustment: adjustmentRules, StockCount: countRules } = contract;

const adjustment = z
  .object({
    sku: uint32(adjustmentRules.sku, 'The stock keeping unit.', 1625903),
    change: int64(
      adjustmentRules.change,
      `What is added to the total; negative to take away. ${OR_STRING}`,
      100,
    ),
    expectedTotal: int64(
      adjustmentRules.expectedTotal,
      'The total that the sku must have; 0 for a sku without stock. Without it any will do.',
      10_000,
    ).optional(),
    reason: choice(adjustmentRules.reason, 'Why it is changed.'),
    reference: text(adjustmentRules.reference, 'What it belongs to, such as a purchase order.').optional(),
    note: text(adjustmentRules.note, 'Anything to remember.').optional(),
  })
  .openapi('StockAdjustment');

export const adjustStockRequest = z
  .object({ changes: list(contract.AdjustStockRequest.changes, adjustment, 'Each of another sku.') })
  .openapi('AdjustStockRequest');

const adjustStockReply = z
  .object({ stocks: z.array(stock).openapi({ description: 'The stock after the changes, in their order.' }) })
  .openapi('AdjustStockResponse');

const keyHeader = idempotencyKey.openapi({
  description:
    'Any text of printable ASCII characters that is new for each new change, such as a UUID. It is kept ' +
    'for a day, or as long as the operator configured.',
});

const adjustStockDocument = {
  method: 'post',
  path: '/stock/adjust',
  tags,
  summary: 'Add stock, or take it away',
  description:
    'Makes all of the changes or none. A sku without stock gets some. The request needs an ' +
    '`Idempotency-Key`: it runs once, and each retry gets the first reply again.',
  request: {
    headers: z.object({ 'Idempotency-Key': keyHeader }),
    body: jsonBody(adjustStockRequest, {
      changes: [
        { sku: 1625903, change: 100, reason: 'received', reference: 'PO-4711' },
        { sku: 139275865, change: -2, expectedTotal: 65_534, reason: 'damaged', note: 'fell off a shelf' },
      ],
    }),
  },
  responses: responses(
    {
      schema: adjustStockReply,
      description: 'The stock is changed.',
      example: {
        stocks: [
          { sku: 1625903, total: 10_100, reserved: 0, count: 10_100 },
          { sku: 139275865, total: 65_532, reserved: 0, count: 65_532 },
        ],
      },
      replays: true,
    },
    [
      invalidFields('AdjustStockRequest', ['changes[0].reason']),
      fixedRefusals.idempotencyKeyReused,
      stockChanged([{ sku: 139275865, expected: 65_534n, total: 65_530n }]),
      stockBelowReserved([{ sku: 139275865, reserved: 65_533n, total: 65_534n }]),
      fixedRefusals.requestTooLarge,
      compressedBody,
      fixedRefusals.outcomeUnknown,
    ],
  ),
} as const;

const count = z
  .object({
    sku: uint32(countRules.sku, 'The stock keeping unit.', 1625903),
    counted: int64(
      countRules.counted,
      `The pieces that existed, those that open orders hold included. ${OR_STRING}`,
      9_990,
    ),
    countedAt: time('When they were counted.'),
    reference: text(countRules.reference, 'What the count belongs to, such as a document.').optional(),
    note: text(countRules.note, 'Anything to remember.').optional(),
  })
  .openapi('StockCount');

export const countStockRequest = z
  .object({ counts: list(contract.CountStockRequest.counts, count, 'Each of another sku.') })
  .openapi('CountStockRequest');

const countedStock = z
  .object({
    sku,
    totalBefore: int64Reply('The total before the count.', 9_985),
    total: int64Reply('The total after it: what was counted, and what has changed since.', 9_980),
    changedSince: int64Reply(
      'What has changed the total since it was counted: sales, receipts and other changes, but no counts.',
      -10,
    ),
  })
  .openapi('CountedStock');

const countStockReply = z
  .object({
    results: z.array(countedStock).openapi({ description: 'What became of the counts, in their order.' }),
  })
  .openapi('CountStockResponse');

/** 2026-11-26T12:05:00Z */
const EXAMPLE_LAST_COUNT = 1_795_694_700_000_000_000n;

const countStockDocument = {
  method: 'post',
  path: '/stock/count',
  tags,
  summary: 'Set stock to what was counted',
  description:
    'Makes all of the counts or none. The new total is what was counted, and what has changed the total ' +
    'since `countedAt`: a count that comes late erases no sale. The same count again leads to the same ' +
    'total. A sku without stock gets some.',
  request: {
    body: jsonBody(countStockRequest, {
      counts: [{ sku: 1625903, counted: 9_990, countedAt: '2026-11-26T12:00:00Z' }],
    }),
  },
  responses: responses(
    {
      schema: countStockReply,
      description: 'The stock is set.',
      example: { results: [{ sku: 1625903, totalBefore: 9_985, total: 9_980, changedSince: -10 }] },
    },
    [
      invalidFields('CountStockRequest', ['counts[0].countedAt']),
      countStale([{ sku: 1625903, countedAt: EXAMPLE_LAST_COUNT }]),
      stockBelowReserved([{ sku: 1625903, reserved: 9_999n, total: 10_000n }]),
      fixedRefusals.requestTooLarge,
      compressedBody,
      fixedRefusals.outcomeUnknown,
    ],
  ),
} as const;

const readAdjustment = bodyReader('AdjustStockRequest', adjustStockRequest);
const readCount = bodyReader('CountStockRequest', countStockRequest);

/** The routes of the operations that change stock by hand. */
export function stockChangeRoutes(loms: Loms) {
  return {
    adjustStock: route({
      document: adjustStockDocument,
      read: readAdjustment,
      run: ({ changes }, call) => loms.adjustStock({ changes: changes.map(withTexts) }, call),
      print: ({ stocks }) => `{"stocks":[${stocks.map((each) => `{${printStock(each)}}`).join(',')}]}`,
    }),
    countStock: route({
      document: countStockDocument,
      read: readCount,
      run: ({ counts }, call) => loms.countStock({ counts: counts.map(withTexts) }, call),
      print: ({ results }) => `{"results":[${results.map(printCounted).join(',')}]}`,
    }),
  };
}

function withTexts<T extends { readonly reference?: string | undefined; readonly note?: string | undefined }>(
  line: T,
) {
  const { reference = '', note = '' } = line;
  return { ...line, reference, note };
}

function printCounted({ sku, totalBefore, total, changedSince }: CountedStock): string {
  return `{"sku":${sku},"totalBefore":${totalBefore},"total":${total},"changedSince":${changedSince}}`;
}

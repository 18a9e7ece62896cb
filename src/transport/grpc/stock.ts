/** `loms.stock.v1.StockService`: the contract's messages to the domain and back. */
import { instantOf, optionalTimestamp, timestampOf } from '../../domain/instant.ts';
import type { Loms } from '../../domain/operations.ts';
import type { AdjustmentReason } from '../../domain/stock/adjust.ts';
import type { StockMovement } from '../../domain/stock/history.ts';
import {
  type StockAdjustment as Adjustment,
  type StockCount as Count,
  StockServiceService as contract,
} from '../../generated/proto/loms/stock/v1/stock.ts';
import { unary } from './unary.ts';

/** The methods of the stock service. */
export function stockMethods(loms: Loms) {
  return {
    getStock: unary(
      contract.getStock,
      ({ sku }, call) => loms.getStock(sku, call),
      ({ count }) => ({ count }),
    ),
    batchGetStock: unary(
      contract.batchGetStock,
      (request, call) => loms.batchGetStock(request, call),
      ({ stocks, missing }) => ({ stocks: [...stocks], missing: [...missing] }),
    ),
    listStocks: unary(
      contract.listStocks,
      (request, call) => loms.listStocks(request, call),
      ({ stocks, nextPageToken = '' }) => ({ stocks: [...stocks], nextPageToken }),
    ),
    listStockChanges: unary(
      contract.listStockChanges,
      (request, call) => loms.listStockChanges(request, call),
      ({ stocks, nextPageToken }) => ({ stocks: [...stocks], nextPageToken }),
    ),
    adjustStock: unary(
      contract.adjustStock,
      ({ changes }, call) => loms.adjustStock({ changes: changes.map(adjustmentOf) }, call),
      ({ stocks }) => ({ stocks: [...stocks] }),
    ),
    countStock: unary(
      contract.countStock,
      ({ counts }, call) => loms.countStock({ counts: counts.map(countOf) }, call),
      ({ results }) => ({ results: [...results] }),
    ),
    explainStock: unary(
      contract.explainStock,
      (request, call) => loms.explainStock(request, call),
      ({ holds, nextReleaseAt, nextPageToken = '', sku, total, reserved, count }) => ({
        sku,
        total,
        reserved,
        count,
        holds: holds.map(({ orderId, count, expiresAt }) => ({
          orderId,
          count,
          expiresAt: optionalTimestamp(expiresAt),
        })),
        nextReleaseAt: optionalTimestamp(nextReleaseAt),
        nextPageToken,
      }),
    ),
    listStockMovements: unary(
      contract.listStockMovements,
      (request, call) => loms.listStockMovements(request, call),
      ({ movements, nextPageToken = '' }) => ({ movements: movements.map(messageOf), nextPageToken }),
    ),
  };
}

function messageOf(movement: StockMovement) {
  const { orderId = 0n, reason = '', reference = '', note = '', actor = '' } = movement;
  const { occurredAt, createdAt } = movement;
  return {
    ...movement,
    orderId,
    reason,
    reference,
    note,
    actor,
    occurredAt: timestampOf(occurredAt),
    createdAt: timestampOf(createdAt),
  };
}

/** The contract's rules require the fields that have defaults here, and allow no other reasons. */
function adjustmentOf({ sku, change = 0n, expectedTotal, reason, reference, note }: Adjustment) {
  return { sku, change, expectedTotal, reason: reason as AdjustmentReason, reference, note };
}

function countOf({ sku, counted = 0n, countedAt, reference, note }: Count) {
  return { sku, counted, countedAt: (countedAt && instantOf(countedAt)) ?? 0n, reference, note };
}

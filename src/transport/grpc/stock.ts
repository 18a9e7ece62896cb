/** `loms.stock.v1.StockService`: the contract's messages to the domain and back. */
import { instantOf } from '../../domain/instant.ts';
import type { Loms } from '../../domain/operations.ts';
import type { AdjustmentReason } from '../../domain/stock/adjust.ts';
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
  };
}

/** The contract's rules require the fields that have defaults here, and allow no other reasons. */
function adjustmentOf({ sku, change = 0n, expectedTotal, reason, reference, note }: Adjustment) {
  return { sku, change, expectedTotal, reason: reason as AdjustmentReason, reference, note };
}

function countOf({ sku, counted = 0n, countedAt, reference, note }: Count) {
  return { sku, counted, countedAt: (countedAt && instantOf(countedAt)) ?? 0n, reference, note };
}

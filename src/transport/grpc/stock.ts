/** `loms.stock.v1.StockService`: the contract's messages to the domain and back. */
import { optionalTimestamp, timestampOf } from '../../domain/instant.ts';
import type { Loms } from '../../domain/operations.ts';
import type { StockMovement } from '../../domain/stock/history.ts';
import { StockServiceService as contract } from '../../generated/proto/loms/stock/v1/stock.ts';
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
    ...{ orderId, reason, reference, note, actor },
    occurredAt: timestampOf(occurredAt),
    createdAt: timestampOf(createdAt),
  };
}

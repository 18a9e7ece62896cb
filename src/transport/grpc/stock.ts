/** `loms.stock.v1.StockService`: the contract's messages to the domain and back. */
import type { Loms } from '../../domain/operations.ts';
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
  };
}

/** `loms.stock.v1.StockService`: the contract's messages to the domain and back. */
import type { Loms } from '../../domain/loms.ts';
import { StockServiceService as contract } from '../../generated/proto/loms/stock/v1/stock.ts';
import { type UnaryMethod, unary } from './unary.ts';

/** The methods of the stock service. */
export function stockMethods(loms: Loms): UnaryMethod[] {
  return [unary('getStock', contract.getStock, async ({ sku }, call) => loms.getStock(sku, call))];
}

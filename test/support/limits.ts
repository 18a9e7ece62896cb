/** The contract's limits by name, for tests of what lies around them. */
import { contract } from '../../src/generated/contract.ts';

/** The upper end of order ids and user ids. */
export const INT64_MAX = contract.CreateOrderRequest.user.max;

/** The upper end of a sku. */
export const UINT32_MAX = Number(contract.Item.sku.max);

/** The most lines of an order, before lines of the same sku are merged. */
export const LINES_MAX = contract.CreateOrderRequest.items.maxItems;

/** Types generated for queries found in "sql/stocks.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

/** 'StockLock' parameters type */
export interface IStockLockParams {
  skus: bigintArray;
}

/** 'StockLock' return type */
export interface IStockLockResult {
  reserved: bigint;
  sku: bigint;
  total_count: bigint;
}

/** 'StockLock' query type */
export interface IStockLockQuery {
  params: IStockLockParams;
  result: IStockLockResult;
}

const stockLockIR: any = {"usedParamSet":{"skus":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":336,"b":341}]}],"statement":"-- Locks the stock of the given skus and reads it. A sku without stock returns no row.\n-- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.\n-- After a wait for a row lock, the row is read as the transaction before left it.\nSELECT sku, total_count, reserved\nFROM stocks\nWHERE sku = ANY(:skus!::bigint[])\nORDER BY sku\nFOR NO KEY UPDATE"};

/**
 * Query generated from SQL:
 * ```
 * -- Locks the stock of the given skus and reads it. A sku without stock returns no row.
 * -- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.
 * -- After a wait for a row lock, the row is read as the transaction before left it.
 * SELECT sku, total_count, reserved
 * FROM stocks
 * WHERE sku = ANY(:skus!::bigint[])
 * ORDER BY sku
 * FOR NO KEY UPDATE
 * ```
 */
export const stockLock = new PreparedQuery<IStockLockParams,IStockLockResult>(stockLockIR);


/** 'StockChange' parameters type */
export interface IStockChangeParams {
  reservedChanges: bigintArray;
  skus: bigintArray;
  totalChanges: bigintArray;
}

/** 'StockChange' return type */
export type IStockChangeResult = void;

/** 'StockChange' query type */
export interface IStockChangeQuery {
  params: IStockChangeParams;
  result: IStockChangeResult;
}

const stockChangeIR: any = {"usedParamSet":{"skus":true,"totalChanges":true,"reservedChanges":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":415,"b":420},{"a":584,"b":589}]},{"name":"totalChanges","required":true,"transform":{"type":"scalar"},"locs":[{"a":433,"b":446}]},{"name":"reservedChanges","required":true,"transform":{"type":"scalar"},"locs":[{"a":459,"b":475}]}],"statement":"-- Adds one sum per sku to total_count and to reserved: a reservation adds to reserved, a cancelled order\n-- subtracts from it, a paid one subtracts from both. The arrays are parallel.\n-- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.\nUPDATE stocks\nSET total_count = stocks.total_count + change.total_count,\n    reserved = stocks.reserved + change.reserved\nFROM unnest(:skus!::bigint[], :totalChanges!::bigint[], :reservedChanges!::bigint[])\n    AS change (sku, total_count, reserved)\nWHERE stocks.sku = change.sku\n  AND stocks.sku = ANY(:skus!::bigint[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Adds one sum per sku to total_count and to reserved: a reservation adds to reserved, a cancelled order
 * -- subtracts from it, a paid one subtracts from both. The arrays are parallel.
 * -- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.
 * UPDATE stocks
 * SET total_count = stocks.total_count + change.total_count,
 *     reserved = stocks.reserved + change.reserved
 * FROM unnest(:skus!::bigint[], :totalChanges!::bigint[], :reservedChanges!::bigint[])
 *     AS change (sku, total_count, reserved)
 * WHERE stocks.sku = change.sku
 *   AND stocks.sku = ANY(:skus!::bigint[])
 * ```
 */
export const stockChange = new PreparedQuery<IStockChangeParams,IStockChangeResult>(stockChangeIR);


/** 'StockRead' parameters type */
export interface IStockReadParams {
  skus: bigintArray;
}

/** 'StockRead' return type */
export interface IStockReadResult {
  reserved: bigint;
  sku: bigint;
  total_count: bigint;
}

/** 'StockRead' query type */
export interface IStockReadQuery {
  params: IStockReadParams;
  result: IStockReadResult;
}

const stockReadIR: any = {"usedParamSet":{"skus":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":165,"b":170}]}],"statement":"-- Reads the stock of the given skus, on any node. A sku without stock returns no row.\n-- Locks: none.\nSELECT sku, total_count, reserved\nFROM stocks\nWHERE sku = ANY(:skus!::bigint[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the stock of the given skus, on any node. A sku without stock returns no row.
 * -- Locks: none.
 * SELECT sku, total_count, reserved
 * FROM stocks
 * WHERE sku = ANY(:skus!::bigint[])
 * ```
 */
export const stockRead = new PreparedQuery<IStockReadParams,IStockReadResult>(stockReadIR);


/** 'StockList' parameters type */
export interface IStockListParams {
  after: bigint;
  limit: bigint;
}

/** 'StockList' return type */
export interface IStockListResult {
  reserved: bigint;
  sku: bigint;
  total_count: bigint;
}

/** 'StockList' query type */
export interface IStockListQuery {
  params: IStockListParams;
  result: IStockListResult;
}

const stockListIR: any = {"usedParamSet":{"after":true,"limit":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":163,"b":169}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":198,"b":204}]}],"statement":"-- Reads the stock of the :limit skus that follow the sku :after, in order, on any node.\n-- Locks: none.\nSELECT sku, total_count, reserved\nFROM stocks\nWHERE sku > :after!::bigint\nORDER BY sku\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the stock of the :limit skus that follow the sku :after, in order, on any node.
 * -- Locks: none.
 * SELECT sku, total_count, reserved
 * FROM stocks
 * WHERE sku > :after!::bigint
 * ORDER BY sku
 * LIMIT :limit!
 * ```
 */
export const stockList = new PreparedQuery<IStockListParams,IStockListResult>(stockListIR);



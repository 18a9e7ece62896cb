/** Types generated for queries found in "sql/orders.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'OrderIdsTake' parameters type */
export interface IOrderIdsTakeParams {
  count: number;
}

/** 'OrderIdsTake' return type */
export interface IOrderIdsTakeResult {
  order_id: bigint;
}

/** 'OrderIdsTake' query type */
export interface IOrderIdsTakeQuery {
  params: IOrderIdsTakeParams;
  result: IOrderIdsTakeResult;
}

const orderIdsTakeIR: any = {"usedParamSet":{"count":true},"params":[{"name":"count","required":true,"transform":{"type":"scalar"},"locs":[{"a":179,"b":185}]}],"statement":"-- Draws ids for so many new orders; they rise. Ids drawn by a transaction that fails are lost.\n-- Locks: none.\nSELECT nextval('order_ids') AS \"order_id!\"\nFROM generate_series(1, :count!::integer)"};

/**
 * Query generated from SQL:
 * ```
 * -- Draws ids for so many new orders; they rise. Ids drawn by a transaction that fails are lost.
 * -- Locks: none.
 * SELECT nextval('order_ids') AS "order_id!"
 * FROM generate_series(1, :count!::integer)
 * ```
 */
export const orderIdsTake = new PreparedQuery<IOrderIdsTakeParams,IOrderIdsTakeResult>(orderIdsTakeIR);


/** 'OrderInsert' parameters type */
export interface IOrderInsertParams {
  now: Date;
  orderIds: bigintArray;
  statuses: stringArray;
  userIds: bigintArray;
}

/** 'OrderInsert' return type */
export type IOrderInsertResult = void;

/** 'OrderInsert' query type */
export interface IOrderInsertQuery {
  params: IOrderInsertParams;
  result: IOrderInsertResult;
}

const orderInsertIR: any = {"usedParamSet":{"now":true,"orderIds":true,"userIds":true,"statuses":true},"params":[{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":245,"b":249},{"a":265,"b":269}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":296,"b":305}]},{"name":"userIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":318,"b":326}]},{"name":"statuses","required":true,"transform":{"type":"scalar"},"locs":[{"a":339,"b":348}]}],"statement":"-- Writes new orders with the status that the reservation gave them. The arrays run side by side.\n-- Locks: the new rows.\nINSERT INTO orders (order_id, user_id, status, created_at, updated_at)\nSELECT fresh.order_id, fresh.user_id, fresh.status, :now!::timestamptz, :now!::timestamptz\nFROM unnest(:orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[]) AS fresh (order_id, user_id, status)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes new orders with the status that the reservation gave them. The arrays run side by side.
 * -- Locks: the new rows.
 * INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
 * SELECT fresh.order_id, fresh.user_id, fresh.status, :now!::timestamptz, :now!::timestamptz
 * FROM unnest(:orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[]) AS fresh (order_id, user_id, status)
 * ```
 */
export const orderInsert = new PreparedQuery<IOrderInsertParams,IOrderInsertResult>(orderInsertIR);


/** 'OrderLineInsert' parameters type */
export interface IOrderLineInsertParams {
  counts: numberArray;
  orderIds: bigintArray;
  skus: bigintArray;
}

/** 'OrderLineInsert' return type */
export type IOrderLineInsertResult = void;

/** 'OrderLineInsert' query type */
export interface IOrderLineInsertQuery {
  params: IOrderLineInsertParams;
  result: IOrderLineInsertResult;
}

const orderLineInsertIR: any = {"usedParamSet":{"orderIds":true,"skus":true,"counts":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":260,"b":269}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":282,"b":287}]},{"name":"counts","required":true,"transform":{"type":"scalar"},"locs":[{"a":300,"b":307}]}],"statement":"-- Writes the lines of new orders. The arrays run side by side.\n-- Locks: the new rows, and a share of the orders' keys, which the same transaction wrote.\nINSERT INTO order_lines (order_id, sku, count)\nSELECT fresh.order_id, fresh.sku, fresh.count\nFROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes the lines of new orders. The arrays run side by side.
 * -- Locks: the new rows, and a share of the orders' keys, which the same transaction wrote.
 * INSERT INTO order_lines (order_id, sku, count)
 * SELECT fresh.order_id, fresh.sku, fresh.count
 * FROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count)
 * ```
 */
export const orderLineInsert = new PreparedQuery<IOrderLineInsertParams,IOrderLineInsertResult>(orderLineInsertIR);


/** 'OrderTransition' parameters type */
export interface IOrderTransitionParams {
  from: string;
  now: Date;
  orderIds: bigintArray;
  to: string;
}

/** 'OrderTransition' return type */
export interface IOrderTransitionResult {
  order_id: bigint;
}

/** 'OrderTransition' query type */
export interface IOrderTransitionQuery {
  params: IOrderTransitionParams;
  result: IOrderTransitionResult;
}

const orderTransitionIR: any = {"usedParamSet":{"to":true,"now":true,"orderIds":true,"from":true},"params":[{"name":"to","required":true,"transform":{"type":"scalar"},"locs":[{"a":290,"b":293}]},{"name":"now","required":true,"transform":{"type":"scalar"},"locs":[{"a":318,"b":322}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":371,"b":380}]},{"name":"from","required":true,"transform":{"type":"scalar"},"locs":[{"a":408,"b":413}]}],"statement":"-- Moves those of the given orders that are in the status :from to the status :to, and names them.\n-- Locks: these order rows. The guard on the status is the lock: whoever commits first wins, the other finds\n-- the order moved and does not get it back from here.\nUPDATE orders\nSET status = :to!, updated_at = greatest(:now!::timestamptz, created_at)\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = :from!\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Moves those of the given orders that are in the status :from to the status :to, and names them.
 * -- Locks: these order rows. The guard on the status is the lock: whoever commits first wins, the other finds
 * -- the order moved and does not get it back from here.
 * UPDATE orders
 * SET status = :to!, updated_at = greatest(:now!::timestamptz, created_at)
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = :from!
 * RETURNING order_id
 * ```
 */
export const orderTransition = new PreparedQuery<IOrderTransitionParams,IOrderTransitionResult>(orderTransitionIR);


/** 'OrderRead' parameters type */
export interface IOrderReadParams {
  orderIds: bigintArray;
}

/** 'OrderRead' return type */
export interface IOrderReadResult {
  count: number;
  order_id: bigint;
  sku: bigint;
  status: string;
  user_id: bigint;
}

/** 'OrderRead' query type */
export interface IOrderReadQuery {
  params: IOrderReadParams;
  result: IOrderReadResult;
}

const orderReadIR: any = {"usedParamSet":{"orderIds":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":409,"b":418},{"a":458,"b":467}]}],"statement":"-- Reads orders with their lines, a row for each line, sorted by order and sku, on any node. One statement and\n-- so one snapshot: an order is never seen without its lines. An unknown id has no row in the answer.\n-- Locks: none.\nSELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count\nFROM orders\nJOIN order_lines AS lines ON lines.order_id = orders.order_id\nWHERE orders.order_id = ANY(:orderIds!::bigint[])\n  AND lines.order_id = ANY(:orderIds!::bigint[])\nORDER BY orders.order_id, lines.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads orders with their lines, a row for each line, sorted by order and sku, on any node. One statement and
 * -- so one snapshot: an order is never seen without its lines. An unknown id has no row in the answer.
 * -- Locks: none.
 * SELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count
 * FROM orders
 * JOIN order_lines AS lines ON lines.order_id = orders.order_id
 * WHERE orders.order_id = ANY(:orderIds!::bigint[])
 *   AND lines.order_id = ANY(:orderIds!::bigint[])
 * ORDER BY orders.order_id, lines.sku
 * ```
 */
export const orderRead = new PreparedQuery<IOrderReadParams,IOrderReadResult>(orderReadIR);


/** 'OrderConfirm' parameters type */
export type IOrderConfirmParams = void;

/** 'OrderConfirm' return type */
export interface IOrderConfirmResult {
  emitted: boolean;
}

/** 'OrderConfirm' query type */
export interface IOrderConfirmQuery {
  params: IOrderConfirmParams;
  result: IOrderConfirmResult;
}

const orderConfirmIR: any = {"usedParamSet":{},"params":[],"statement":"-- Writes a record to the WAL that changes nothing, so that the COMMIT behind it waits for the replica like any\n-- other: an answer that rests on what was read alone could tell of what no replica has. Locks: none.\nSELECT pg_logical_emit_message(true, 'loms', '') IS NOT NULL AS \"emitted!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Writes a record to the WAL that changes nothing, so that the COMMIT behind it waits for the replica like any
 * -- other: an answer that rests on what was read alone could tell of what no replica has. Locks: none.
 * SELECT pg_logical_emit_message(true, 'loms', '') IS NOT NULL AS "emitted!"
 * ```
 */
export const orderConfirm = new PreparedQuery<IOrderConfirmParams,IOrderConfirmResult>(orderConfirmIR);



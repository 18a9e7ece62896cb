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

const orderIdsTakeIR: any = {"usedParamSet":{"count":true},"params":[{"name":"count","required":true,"transform":{"type":"scalar"},"locs":[{"a":187,"b":193}]}],"statement":"-- Draws :count ids for new orders, in ascending order. Ids drawn by a transaction that fails are lost.\n-- Locks: none.\nSELECT nextval('order_ids') AS \"order_id!\"\nFROM generate_series(1, :count!::integer)"};

/**
 * Query generated from SQL:
 * ```
 * -- Draws :count ids for new orders, in ascending order. Ids drawn by a transaction that fails are lost.
 * -- Locks: none.
 * SELECT nextval('order_ids') AS "order_id!"
 * FROM generate_series(1, :count!::integer)
 * ```
 */
export const orderIdsTake = new PreparedQuery<IOrderIdsTakeParams,IOrderIdsTakeResult>(orderIdsTakeIR);


/** 'OrderInsert' parameters type */
export interface IOrderInsertParams {
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

const orderInsertIR: any = {"usedParamSet":{"orderIds":true,"userIds":true,"statuses":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":271,"b":280}]},{"name":"userIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":293,"b":301}]},{"name":"statuses","required":true,"transform":{"type":"scalar"},"locs":[{"a":314,"b":323}]}],"statement":"-- Writes new orders with the status that follows from their reservation. The arrays are parallel.\n-- Locks: the new rows.\nINSERT INTO orders (order_id, user_id, status, created_at, updated_at)\nSELECT fresh.order_id, fresh.user_id, fresh.status, now(), now()\nFROM unnest(:orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[])\n    AS fresh (order_id, user_id, status)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes new orders with the status that follows from their reservation. The arrays are parallel.
 * -- Locks: the new rows.
 * INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
 * SELECT fresh.order_id, fresh.user_id, fresh.status, now(), now()
 * FROM unnest(:orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[])
 *     AS fresh (order_id, user_id, status)
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

const orderLineInsertIR: any = {"usedParamSet":{"orderIds":true,"skus":true,"counts":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":189,"b":198}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":211,"b":216}]},{"name":"counts","required":true,"transform":{"type":"scalar"},"locs":[{"a":229,"b":236}]}],"statement":"-- Writes the lines of new orders. The arrays are parallel.\n-- Locks: the new rows.\nINSERT INTO order_lines (order_id, sku, count)\nSELECT fresh.order_id, fresh.sku, fresh.count\nFROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes the lines of new orders. The arrays are parallel.
 * -- Locks: the new rows.
 * INSERT INTO order_lines (order_id, sku, count)
 * SELECT fresh.order_id, fresh.sku, fresh.count
 * FROM unnest(:orderIds!::bigint[], :skus!::bigint[], :counts!::integer[]) AS fresh (order_id, sku, count)
 * ```
 */
export const orderLineInsert = new PreparedQuery<IOrderLineInsertParams,IOrderLineInsertResult>(orderLineInsertIR);


/** 'OrderTransition' parameters type */
export interface IOrderTransitionParams {
  from: string;
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

const orderTransitionIR: any = {"usedParamSet":{"to":true,"orderIds":true,"from":true},"params":[{"name":"to","required":true,"transform":{"type":"scalar"},"locs":[{"a":390,"b":393}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":458,"b":467}]},{"name":"from","required":true,"transform":{"type":"scalar"},"locs":[{"a":495,"b":500}]}],"statement":"-- Transitions those of the given orders that have the status :from to the status :to, and returns their ids.\n-- Locks: these order rows. The guard on the status is a compare-and-set: of two transactions the first to\n-- commit wins, and the other does not get the order back.\n-- After a failover the clock may be behind that of the primary which wrote the order.\nUPDATE orders\nSET status = :to!, updated_at = greatest(now(), created_at)\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = :from!\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Transitions those of the given orders that have the status :from to the status :to, and returns their ids.
 * -- Locks: these order rows. The guard on the status is a compare-and-set: of two transactions the first to
 * -- commit wins, and the other does not get the order back.
 * -- After a failover the clock may be behind that of the primary which wrote the order.
 * UPDATE orders
 * SET status = :to!, updated_at = greatest(now(), created_at)
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
  created_us: bigint;
  order_id: bigint;
  sku: bigint;
  status: string;
  updated_us: bigint;
  user_id: bigint;
}

/** 'OrderRead' query type */
export interface IOrderReadQuery {
  params: IOrderReadParams;
  result: IOrderReadResult;
}

const orderReadIR: any = {"usedParamSet":{"orderIds":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":622,"b":631},{"a":671,"b":680}]}],"statement":"-- Reads orders with their lines, one row per line, sorted by order and sku, on any node. It is one statement\n-- and so one snapshot: an order is never seen without its lines. An unknown id returns no row.\n-- created_us, updated_us: in microseconds since the epoch.\n-- Locks: none.\nSELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count,\n    (extract(epoch FROM orders.created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM orders.updated_at) * 1000000)::bigint AS \"updated_us!\"\nFROM orders\nJOIN order_lines AS lines ON lines.order_id = orders.order_id\nWHERE orders.order_id = ANY(:orderIds!::bigint[])\n  AND lines.order_id = ANY(:orderIds!::bigint[])\nORDER BY orders.order_id, lines.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads orders with their lines, one row per line, sorted by order and sku, on any node. It is one statement
 * -- and so one snapshot: an order is never seen without its lines. An unknown id returns no row.
 * -- created_us, updated_us: in microseconds since the epoch.
 * -- Locks: none.
 * SELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count,
 *     (extract(epoch FROM orders.created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM orders.updated_at) * 1000000)::bigint AS "updated_us!"
 * FROM orders
 * JOIN order_lines AS lines ON lines.order_id = orders.order_id
 * WHERE orders.order_id = ANY(:orderIds!::bigint[])
 *   AND lines.order_id = ANY(:orderIds!::bigint[])
 * ORDER BY orders.order_id, lines.sku
 * ```
 */
export const orderRead = new PreparedQuery<IOrderReadParams,IOrderReadResult>(orderReadIR);


/** 'OrderScan' parameters type */
export interface IOrderScanParams {
  below: bigint;
  limit: bigint;
}

/** 'OrderScan' return type */
export interface IOrderScanResult {
  created_us: bigint;
  order_id: bigint;
  status: string;
  updated_us: bigint;
  user_id: bigint;
}

/** 'OrderScan' query type */
export interface IOrderScanQuery {
  params: IOrderScanParams;
  result: IOrderScanResult;
}

const orderScanIR: any = {"usedParamSet":{"below":true,"limit":true},"params":[{"name":"below","required":true,"transform":{"type":"scalar"},"locs":[{"a":392,"b":398}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":437,"b":443}]}],"statement":"-- Reads the :limit newest orders below an id, newest first, on any node. The caller filters them and reads\n-- their lines.\n-- created_us, updated_us: as in orderRead.\n-- Locks: none.\nSELECT order_id, user_id, status,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM updated_at) * 1000000)::bigint AS \"updated_us!\"\nFROM orders\nWHERE order_id < :below!::bigint\nORDER BY order_id DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the :limit newest orders below an id, newest first, on any node. The caller filters them and reads
 * -- their lines.
 * -- created_us, updated_us: as in orderRead.
 * -- Locks: none.
 * SELECT order_id, user_id, status,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!"
 * FROM orders
 * WHERE order_id < :below!::bigint
 * ORDER BY order_id DESC
 * LIMIT :limit!
 * ```
 */
export const orderScan = new PreparedQuery<IOrderScanParams,IOrderScanResult>(orderScanIR);


/** 'OrderScanOfUser' parameters type */
export interface IOrderScanOfUserParams {
  below: bigint;
  limit: bigint;
  userId: bigint;
}

/** 'OrderScanOfUser' return type */
export interface IOrderScanOfUserResult {
  created_us: bigint;
  order_id: bigint;
  status: string;
  updated_us: bigint;
  user_id: bigint;
}

/** 'OrderScanOfUser' query type */
export interface IOrderScanOfUserQuery {
  params: IOrderScanOfUserParams;
  result: IOrderScanOfUserResult;
}

const orderScanOfUserIR: any = {"usedParamSet":{"userId":true,"below":true,"limit":true},"params":[{"name":"userId","required":true,"transform":{"type":"scalar"},"locs":[{"a":333,"b":340}]},{"name":"below","required":true,"transform":{"type":"scalar"},"locs":[{"a":367,"b":373}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":412,"b":418}]}],"statement":"-- The same for the orders of one user. It is a statement of its own, so that each has the plan of its index.\n-- Locks: none.\nSELECT order_id, user_id, status,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM updated_at) * 1000000)::bigint AS \"updated_us!\"\nFROM orders\nWHERE user_id = :userId!::bigint\n  AND order_id < :below!::bigint\nORDER BY order_id DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- The same for the orders of one user. It is a statement of its own, so that each has the plan of its index.
 * -- Locks: none.
 * SELECT order_id, user_id, status,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!"
 * FROM orders
 * WHERE user_id = :userId!::bigint
 *   AND order_id < :below!::bigint
 * ORDER BY order_id DESC
 * LIMIT :limit!
 * ```
 */
export const orderScanOfUser = new PreparedQuery<IOrderScanOfUserParams,IOrderScanOfUserResult>(orderScanOfUserIR);


/** 'OrderLineRead' parameters type */
export interface IOrderLineReadParams {
  orderIds: bigintArray;
}

/** 'OrderLineRead' return type */
export interface IOrderLineReadResult {
  count: number;
  order_id: bigint;
  sku: bigint;
}

/** 'OrderLineRead' query type */
export interface IOrderLineReadQuery {
  params: IOrderLineReadParams;
  result: IOrderLineReadResult;
}

const orderLineReadIR: any = {"usedParamSet":{"orderIds":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":213,"b":222}]}],"statement":"-- Reads the lines of orders, sorted by order and sku, on any node. Lines never change, so they may be read\n-- after their orders.\n-- Locks: none.\nSELECT order_id, sku, count\nFROM order_lines\nWHERE order_id = ANY(:orderIds!::bigint[])\nORDER BY order_id, sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the lines of orders, sorted by order and sku, on any node. Lines never change, so they may be read
 * -- after their orders.
 * -- Locks: none.
 * SELECT order_id, sku, count
 * FROM order_lines
 * WHERE order_id = ANY(:orderIds!::bigint[])
 * ORDER BY order_id, sku
 * ```
 */
export const orderLineRead = new PreparedQuery<IOrderLineReadParams,IOrderLineReadResult>(orderLineReadIR);


/** 'OrderConfirm' parameters type */
export interface IOrderConfirmParams {
  open: string;
  orderIds: bigintArray;
}

/** 'OrderConfirm' return type */
export type IOrderConfirmResult = void;

/** 'OrderConfirm' query type */
export interface IOrderConfirmQuery {
  params: IOrderConfirmParams;
  result: IOrderConfirmResult;
}

const orderConfirmIR: any = {"usedParamSet":{"orderIds":true,"open":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":719,"b":728}]},{"name":"open","required":true,"transform":{"type":"scalar"},"locs":[{"a":757,"b":762}]}],"statement":"-- Writes those of the given orders that do not have the status :open, and changes nothing in them, so that\n-- the COMMIT behind it waits for the replica of each: otherwise a reply that is based on a read alone could\n-- show a state that no replica has. It must write the order itself, since only the server that has the order\n-- can confirm it.\n-- Locks: these order rows. Their status is final, so only another confirmation waits for them. Two that lock\n-- the same rows in opposite order are rare; the server rolls one back, and it is retried.\n-- Cost: a version of each row, about 150 bytes of WAL; no index is written, since the page has room for it.\nUPDATE orders\nSET updated_at = updated_at\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status <> :open!"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes those of the given orders that do not have the status :open, and changes nothing in them, so that
 * -- the COMMIT behind it waits for the replica of each: otherwise a reply that is based on a read alone could
 * -- show a state that no replica has. It must write the order itself, since only the server that has the order
 * -- can confirm it.
 * -- Locks: these order rows. Their status is final, so only another confirmation waits for them. Two that lock
 * -- the same rows in opposite order are rare; the server rolls one back, and it is retried.
 * -- Cost: a version of each row, about 150 bytes of WAL; no index is written, since the page has room for it.
 * UPDATE orders
 * SET updated_at = updated_at
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status <> :open!
 * ```
 */
export const orderConfirm = new PreparedQuery<IOrderConfirmParams,IOrderConfirmResult>(orderConfirmIR);


/** 'OrderWindow' parameters type */
export interface IOrderWindowParams {
  after: bigint;
  limit: bigint;
  retentionMs: number;
}

/** 'OrderWindow' return type */
export interface IOrderWindowResult {
  is_old: boolean;
  is_unchanged: boolean;
  order_id: bigint;
  status: string;
}

/** 'OrderWindow' query type */
export interface IOrderWindowQuery {
  params: IOrderWindowParams;
  result: IOrderWindowResult;
}

const orderWindowIR: any = {"usedParamSet":{"retentionMs":true,"after":true,"limit":true},"params":[{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":386,"b":398},{"a":477,"b":489}]},{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":555,"b":561}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":587,"b":593}]}],"statement":"-- Reads the :limit orders that follow the id :after, in order of their ids: whether each was created, and\n-- was changed the last time, longer than :retentionMs ago. Runs on the primary, whose clock counts.\n-- Locks: none.\n-- Ids rise by creation, so no index beyond the primary key is needed to find old orders.\nSELECT order_id, status,\n    created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS \"is_old!\",\n    updated_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS \"is_unchanged!\"\nFROM orders\nWHERE order_id > :after!\nORDER BY order_id\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the :limit orders that follow the id :after, in order of their ids: whether each was created, and
 * -- was changed the last time, longer than :retentionMs ago. Runs on the primary, whose clock counts.
 * -- Locks: none.
 * -- Ids rise by creation, so no index beyond the primary key is needed to find old orders.
 * SELECT order_id, status,
 *     created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS "is_old!",
 *     updated_at < now() - make_interval(secs => :retentionMs!::float8 / 1000) AS "is_unchanged!"
 * FROM orders
 * WHERE order_id > :after!
 * ORDER BY order_id
 * LIMIT :limit!
 * ```
 */
export const orderWindow = new PreparedQuery<IOrderWindowParams,IOrderWindowResult>(orderWindowIR);


/** 'OrderLineCount' parameters type */
export interface IOrderLineCountParams {
  limit: bigint;
  orderIds: bigintArray;
}

/** 'OrderLineCount' return type */
export interface IOrderLineCountResult {
  last_order_id: bigint | null;
  lines: bigint;
}

/** 'OrderLineCount' query type */
export interface IOrderLineCountQuery {
  params: IOrderLineCountParams;
  result: IOrderLineCountResult;
}

const orderLineCountIR: any = {"usedParamSet":{"orderIds":true,"limit":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":324,"b":333}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":378,"b":384}]}],"statement":"-- Counts the lines of the given orders, in order of their ids, up to :limit lines. Returns the number, and\n-- the last of these orders, which may have more lines.\n-- Locks: none.\nSELECT count(*) AS \"lines!\", max(counted.order_id) AS \"last_order_id?\"\nFROM (\n    SELECT order_id\n    FROM order_lines\n    WHERE order_id = ANY(:orderIds!::bigint[])\n    ORDER BY order_id\n    LIMIT :limit!\n) AS counted"};

/**
 * Query generated from SQL:
 * ```
 * -- Counts the lines of the given orders, in order of their ids, up to :limit lines. Returns the number, and
 * -- the last of these orders, which may have more lines.
 * -- Locks: none.
 * SELECT count(*) AS "lines!", max(counted.order_id) AS "last_order_id?"
 * FROM (
 *     SELECT order_id
 *     FROM order_lines
 *     WHERE order_id = ANY(:orderIds!::bigint[])
 *     ORDER BY order_id
 *     LIMIT :limit!
 * ) AS counted
 * ```
 */
export const orderLineCount = new PreparedQuery<IOrderLineCountParams,IOrderLineCountResult>(orderLineCountIR);


/** 'OrderLineDelete' parameters type */
export interface IOrderLineDeleteParams {
  orderIds: bigintArray;
}

/** 'OrderLineDelete' return type */
export type IOrderLineDeleteResult = void;

/** 'OrderLineDelete' query type */
export interface IOrderLineDeleteQuery {
  params: IOrderLineDeleteParams;
  result: IOrderLineDeleteResult;
}

const orderLineDeleteIR: any = {"usedParamSet":{"orderIds":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":198,"b":207}]}],"statement":"-- Removes the lines of orders that the same transaction removes next.\n-- Locks: these rows. Lines never change, so only another removal waits for them.\nDELETE FROM order_lines\nWHERE order_id = ANY(:orderIds!::bigint[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the lines of orders that the same transaction removes next.
 * -- Locks: these rows. Lines never change, so only another removal waits for them.
 * DELETE FROM order_lines
 * WHERE order_id = ANY(:orderIds!::bigint[])
 * ```
 */
export const orderLineDelete = new PreparedQuery<IOrderLineDeleteParams,IOrderLineDeleteResult>(orderLineDeleteIR);


/** 'OrderDelete' parameters type */
export interface IOrderDeleteParams {
  orderIds: bigintArray;
  statuses: stringArray;
}

/** 'OrderDelete' return type */
export interface IOrderDeleteResult {
  order_id: bigint;
}

/** 'OrderDelete' query type */
export interface IOrderDeleteQuery {
  params: IOrderDeleteParams;
  result: IOrderDeleteResult;
}

const orderDeleteIR: any = {"usedParamSet":{"orderIds":true,"statuses":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":299,"b":308}]},{"name":"statuses","required":true,"transform":{"type":"scalar"},"locs":[{"a":340,"b":349}]}],"statement":"-- Removes those of the given orders that have one of the final statuses :statuses, and returns their ids,\n-- without those that another removal was faster with.\n-- Locks: these rows. It waits for a transaction that confirms one of them, and then removes it.\nDELETE FROM orders\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = ANY(:statuses!::text[])\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes those of the given orders that have one of the final statuses :statuses, and returns their ids,
 * -- without those that another removal was faster with.
 * -- Locks: these rows. It waits for a transaction that confirms one of them, and then removes it.
 * DELETE FROM orders
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = ANY(:statuses!::text[])
 * RETURNING order_id
 * ```
 */
export const orderDelete = new PreparedQuery<IOrderDeleteParams,IOrderDeleteResult>(orderDeleteIR);



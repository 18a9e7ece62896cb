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
  now_us: bigint;
  order_id: bigint;
}

/** 'OrderIdsTake' query type */
export interface IOrderIdsTakeQuery {
  params: IOrderIdsTakeParams;
  result: IOrderIdsTakeResult;
}

const orderIdsTakeIR: any = {"usedParamSet":{"count":true},"params":[{"name":"count","required":true,"transform":{"type":"scalar"},"locs":[{"a":354,"b":360}]}],"statement":"-- Draws :count ids for new orders, in ascending order. Ids drawn by a transaction that fails are lost.\n-- now_us: the time of this transaction, at which its orders are created, in microseconds since the epoch.\n-- Locks: none.\nSELECT nextval('order_ids') AS \"order_id!\", (extract(epoch FROM now()) * 1000000)::bigint AS \"now_us!\"\nFROM generate_series(1, :count!::integer)"};

/**
 * Query generated from SQL:
 * ```
 * -- Draws :count ids for new orders, in ascending order. Ids drawn by a transaction that fails are lost.
 * -- now_us: the time of this transaction, at which its orders are created, in microseconds since the epoch.
 * -- Locks: none.
 * SELECT nextval('order_ids') AS "order_id!", (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!"
 * FROM generate_series(1, :count!::integer)
 * ```
 */
export const orderIdsTake = new PreparedQuery<IOrderIdsTakeParams,IOrderIdsTakeResult>(orderIdsTakeIR);


/** 'OrderInsert' parameters type */
export interface IOrderInsertParams {
  actors: stringArray;
  orderIds: bigintArray;
  statuses: stringArray;
  ttlsMs: bigintArray;
  userIds: bigintArray;
}

/** 'OrderInsert' return type */
export type IOrderInsertResult = void;

/** 'OrderInsert' query type */
export interface IOrderInsertQuery {
  params: IOrderInsertParams;
  result: IOrderInsertResult;
}

const orderInsertIR: any = {"usedParamSet":{"orderIds":true,"userIds":true,"statuses":true,"ttlsMs":true,"actors":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":522,"b":531}]},{"name":"userIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":544,"b":552}]},{"name":"statuses","required":true,"transform":{"type":"scalar"},"locs":[{"a":565,"b":574}]},{"name":"ttlsMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":585,"b":592}]},{"name":"actors","required":true,"transform":{"type":"scalar"},"locs":[{"a":605,"b":612}]}],"statement":"-- Writes new orders with the status that follows from their reservation, which ends :ttlsMs after now, or\n-- never where that is 0. The arrays are parallel; an empty text in :actors stands for no name.\n-- Locks: the new rows.\nINSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at, created_by)\nSELECT fresh.order_id, fresh.user_id, fresh.status, now(), now(),\n    CASE WHEN fresh.ttl_ms > 0 THEN now() + fresh.ttl_ms * interval '1 millisecond' END,\n    nullif(fresh.actor, '')\nFROM unnest(\n    :orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[], :ttlsMs!::bigint[], :actors!::text[]\n) AS fresh (order_id, user_id, status, ttl_ms, actor)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes new orders with the status that follows from their reservation, which ends :ttlsMs after now, or
 * -- never where that is 0. The arrays are parallel; an empty text in :actors stands for no name.
 * -- Locks: the new rows.
 * INSERT INTO orders (order_id, user_id, status, created_at, updated_at, expires_at, created_by)
 * SELECT fresh.order_id, fresh.user_id, fresh.status, now(), now(),
 *     CASE WHEN fresh.ttl_ms > 0 THEN now() + fresh.ttl_ms * interval '1 millisecond' END,
 *     nullif(fresh.actor, '')
 * FROM unnest(
 *     :orderIds!::bigint[], :userIds!::bigint[], :statuses!::text[], :ttlsMs!::bigint[], :actors!::text[]
 * ) AS fresh (order_id, user_id, status, ttl_ms, actor)
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


/** 'OrderLock' parameters type */
export interface IOrderLockParams {
  orderIds: bigintArray;
}

/** 'OrderLock' return type */
export interface IOrderLockResult {
  order_id: bigint;
}

/** 'OrderLock' query type */
export interface IOrderLockQuery {
  params: IOrderLockParams;
  result: IOrderLockResult;
}

const orderLockIR: any = {"usedParamSet":{"orderIds":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":893,"b":902}]}],"statement":"-- Locks the given orders until the transaction ends, and changes nothing in them. All changes of orders that\n-- callers ask for begin with it, so that what they read next is what they change. Returns their ids: an order\n-- that is committed behind the snapshot of this statement is not locked, and yet found by the next one.\n-- It is a write, so that the COMMIT waits for the replica of each order: otherwise a reply that is based on\n-- a read alone could show a state that no replica has. Only the server that has an order can confirm it.\n-- Locks: these order rows, in the order of their index. No other statement of such a transaction waits for an\n-- order, so batches that share orders queue up and do not deadlock.\n-- Cost: a version of each row, about 150 bytes of WAL; no index is written, since the page has room for it.\nUPDATE orders\nSET updated_at = updated_at\nWHERE order_id = ANY(:orderIds!::bigint[])\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Locks the given orders until the transaction ends, and changes nothing in them. All changes of orders that
 * -- callers ask for begin with it, so that what they read next is what they change. Returns their ids: an order
 * -- that is committed behind the snapshot of this statement is not locked, and yet found by the next one.
 * -- It is a write, so that the COMMIT waits for the replica of each order: otherwise a reply that is based on
 * -- a read alone could show a state that no replica has. Only the server that has an order can confirm it.
 * -- Locks: these order rows, in the order of their index. No other statement of such a transaction waits for an
 * -- order, so batches that share orders queue up and do not deadlock.
 * -- Cost: a version of each row, about 150 bytes of WAL; no index is written, since the page has room for it.
 * UPDATE orders
 * SET updated_at = updated_at
 * WHERE order_id = ANY(:orderIds!::bigint[])
 * RETURNING order_id
 * ```
 */
export const orderLock = new PreparedQuery<IOrderLockParams,IOrderLockResult>(orderLockIR);


/** 'OrderTransition' parameters type */
export interface IOrderTransitionParams {
  actors: stringArray;
  cancelReason?: string | null | void;
  from: string;
  fromReason?: string | null | void;
  graceMs: number;
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

const orderTransitionIR: any = {"usedParamSet":{"to":true,"cancelReason":true,"actors":true,"orderIds":true,"from":true,"fromReason":true,"graceMs":true},"params":[{"name":"to","required":true,"transform":{"type":"scalar"},"locs":[{"a":589,"b":592}]},{"name":"cancelReason","required":false,"transform":{"type":"scalar"},"locs":[{"a":611,"b":623}]},{"name":"actors","required":true,"transform":{"type":"scalar"},"locs":[{"a":719,"b":726}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":752,"b":761},{"a":811,"b":820}]},{"name":"from","required":true,"transform":{"type":"scalar"},"locs":[{"a":848,"b":853}]},{"name":"fromReason","required":false,"transform":{"type":"scalar"},"locs":[{"a":896,"b":906}]},{"name":"graceMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":958,"b":966}]}],"statement":"-- Transitions those of the given orders that have the status :from, for the reason :fromReason, and whose\n-- reservation has not ended more than :graceMs ago, to the status :to, and returns their ids. The arrays are\n-- parallel; an empty text in :actors stands for no name. They are not joined: that costs more, since the\n-- planner expects one row behind these conditions, and compares all orders with all requests.\n-- Locks: none, the caller holds them through orderLock.\n-- After a failover the clock may be behind that of the primary which wrote the order.\nUPDATE orders\nSET status = :to!, cancel_reason = :cancelReason, updated_at = greatest(now(), updated_at),\n    version = version + 1,\n    closed_by = nullif((:actors!::text[])[array_position(:orderIds!::bigint[], order_id)], '')\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = :from!\n  AND cancel_reason IS NOT DISTINCT FROM :fromReason\n  AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond')\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Transitions those of the given orders that have the status :from, for the reason :fromReason, and whose
 * -- reservation has not ended more than :graceMs ago, to the status :to, and returns their ids. The arrays are
 * -- parallel; an empty text in :actors stands for no name. They are not joined: that costs more, since the
 * -- planner expects one row behind these conditions, and compares all orders with all requests.
 * -- Locks: none, the caller holds them through orderLock.
 * -- After a failover the clock may be behind that of the primary which wrote the order.
 * UPDATE orders
 * SET status = :to!, cancel_reason = :cancelReason, updated_at = greatest(now(), updated_at),
 *     version = version + 1,
 *     closed_by = nullif((:actors!::text[])[array_position(:orderIds!::bigint[], order_id)], '')
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = :from!
 *   AND cancel_reason IS NOT DISTINCT FROM :fromReason
 *   AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond')
 * RETURNING order_id
 * ```
 */
export const orderTransition = new PreparedQuery<IOrderTransitionParams,IOrderTransitionResult>(orderTransitionIR);


/** 'OrderExpire' parameters type */
export interface IOrderExpireParams {
  cancelReason: string;
  from: string;
  orderIds: bigintArray;
  to: string;
}

/** 'OrderExpire' return type */
export interface IOrderExpireResult {
  order_id: bigint;
}

/** 'OrderExpire' query type */
export interface IOrderExpireQuery {
  params: IOrderExpireParams;
  result: IOrderExpireResult;
}

const orderExpireIR: any = {"usedParamSet":{"to":true,"cancelReason":true,"orderIds":true,"from":true},"params":[{"name":"to","required":true,"transform":{"type":"scalar"},"locs":[{"a":306,"b":309}]},{"name":"cancelReason","required":true,"transform":{"type":"scalar"},"locs":[{"a":328,"b":341}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":438,"b":447}]},{"name":"from","required":true,"transform":{"type":"scalar"},"locs":[{"a":475,"b":480}]}],"statement":"-- Cancels those of the given orders that have the status :from and whose reservation has ended, as of that\n-- end, and returns their ids.\n-- Locks: none, the caller holds them through orderLock, which waits for a transaction that began before the\n-- end and is still to commit.\nUPDATE orders\nSET status = :to!, cancel_reason = :cancelReason!, updated_at = greatest(expires_at, updated_at),\n    version = version + 1\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = :from!\n  AND expires_at <= now()\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Cancels those of the given orders that have the status :from and whose reservation has ended, as of that
 * -- end, and returns their ids.
 * -- Locks: none, the caller holds them through orderLock, which waits for a transaction that began before the
 * -- end and is still to commit.
 * UPDATE orders
 * SET status = :to!, cancel_reason = :cancelReason!, updated_at = greatest(expires_at, updated_at),
 *     version = version + 1
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = :from!
 *   AND expires_at <= now()
 * RETURNING order_id
 * ```
 */
export const orderExpire = new PreparedQuery<IOrderExpireParams,IOrderExpireResult>(orderExpireIR);


/** 'OrderUserLock' parameters type */
export interface IOrderUserLockParams {
  family: number;
  groups: numberArray;
}

/** 'OrderUserLock' return type */
export interface IOrderUserLockResult {
  locked: bigint;
}

/** 'OrderUserLock' query type */
export interface IOrderUserLockQuery {
  params: IOrderUserLockParams;
  result: IOrderUserLockResult;
}

const orderUserLockIR: any = {"usedParamSet":{"family":true,"groups":true},"params":[{"name":"family","required":true,"transform":{"type":"scalar"},"locs":[{"a":394,"b":401}]},{"name":"groups","required":true,"transform":{"type":"scalar"},"locs":[{"a":484,"b":491}]}],"statement":"-- Locks groups of users, so that of two transactions that create for one user with a limit of what it may\n-- hold, the second counts what the first holds. Returns how many were locked.\n-- Locks: advisory, each until the transaction ends, in the order of the groups and before all others. They\n-- have two keys, which none of the locks with one key can meet.\nSELECT count(pg_advisory_xact_lock(:family!::integer, group_number)) AS \"locked!\"\nFROM (\n    SELECT group_number FROM unnest(:groups!::integer[]) AS groups (group_number) ORDER BY group_number\n) AS ordered"};

/**
 * Query generated from SQL:
 * ```
 * -- Locks groups of users, so that of two transactions that create for one user with a limit of what it may
 * -- hold, the second counts what the first holds. Returns how many were locked.
 * -- Locks: advisory, each until the transaction ends, in the order of the groups and before all others. They
 * -- have two keys, which none of the locks with one key can meet.
 * SELECT count(pg_advisory_xact_lock(:family!::integer, group_number)) AS "locked!"
 * FROM (
 *     SELECT group_number FROM unnest(:groups!::integer[]) AS groups (group_number) ORDER BY group_number
 * ) AS ordered
 * ```
 */
export const orderUserLock = new PreparedQuery<IOrderUserLockParams,IOrderUserLockResult>(orderUserLockIR);


/** 'OrderHeldPieces' parameters type */
export interface IOrderHeldPiecesParams {
  userIds: bigintArray;
}

/** 'OrderHeldPieces' return type */
export interface IOrderHeldPiecesResult {
  pieces: bigint;
  user_id: bigint;
}

/** 'OrderHeldPieces' query type */
export interface IOrderHeldPiecesQuery {
  params: IOrderHeldPiecesParams;
  result: IOrderHeldPiecesResult;
}

const orderHeldPiecesIR: any = {"usedParamSet":{"userIds":true},"params":[{"name":"userIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":551,"b":559}]}],"statement":"-- Sums the pieces that open orders of the given users hold, without those whose reservation has ended. A user\n-- without any returns no row. It reads all orders of these users, along their index. OFFSET 0 keeps the\n-- planner from reading the open orders of all users, and all lines: it has no idea of how few of the orders\n-- are open.\n-- Locks: none, the caller holds the users through orderUserLock.\nSELECT owned.user_id, sum(line.count)::bigint AS \"pieces!\"\nFROM (\n    SELECT order_id, user_id, status, expires_at FROM orders WHERE user_id = ANY(:userIds!::bigint[]) OFFSET 0\n) AS owned\nCROSS JOIN LATERAL (\n    SELECT lines.count FROM order_lines AS lines WHERE lines.order_id = owned.order_id OFFSET 0\n) AS line\nWHERE owned.status = 'awaiting payment'\n  AND (owned.expires_at IS NULL OR owned.expires_at > now())\nGROUP BY owned.user_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Sums the pieces that open orders of the given users hold, without those whose reservation has ended. A user
 * -- without any returns no row. It reads all orders of these users, along their index. OFFSET 0 keeps the
 * -- planner from reading the open orders of all users, and all lines: it has no idea of how few of the orders
 * -- are open.
 * -- Locks: none, the caller holds the users through orderUserLock.
 * SELECT owned.user_id, sum(line.count)::bigint AS "pieces!"
 * FROM (
 *     SELECT order_id, user_id, status, expires_at FROM orders WHERE user_id = ANY(:userIds!::bigint[]) OFFSET 0
 * ) AS owned
 * CROSS JOIN LATERAL (
 *     SELECT lines.count FROM order_lines AS lines WHERE lines.order_id = owned.order_id OFFSET 0
 * ) AS line
 * WHERE owned.status = 'awaiting payment'
 *   AND (owned.expires_at IS NULL OR owned.expires_at > now())
 * GROUP BY owned.user_id
 * ```
 */
export const orderHeldPieces = new PreparedQuery<IOrderHeldPiecesParams,IOrderHeldPiecesResult>(orderHeldPiecesIR);


/** 'OrderOverdue' parameters type */
export interface IOrderOverdueParams {
  clockAheadMs: number;
  limit: bigint;
}

/** 'OrderOverdue' return type */
export interface IOrderOverdueResult {
  order_id: bigint;
}

/** 'OrderOverdue' query type */
export interface IOrderOverdueQuery {
  params: IOrderOverdueParams;
  result: IOrderOverdueResult;
}

const orderOverdueIR: any = {"usedParamSet":{"clockAheadMs":true,"limit":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":405,"b":418}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":481,"b":487}]}],"statement":"-- Reads the :limit open orders whose reservations ended first, on any node. Another transaction may be\n-- releasing them. The status is written out, since only then its partial index can be used.\n-- :clockAheadMs: how far the clock of the node is ahead of the primary's, by which reservations end.\n-- Locks: none.\nSELECT order_id\nFROM orders\nWHERE status = 'awaiting payment'\n  AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'\nORDER BY expires_at\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the :limit open orders whose reservations ended first, on any node. Another transaction may be
 * -- releasing them. The status is written out, since only then its partial index can be used.
 * -- :clockAheadMs: how far the clock of the node is ahead of the primary's, by which reservations end.
 * -- Locks: none.
 * SELECT order_id
 * FROM orders
 * WHERE status = 'awaiting payment'
 *   AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'
 * ORDER BY expires_at
 * LIMIT :limit!
 * ```
 */
export const orderOverdue = new PreparedQuery<IOrderOverdueParams,IOrderOverdueResult>(orderOverdueIR);


/** 'OrderBacklog' parameters type */
export interface IOrderBacklogParams {
  clockAheadMs: number;
  limit: bigint;
}

/** 'OrderBacklog' return type */
export interface IOrderBacklogResult {
  open: bigint;
  overdue_ms: number | null;
}

/** 'OrderBacklog' query type */
export interface IOrderBacklogQuery {
  params: IOrderBacklogParams;
  result: IOrderBacklogResult;
}

const orderBacklogIR: any = {"usedParamSet":{"limit":true,"clockAheadMs":true},"params":[{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":328,"b":334}]},{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":454,"b":467},{"a":575,"b":588}]}],"statement":"-- Counts the open orders, up to :limit, and reads for how long the first reservation that has ended waits for\n-- its release, in milliseconds; null without one. On any node. :clockAheadMs: as in orderOverdue.\n-- Locks: none.\nSELECT\n    (\n        SELECT count(*) FROM (SELECT FROM orders WHERE status = 'awaiting payment' LIMIT :limit!) AS held\n    ) AS \"open!\",\n    (\n        SELECT (extract(epoch FROM clock_timestamp() - expires_at) * 1000)::float8 - :clockAheadMs!::float8\n        FROM orders\n        WHERE status = 'awaiting payment'\n          AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'\n        ORDER BY expires_at\n        LIMIT 1\n    ) AS \"overdue_ms?\""};

/**
 * Query generated from SQL:
 * ```
 * -- Counts the open orders, up to :limit, and reads for how long the first reservation that has ended waits for
 * -- its release, in milliseconds; null without one. On any node. :clockAheadMs: as in orderOverdue.
 * -- Locks: none.
 * SELECT
 *     (
 *         SELECT count(*) FROM (SELECT FROM orders WHERE status = 'awaiting payment' LIMIT :limit!) AS held
 *     ) AS "open!",
 *     (
 *         SELECT (extract(epoch FROM clock_timestamp() - expires_at) * 1000)::float8 - :clockAheadMs!::float8
 *         FROM orders
 *         WHERE status = 'awaiting payment'
 *           AND expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond'
 *         ORDER BY expires_at
 *         LIMIT 1
 *     ) AS "overdue_ms?"
 * ```
 */
export const orderBacklog = new PreparedQuery<IOrderBacklogParams,IOrderBacklogResult>(orderBacklogIR);


/** 'OrderHolds' parameters type */
export interface IOrderHoldsParams {
  afterId: bigint;
  afterUs: bigint;
  limit: bigint;
  linesMax: bigint;
  skus: bigintArray;
}

/** 'OrderHolds' return type */
export interface IOrderHoldsResult {
  count: number | null;
  expires_us: bigint | null;
  last_id: bigint | null;
  last_us: bigint | null;
  order_id: bigint | null;
  size: bigint;
  sku: bigint | null;
}

/** 'OrderHolds' query type */
export interface IOrderHoldsQuery {
  params: IOrderHoldsParams;
  result: IOrderHoldsResult;
}

const orderHoldsIR: any = {"usedParamSet":{"afterUs":true,"afterId":true,"limit":true,"skus":true,"linesMax":true},"params":[{"name":"afterUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":730,"b":738}]},{"name":"afterId","required":true,"transform":{"type":"scalar"},"locs":[{"a":776,"b":784}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":839,"b":845}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":1545,"b":1550}]},{"name":"linesMax","required":true,"transform":{"type":"scalar"},"locs":[{"a":1650,"b":1659}]}],"statement":"-- Reads the next :limit reservations to end behind a position, on any node: of those that have lines with one\n-- of the given skus these lines, at most :linesMax, in the order of their ends. A position is an end, in\n-- microseconds since the epoch, and an order. Every row has the number of these reservations and the last\n-- position among them; without such a line there is one row, and without a reservation no order in it.\n-- OFFSET 0 keeps the planner from reading all lines: it has no idea of how many reservations there are.\n-- Locks: none.\nWITH next AS MATERIALIZED (\n    SELECT order_id, expires_at\n    FROM orders\n    WHERE status = 'awaiting payment'\n      AND (expires_at, order_id)\n        > ('epoch'::timestamptz + :afterUs!::bigint * interval '1 microsecond', :afterId!::bigint)\n    ORDER BY expires_at, order_id\n    LIMIT :limit!\n)\nSELECT held.order_id AS \"order_id?\", held.sku AS \"sku?\", held.count AS \"count?\",\n    (extract(epoch FROM held.expires_at) * 1000000)::bigint AS \"expires_us?\",\n    (SELECT count(*) FROM next) AS \"size!\", last.order_id AS \"last_id?\",\n    (extract(epoch FROM last.expires_at) * 1000000)::bigint AS \"last_us?\"\nFROM (SELECT 1) AS always\nLEFT JOIN (\n    SELECT order_id, expires_at FROM next ORDER BY expires_at DESC, order_id DESC LIMIT 1\n) AS last ON true\nLEFT JOIN (\n    SELECT next.order_id, next.expires_at, line.sku, line.count\n    FROM next\n    CROSS JOIN LATERAL (\n        SELECT lines.sku, lines.count FROM order_lines AS lines\n        WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0\n    ) AS line\n) AS held ON true\nORDER BY held.expires_at, held.order_id\nLIMIT :linesMax!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the next :limit reservations to end behind a position, on any node: of those that have lines with one
 * -- of the given skus these lines, at most :linesMax, in the order of their ends. A position is an end, in
 * -- microseconds since the epoch, and an order. Every row has the number of these reservations and the last
 * -- position among them; without such a line there is one row, and without a reservation no order in it.
 * -- OFFSET 0 keeps the planner from reading all lines: it has no idea of how many reservations there are.
 * -- Locks: none.
 * WITH next AS MATERIALIZED (
 *     SELECT order_id, expires_at
 *     FROM orders
 *     WHERE status = 'awaiting payment'
 *       AND (expires_at, order_id)
 *         > ('epoch'::timestamptz + :afterUs!::bigint * interval '1 microsecond', :afterId!::bigint)
 *     ORDER BY expires_at, order_id
 *     LIMIT :limit!
 * )
 * SELECT held.order_id AS "order_id?", held.sku AS "sku?", held.count AS "count?",
 *     (extract(epoch FROM held.expires_at) * 1000000)::bigint AS "expires_us?",
 *     (SELECT count(*) FROM next) AS "size!", last.order_id AS "last_id?",
 *     (extract(epoch FROM last.expires_at) * 1000000)::bigint AS "last_us?"
 * FROM (SELECT 1) AS always
 * LEFT JOIN (
 *     SELECT order_id, expires_at FROM next ORDER BY expires_at DESC, order_id DESC LIMIT 1
 * ) AS last ON true
 * LEFT JOIN (
 *     SELECT next.order_id, next.expires_at, line.sku, line.count
 *     FROM next
 *     CROSS JOIN LATERAL (
 *         SELECT lines.sku, lines.count FROM order_lines AS lines
 *         WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0
 *     ) AS line
 * ) AS held ON true
 * ORDER BY held.expires_at, held.order_id
 * LIMIT :linesMax!
 * ```
 */
export const orderHolds = new PreparedQuery<IOrderHoldsParams,IOrderHoldsResult>(orderHoldsIR);


/** 'OrderHoldsWithoutEnd' parameters type */
export interface IOrderHoldsWithoutEndParams {
  afterId: bigint;
  limit: bigint;
  linesMax: bigint;
  skus: bigintArray;
}

/** 'OrderHoldsWithoutEnd' return type */
export interface IOrderHoldsWithoutEndResult {
  count: number | null;
  expires_us: bigint | null;
  last_id: bigint | null;
  last_us: bigint | null;
  order_id: bigint | null;
  size: bigint;
  sku: bigint | null;
}

/** 'OrderHoldsWithoutEnd' query type */
export interface IOrderHoldsWithoutEndQuery {
  params: IOrderHoldsWithoutEndParams;
  result: IOrderHoldsWithoutEndResult;
}

const orderHoldsWithoutEndIR: any = {"usedParamSet":{"afterId":true,"limit":true,"skus":true,"linesMax":true},"params":[{"name":"afterId","required":true,"transform":{"type":"scalar"},"locs":[{"a":386,"b":394}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":448,"b":454}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":1016,"b":1021}]},{"name":"linesMax","required":true,"transform":{"type":"scalar"},"locs":[{"a":1104,"b":1113}]}],"statement":"-- The same for reservations that never end, in the order of their ids: they come behind all others. Their end\n-- is shown as the largest number. They are sorted by it too, since only then the index gives their order.\n-- Locks: none.\nWITH next AS MATERIALIZED (\n    SELECT order_id\n    FROM orders\n    WHERE status = 'awaiting payment'\n      AND expires_at IS NULL\n      AND order_id > :afterId!::bigint\n    ORDER BY expires_at, order_id\n    LIMIT :limit!\n)\nSELECT held.order_id AS \"order_id?\", held.sku AS \"sku?\", held.count AS \"count?\",\n    9223372036854775807 AS \"expires_us?\",\n    (SELECT count(*) FROM next) AS \"size!\", last.order_id AS \"last_id?\",\n    9223372036854775807 AS \"last_us?\"\nFROM (SELECT 1) AS always\nLEFT JOIN (SELECT max(order_id) AS order_id FROM next) AS last ON true\nLEFT JOIN (\n    SELECT next.order_id, line.sku, line.count\n    FROM next\n    CROSS JOIN LATERAL (\n        SELECT lines.sku, lines.count FROM order_lines AS lines\n        WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0\n    ) AS line\n) AS held ON true\nORDER BY held.order_id\nLIMIT :linesMax!"};

/**
 * Query generated from SQL:
 * ```
 * -- The same for reservations that never end, in the order of their ids: they come behind all others. Their end
 * -- is shown as the largest number. They are sorted by it too, since only then the index gives their order.
 * -- Locks: none.
 * WITH next AS MATERIALIZED (
 *     SELECT order_id
 *     FROM orders
 *     WHERE status = 'awaiting payment'
 *       AND expires_at IS NULL
 *       AND order_id > :afterId!::bigint
 *     ORDER BY expires_at, order_id
 *     LIMIT :limit!
 * )
 * SELECT held.order_id AS "order_id?", held.sku AS "sku?", held.count AS "count?",
 *     9223372036854775807 AS "expires_us?",
 *     (SELECT count(*) FROM next) AS "size!", last.order_id AS "last_id?",
 *     9223372036854775807 AS "last_us?"
 * FROM (SELECT 1) AS always
 * LEFT JOIN (SELECT max(order_id) AS order_id FROM next) AS last ON true
 * LEFT JOIN (
 *     SELECT next.order_id, line.sku, line.count
 *     FROM next
 *     CROSS JOIN LATERAL (
 *         SELECT lines.sku, lines.count FROM order_lines AS lines
 *         WHERE lines.order_id = next.order_id AND lines.sku = ANY(:skus!::bigint[]) OFFSET 0
 *     ) AS line
 * ) AS held ON true
 * ORDER BY held.order_id
 * LIMIT :linesMax!
 * ```
 */
export const orderHoldsWithoutEnd = new PreparedQuery<IOrderHoldsWithoutEndParams,IOrderHoldsWithoutEndResult>(orderHoldsWithoutEndIR);


/** 'OrderNextEnd' parameters type */
export interface IOrderNextEndParams {
  clockAheadMs: number;
}

/** 'OrderNextEnd' return type */
export interface IOrderNextEndResult {
  in_ms: number;
}

/** 'OrderNextEnd' query type */
export interface IOrderNextEndQuery {
  params: IOrderNextEndParams;
  result: IOrderNextEndResult;
}

const orderNextEndIR: any = {"usedParamSet":{"clockAheadMs":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":269,"b":282}]}],"statement":"-- Reads how long it takes until the next reservation ends, in milliseconds, at least 0. Without any it\n-- returns no row. On any node. :clockAheadMs: as in orderOverdue.\n-- Locks: none.\nSELECT\n    greatest(\n        ceil(extract(epoch FROM expires_at - now()) * 1000 + :clockAheadMs!::float8), 0\n    )::float8 AS \"in_ms!\"\nFROM orders\nWHERE status = 'awaiting payment'\n  AND expires_at IS NOT NULL\nORDER BY expires_at\nLIMIT 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads how long it takes until the next reservation ends, in milliseconds, at least 0. Without any it
 * -- returns no row. On any node. :clockAheadMs: as in orderOverdue.
 * -- Locks: none.
 * SELECT
 *     greatest(
 *         ceil(extract(epoch FROM expires_at - now()) * 1000 + :clockAheadMs!::float8), 0
 *     )::float8 AS "in_ms!"
 * FROM orders
 * WHERE status = 'awaiting payment'
 *   AND expires_at IS NOT NULL
 * ORDER BY expires_at
 * LIMIT 1
 * ```
 */
export const orderNextEnd = new PreparedQuery<IOrderNextEndParams,IOrderNextEndResult>(orderNextEndIR);


/** 'OrderChangeable' parameters type */
export interface IOrderChangeableParams {
  from: string;
  fromReason?: string | null | void;
  graceMs: number;
  orderIds: bigintArray;
}

/** 'OrderChangeable' return type */
export interface IOrderChangeableResult {
  created_us: bigint;
  expires_us: bigint | null;
  now_us: bigint;
  order_id: bigint;
}

/** 'OrderChangeable' query type */
export interface IOrderChangeableQuery {
  params: IOrderChangeableParams;
  result: IOrderChangeableResult;
}

const orderChangeableIR: any = {"usedParamSet":{"orderIds":true,"from":true,"fromReason":true,"graceMs":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":511,"b":520}]},{"name":"from","required":true,"transform":{"type":"scalar"},"locs":[{"a":548,"b":553}]},{"name":"fromReason","required":false,"transform":{"type":"scalar"},"locs":[{"a":596,"b":606}]},{"name":"graceMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":658,"b":666}]}],"statement":"-- Reads those of the given orders that orderTransition would change, by the same guard: when they were\n-- created, when their reservations end, and what now is, in microseconds since the epoch.\n-- Locks: none, the caller holds them through orderLock.\nSELECT order_id,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM expires_at) * 1000000)::bigint AS \"expires_us?\",\n    (extract(epoch FROM now()) * 1000000)::bigint AS \"now_us!\"\nFROM orders\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = :from!\n  AND cancel_reason IS NOT DISTINCT FROM :fromReason\n  AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond')"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads those of the given orders that orderTransition would change, by the same guard: when they were
 * -- created, when their reservations end, and what now is, in microseconds since the epoch.
 * -- Locks: none, the caller holds them through orderLock.
 * SELECT order_id,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
 *     (extract(epoch FROM now()) * 1000000)::bigint AS "now_us!"
 * FROM orders
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = :from!
 *   AND cancel_reason IS NOT DISTINCT FROM :fromReason
 *   AND (expires_at IS NULL OR expires_at > now() - :graceMs!::float8 * interval '1 millisecond')
 * ```
 */
export const orderChangeable = new PreparedQuery<IOrderChangeableParams,IOrderChangeableResult>(orderChangeableIR);


/** 'OrderExtend' parameters type */
export interface IOrderExtendParams {
  ends: stringArray;
  orderIds: bigintArray;
}

/** 'OrderExtend' return type */
export type IOrderExtendResult = void;

/** 'OrderExtend' query type */
export interface IOrderExtendQuery {
  params: IOrderExtendParams;
  result: IOrderExtendResult;
}

const orderExtendIR: any = {"usedParamSet":{"orderIds":true,"ends":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":361,"b":370},{"a":515,"b":524}]},{"name":"ends","required":true,"transform":{"type":"scalar"},"locs":[{"a":383,"b":388}]}],"statement":"-- Sets the ends of reservations. The arrays are parallel. The ends are texts, of which the parameter is cast:\n-- a sharded database takes no STABLE function of a column in an UPDATE, and every one that makes a time is.\n-- Locks: none, the caller holds them through orderLock.\nUPDATE orders\nSET expires_at = change.expires_at, version = version + 1\nFROM unnest(:orderIds!::bigint[], :ends!::text[]::timestamptz[]) AS change (order_id, expires_at)\nWHERE orders.order_id = change.order_id\n  AND orders.order_id = ANY(:orderIds!::bigint[])"};

/**
 * Query generated from SQL:
 * ```
 * -- Sets the ends of reservations. The arrays are parallel. The ends are texts, of which the parameter is cast:
 * -- a sharded database takes no STABLE function of a column in an UPDATE, and every one that makes a time is.
 * -- Locks: none, the caller holds them through orderLock.
 * UPDATE orders
 * SET expires_at = change.expires_at, version = version + 1
 * FROM unnest(:orderIds!::bigint[], :ends!::text[]::timestamptz[]) AS change (order_id, expires_at)
 * WHERE orders.order_id = change.order_id
 *   AND orders.order_id = ANY(:orderIds!::bigint[])
 * ```
 */
export const orderExtend = new PreparedQuery<IOrderExtendParams,IOrderExtendResult>(orderExtendIR);


/** 'OrderRead' parameters type */
export interface IOrderReadParams {
  clockAheadMs: number;
  linesMax: bigint;
  orderIds: bigintArray;
}

/** 'OrderRead' return type */
export interface IOrderReadResult {
  cancel_reason: string | null;
  count: number;
  created_us: bigint;
  expires_us: bigint | null;
  is_overdue: boolean;
  order_id: bigint;
  sku: bigint;
  status: string;
  updated_us: bigint;
  user_id: bigint;
  version: number;
}

/** 'OrderRead' query type */
export interface IOrderReadQuery {
  params: IOrderReadParams;
  result: IOrderReadResult;
}

const orderReadIR: any = {"usedParamSet":{"clockAheadMs":true,"orderIds":true,"linesMax":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":822,"b":835}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":1049,"b":1058},{"a":1098,"b":1107}]},{"name":"linesMax","required":true,"transform":{"type":"scalar"},"locs":[{"a":1162,"b":1171}]}],"statement":"-- Reads orders with their lines, one row per line, sorted by order and sku, on any node. It is one statement\n-- and so one snapshot: an order is never seen without its lines. An unknown id returns no row. Rows end at\n-- :linesMax.\n-- created_us, updated_us, expires_us: in microseconds since the epoch.\n-- is_overdue: whether the reservation has ended; while the order is open, nobody has released it yet.\n-- :clockAheadMs: as in orderOverdue.\n-- Locks: none.\nSELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count,\n    (extract(epoch FROM orders.created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM orders.updated_at) * 1000000)::bigint AS \"updated_us!\",\n    (extract(epoch FROM orders.expires_at) * 1000000)::bigint AS \"expires_us?\",\n    coalesce(orders.expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false)\n        AS \"is_overdue!\",\n    orders.cancel_reason, orders.version\nFROM orders\nJOIN order_lines AS lines ON lines.order_id = orders.order_id\nWHERE orders.order_id = ANY(:orderIds!::bigint[])\n  AND lines.order_id = ANY(:orderIds!::bigint[])\nORDER BY orders.order_id, lines.sku\nLIMIT :linesMax!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads orders with their lines, one row per line, sorted by order and sku, on any node. It is one statement
 * -- and so one snapshot: an order is never seen without its lines. An unknown id returns no row. Rows end at
 * -- :linesMax.
 * -- created_us, updated_us, expires_us: in microseconds since the epoch.
 * -- is_overdue: whether the reservation has ended; while the order is open, nobody has released it yet.
 * -- :clockAheadMs: as in orderOverdue.
 * -- Locks: none.
 * SELECT orders.order_id, orders.user_id, orders.status, lines.sku, lines.count,
 *     (extract(epoch FROM orders.created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM orders.updated_at) * 1000000)::bigint AS "updated_us!",
 *     (extract(epoch FROM orders.expires_at) * 1000000)::bigint AS "expires_us?",
 *     coalesce(orders.expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false)
 *         AS "is_overdue!",
 *     orders.cancel_reason, orders.version
 * FROM orders
 * JOIN order_lines AS lines ON lines.order_id = orders.order_id
 * WHERE orders.order_id = ANY(:orderIds!::bigint[])
 *   AND lines.order_id = ANY(:orderIds!::bigint[])
 * ORDER BY orders.order_id, lines.sku
 * LIMIT :linesMax!
 * ```
 */
export const orderRead = new PreparedQuery<IOrderReadParams,IOrderReadResult>(orderReadIR);


/** 'OrderScan' parameters type */
export interface IOrderScanParams {
  below: bigint;
  clockAheadMs: number;
  limit: bigint;
}

/** 'OrderScan' return type */
export interface IOrderScanResult {
  cancel_reason: string | null;
  created_us: bigint;
  expires_us: bigint | null;
  is_overdue: boolean;
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

const orderScanIR: any = {"usedParamSet":{"clockAheadMs":true,"below":true,"limit":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":467,"b":480}]},{"name":"below","required":true,"transform":{"type":"scalar"},"locs":[{"a":590,"b":596}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":635,"b":641}]}],"statement":"-- Reads the :limit newest orders below an id, newest first, on any node. The caller filters them and reads\n-- their lines.\n-- The other columns: as in orderRead.\n-- Locks: none.\nSELECT order_id, user_id, status,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM updated_at) * 1000000)::bigint AS \"updated_us!\",\n    (extract(epoch FROM expires_at) * 1000000)::bigint AS \"expires_us?\",\n    coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS \"is_overdue!\",\n    cancel_reason\nFROM orders\nWHERE order_id < :below!::bigint\nORDER BY order_id DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the :limit newest orders below an id, newest first, on any node. The caller filters them and reads
 * -- their lines.
 * -- The other columns: as in orderRead.
 * -- Locks: none.
 * SELECT order_id, user_id, status,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!",
 *     (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
 *     coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS "is_overdue!",
 *     cancel_reason
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
  clockAheadMs: number;
  limit: bigint;
  userId: bigint;
}

/** 'OrderScanOfUser' return type */
export interface IOrderScanOfUserResult {
  cancel_reason: string | null;
  created_us: bigint;
  expires_us: bigint | null;
  is_overdue: boolean;
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

const orderScanOfUserIR: any = {"usedParamSet":{"clockAheadMs":true,"userId":true,"below":true,"limit":true},"params":[{"name":"clockAheadMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":414,"b":427}]},{"name":"userId","required":true,"transform":{"type":"scalar"},"locs":[{"a":536,"b":543}]},{"name":"below","required":true,"transform":{"type":"scalar"},"locs":[{"a":570,"b":576}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":615,"b":621}]}],"statement":"-- The same for the orders of one user. It is a statement of its own, so that each has the plan of its index.\n-- Locks: none.\nSELECT order_id, user_id, status,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM updated_at) * 1000000)::bigint AS \"updated_us!\",\n    (extract(epoch FROM expires_at) * 1000000)::bigint AS \"expires_us?\",\n    coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS \"is_overdue!\",\n    cancel_reason\nFROM orders\nWHERE user_id = :userId!::bigint\n  AND order_id < :below!::bigint\nORDER BY order_id DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- The same for the orders of one user. It is a statement of its own, so that each has the plan of its index.
 * -- Locks: none.
 * SELECT order_id, user_id, status,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM updated_at) * 1000000)::bigint AS "updated_us!",
 *     (extract(epoch FROM expires_at) * 1000000)::bigint AS "expires_us?",
 *     coalesce(expires_at <= now() - :clockAheadMs!::float8 * interval '1 millisecond', false) AS "is_overdue!",
 *     cancel_reason
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
  limit: bigint;
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

const orderLineReadIR: any = {"usedParamSet":{"orderIds":true,"limit":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":250,"b":259}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":311,"b":317}]}],"statement":"-- Reads the last :limit lines of orders in the order of order and sku, the last one first, on any node. Lines\n-- never change, so they may be read after their orders.\n-- Locks: none.\nSELECT order_id, sku, count\nFROM order_lines\nWHERE order_id = ANY(:orderIds!::bigint[])\nORDER BY order_id DESC, sku DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the last :limit lines of orders in the order of order and sku, the last one first, on any node. Lines
 * -- never change, so they may be read after their orders.
 * -- Locks: none.
 * SELECT order_id, sku, count
 * FROM order_lines
 * WHERE order_id = ANY(:orderIds!::bigint[])
 * ORDER BY order_id DESC, sku DESC
 * LIMIT :limit!
 * ```
 */
export const orderLineRead = new PreparedQuery<IOrderLineReadParams,IOrderLineReadResult>(orderLineReadIR);


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

const orderDeleteIR: any = {"usedParamSet":{"orderIds":true,"statuses":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":296,"b":305}]},{"name":"statuses","required":true,"transform":{"type":"scalar"},"locs":[{"a":337,"b":346}]}],"statement":"-- Removes those of the given orders that have one of the final statuses :statuses, and returns their ids,\n-- without those that another removal was faster with.\n-- Locks: these rows. It waits for a transaction that holds one of them, and then removes it.\nDELETE FROM orders\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND status = ANY(:statuses!::text[])\nRETURNING order_id"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes those of the given orders that have one of the final statuses :statuses, and returns their ids,
 * -- without those that another removal was faster with.
 * -- Locks: these rows. It waits for a transaction that holds one of them, and then removes it.
 * DELETE FROM orders
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND status = ANY(:statuses!::text[])
 * RETURNING order_id
 * ```
 */
export const orderDelete = new PreparedQuery<IOrderDeleteParams,IOrderDeleteResult>(orderDeleteIR);


/** 'OrderOpenIds' parameters type */
export interface IOrderOpenIdsParams {
  limit: bigint;
}

/** 'OrderOpenIds' return type */
export interface IOrderOpenIdsResult {
  ids: Buffer | null;
  size: bigint;
}

/** 'OrderOpenIds' query type */
export interface IOrderOpenIdsQuery {
  params: IOrderOpenIdsParams;
  result: IOrderOpenIdsResult;
}

const orderOpenIdsIR: any = {"usedParamSet":{"limit":true},"params":[{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":584,"b":590}]}],"statement":"-- Reads the ids of up to :limit open orders, on any node: their number, and the ids as integers of 8 bytes,\n-- one behind the other, since to read as many rows would hold up a service. One statement and so one\n-- snapshot: whatever becomes of an order meanwhile, it is there once or not at all. They are sorted by their\n-- ends, since the planner may else read all orders.\n-- Locks: none.\nSELECT count(*) AS \"size!\", string_agg(int8send(open.order_id), ''::bytea) AS \"ids?\"\nFROM (\n    SELECT order_id FROM orders WHERE status = 'awaiting payment' ORDER BY expires_at, order_id LIMIT :limit!\n) AS open"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the ids of up to :limit open orders, on any node: their number, and the ids as integers of 8 bytes,
 * -- one behind the other, since to read as many rows would hold up a service. One statement and so one
 * -- snapshot: whatever becomes of an order meanwhile, it is there once or not at all. They are sorted by their
 * -- ends, since the planner may else read all orders.
 * -- Locks: none.
 * SELECT count(*) AS "size!", string_agg(int8send(open.order_id), ''::bytea) AS "ids?"
 * FROM (
 *     SELECT order_id FROM orders WHERE status = 'awaiting payment' ORDER BY expires_at, order_id LIMIT :limit!
 * ) AS open
 * ```
 */
export const orderOpenIds = new PreparedQuery<IOrderOpenIdsParams,IOrderOpenIdsResult>(orderOpenIdsIR);


/** 'OrderLineSums' parameters type */
export interface IOrderLineSumsParams {
  after: bigint;
  orderIds: bigintArray;
  upTo: bigint;
}

/** 'OrderLineSums' return type */
export interface IOrderLineSumsResult {
  count: bigint;
  sku: bigint;
}

/** 'OrderLineSums' query type */
export interface IOrderLineSumsQuery {
  params: IOrderLineSumsParams;
  result: IOrderLineSumsResult;
}

const orderLineSumsIR: any = {"usedParamSet":{"orderIds":true,"after":true,"upTo":true},"params":[{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":269,"b":278}]},{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":303,"b":309}]},{"name":"upTo","required":true,"transform":{"type":"scalar"},"locs":[{"a":332,"b":337}]}],"statement":"-- Sums the lines of the given orders by sku, of those that follow the sku :after, up to the sku :upTo, on any\n-- node. Lines never change, so they may be read after their orders.\n-- Locks: none.\nSELECT sku, sum(count) AS \"count!\"\nFROM order_lines\nWHERE order_id = ANY(:orderIds!::bigint[])\n  AND sku > :after!::bigint\n  AND sku <= :upTo!::bigint\nGROUP BY sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Sums the lines of the given orders by sku, of those that follow the sku :after, up to the sku :upTo, on any
 * -- node. Lines never change, so they may be read after their orders.
 * -- Locks: none.
 * SELECT sku, sum(count) AS "count!"
 * FROM order_lines
 * WHERE order_id = ANY(:orderIds!::bigint[])
 *   AND sku > :after!::bigint
 *   AND sku <= :upTo!::bigint
 * GROUP BY sku
 * ```
 */
export const orderLineSums = new PreparedQuery<IOrderLineSumsParams,IOrderLineSumsResult>(orderLineSumsIR);


/** 'OrderLineAudit' parameters type */
export interface IOrderLineAuditParams {
  afterId: bigint;
  afterSku: bigint;
  limit: bigint;
}

/** 'OrderLineAudit' return type */
export interface IOrderLineAuditResult {
  last_id: bigint | null;
  last_sku: bigint | null;
  order_id: bigint | null;
  size: bigint;
  sku: bigint | null;
}

/** 'OrderLineAudit' query type */
export interface IOrderLineAuditQuery {
  params: IOrderLineAuditParams;
  result: IOrderLineAuditResult;
}

const orderLineAuditIR: any = {"usedParamSet":{"afterId":true,"afterSku":true,"limit":true},"params":[{"name":"afterId","required":true,"transform":{"type":"scalar"},"locs":[{"a":448,"b":456}]},{"name":"afterSku","required":true,"transform":{"type":"scalar"},"locs":[{"a":467,"b":476}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":524,"b":530}]}],"statement":"-- Reads which of the :limit lines that follow (:afterId, :afterSku) have no order, on any node, and in every\n-- row how many lines there were and the last one; where all have one there is one row. One statement and so\n-- one snapshot, in which an order is whole or absent. OFFSET 0 keeps the planner from reading all orders.\n-- Locks: none.\nWITH checked AS MATERIALIZED (\n    SELECT order_id, sku\n    FROM order_lines\n    WHERE (order_id, sku) > (:afterId!::bigint, :afterSku!::bigint)\n    ORDER BY order_id, sku\n    LIMIT :limit!\n)\nSELECT (SELECT count(*) FROM checked) AS \"size!\", last.order_id AS \"last_id?\", last.sku AS \"last_sku?\",\n    stray.order_id AS \"order_id?\", stray.sku AS \"sku?\"\nFROM (SELECT 1) AS always\nLEFT JOIN (SELECT order_id, sku FROM checked ORDER BY order_id DESC, sku DESC LIMIT 1) AS last ON true\nLEFT JOIN (\n    SELECT checked.order_id, checked.sku\n    FROM checked\n    LEFT JOIN LATERAL (\n        SELECT orders.order_id FROM orders WHERE orders.order_id = checked.order_id OFFSET 0\n    ) AS owner ON true\n    WHERE owner.order_id IS NULL\n) AS stray ON true\nORDER BY stray.order_id, stray.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads which of the :limit lines that follow (:afterId, :afterSku) have no order, on any node, and in every
 * -- row how many lines there were and the last one; where all have one there is one row. One statement and so
 * -- one snapshot, in which an order is whole or absent. OFFSET 0 keeps the planner from reading all orders.
 * -- Locks: none.
 * WITH checked AS MATERIALIZED (
 *     SELECT order_id, sku
 *     FROM order_lines
 *     WHERE (order_id, sku) > (:afterId!::bigint, :afterSku!::bigint)
 *     ORDER BY order_id, sku
 *     LIMIT :limit!
 * )
 * SELECT (SELECT count(*) FROM checked) AS "size!", last.order_id AS "last_id?", last.sku AS "last_sku?",
 *     stray.order_id AS "order_id?", stray.sku AS "sku?"
 * FROM (SELECT 1) AS always
 * LEFT JOIN (SELECT order_id, sku FROM checked ORDER BY order_id DESC, sku DESC LIMIT 1) AS last ON true
 * LEFT JOIN (
 *     SELECT checked.order_id, checked.sku
 *     FROM checked
 *     LEFT JOIN LATERAL (
 *         SELECT orders.order_id FROM orders WHERE orders.order_id = checked.order_id OFFSET 0
 *     ) AS owner ON true
 *     WHERE owner.order_id IS NULL
 * ) AS stray ON true
 * ORDER BY stray.order_id, stray.sku
 * ```
 */
export const orderLineAudit = new PreparedQuery<IOrderLineAuditParams,IOrderLineAuditResult>(orderLineAuditIR);


/** 'OrderHoldSum' parameters type */
export interface IOrderHoldSumParams {
  sku: bigint;
}

/** 'OrderHoldSum' return type */
export interface IOrderHoldSumResult {
  count: bigint;
}

/** 'OrderHoldSum' query type */
export interface IOrderHoldSumQuery {
  params: IOrderHoldSumParams;
  result: IOrderHoldSumResult;
}

const orderHoldSumIR: any = {"usedParamSet":{"sku":true},"params":[{"name":"sku","required":true,"transform":{"type":"scalar"},"locs":[{"a":411,"b":415}]}],"statement":"-- Sums what open orders hold of a sku. It reads all open orders. OFFSET 0: as in orderHolds.\n-- Locks: none. Where the caller holds the stock of the sku through stockLock, none of its orders can change.\nSELECT coalesce(sum(line.count), 0)::bigint AS \"count!\"\nFROM orders\nCROSS JOIN LATERAL (\n    SELECT lines.count\n    FROM order_lines AS lines\n    WHERE lines.order_id = orders.order_id\n      AND lines.sku = :sku!::bigint\n    OFFSET 0\n) AS line\nWHERE orders.status = 'awaiting payment'"};

/**
 * Query generated from SQL:
 * ```
 * -- Sums what open orders hold of a sku. It reads all open orders. OFFSET 0: as in orderHolds.
 * -- Locks: none. Where the caller holds the stock of the sku through stockLock, none of its orders can change.
 * SELECT coalesce(sum(line.count), 0)::bigint AS "count!"
 * FROM orders
 * CROSS JOIN LATERAL (
 *     SELECT lines.count
 *     FROM order_lines AS lines
 *     WHERE lines.order_id = orders.order_id
 *       AND lines.sku = :sku!::bigint
 *     OFFSET 0
 * ) AS line
 * WHERE orders.status = 'awaiting payment'
 * ```
 */
export const orderHoldSum = new PreparedQuery<IOrderHoldSumParams,IOrderHoldSumResult>(orderHoldSumIR);



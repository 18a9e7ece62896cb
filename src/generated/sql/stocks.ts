/** Types generated for queries found in "sql/stocks.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

export type numberArray = (number)[];

export type stringArray = (string)[];

/** 'StockLock' parameters type */
export interface IStockLockParams {
  skus: bigintArray;
}

/** 'StockLock' return type */
export interface IStockLockResult {
  reserved: bigint;
  sku: bigint;
  total_count: bigint;
  version: bigint;
}

/** 'StockLock' query type */
export interface IStockLockQuery {
  params: IStockLockParams;
  result: IStockLockResult;
}

const stockLockIR: any = {"usedParamSet":{"skus":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":345,"b":350}]}],"statement":"-- Locks the stock of the given skus and reads it. A sku without stock returns no row.\n-- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.\n-- After a wait for a row lock, the row is read as the transaction before left it.\nSELECT sku, total_count, reserved, version\nFROM stocks\nWHERE sku = ANY(:skus!::bigint[])\nORDER BY sku\nFOR NO KEY UPDATE"};

/**
 * Query generated from SQL:
 * ```
 * -- Locks the stock of the given skus and reads it. A sku without stock returns no row.
 * -- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.
 * -- After a wait for a row lock, the row is read as the transaction before left it.
 * SELECT sku, total_count, reserved, version
 * FROM stocks
 * WHERE sku = ANY(:skus!::bigint[])
 * ORDER BY sku
 * FOR NO KEY UPDATE
 * ```
 */
export const stockLock = new PreparedQuery<IStockLockParams,IStockLockResult>(stockLockIR);


/** 'StockOpen' parameters type */
export interface IStockOpenParams {
  skus: bigintArray;
}

/** 'StockOpen' return type */
export type IStockOpenResult = void;

/** 'StockOpen' query type */
export interface IStockOpenQuery {
  params: IStockOpenParams;
  result: IStockOpenResult;
}

const stockOpenIR: any = {"usedParamSet":{"skus":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":287,"b":292}]}],"statement":"-- Adds skus without pieces. The arrays hold no sku twice.\n-- Locks: the new rows, in sku order. It waits for another transaction that adds one of them, and fails when\n-- that one commits; the caller runs again, and finds the stock.\nINSERT INTO stocks (sku)\nSELECT fresh.sku\nFROM unnest(:skus!::bigint[]) AS fresh (sku)\nORDER BY fresh.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Adds skus without pieces. The arrays hold no sku twice.
 * -- Locks: the new rows, in sku order. It waits for another transaction that adds one of them, and fails when
 * -- that one commits; the caller runs again, and finds the stock.
 * INSERT INTO stocks (sku)
 * SELECT fresh.sku
 * FROM unnest(:skus!::bigint[]) AS fresh (sku)
 * ORDER BY fresh.sku
 * ```
 */
export const stockOpen = new PreparedQuery<IStockOpenParams,IStockOpenResult>(stockOpenIR);


/** 'StockChange' parameters type */
export interface IStockChangeParams {
  actors: stringArray;
  countedAts: stringArray;
  kinds: stringArray;
  notes: stringArray;
  orderCounts: numberArray;
  orderIds: bigintArray;
  reasons: stringArray;
  references: stringArray;
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

const stockChangeIR: any = {"usedParamSet":{"skus":true,"kinds":true,"totalChanges":true,"reservedChanges":true,"orderIds":true,"orderCounts":true,"countedAts":true,"reasons":true,"references":true,"notes":true,"actors":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":1180,"b":1185},{"a":1633,"b":1638}]},{"name":"kinds","required":true,"transform":{"type":"scalar"},"locs":[{"a":1198,"b":1204}]},{"name":"totalChanges","required":true,"transform":{"type":"scalar"},"locs":[{"a":1215,"b":1228}]},{"name":"reservedChanges","required":true,"transform":{"type":"scalar"},"locs":[{"a":1241,"b":1257}]},{"name":"orderIds","required":true,"transform":{"type":"scalar"},"locs":[{"a":1278,"b":1287}]},{"name":"orderCounts","required":true,"transform":{"type":"scalar"},"locs":[{"a":1300,"b":1312}]},{"name":"countedAts","required":true,"transform":{"type":"scalar"},"locs":[{"a":1326,"b":1337}]},{"name":"reasons","required":true,"transform":{"type":"scalar"},"locs":[{"a":1371,"b":1379}]},{"name":"references","required":true,"transform":{"type":"scalar"},"locs":[{"a":1390,"b":1401}]},{"name":"notes","required":true,"transform":{"type":"scalar"},"locs":[{"a":1412,"b":1418}]},{"name":"actors","required":true,"transform":{"type":"scalar"},"locs":[{"a":1429,"b":1436}]}],"statement":"-- Changes each of the given skus once, and writes its movement to the ledger, with the totals after it.\n-- With stockRepair it is the only statement that changes a counter. The arrays are parallel; an order id of 0\n-- stands for none or several, an empty text for none. Changes by orders leave the last five arrays empty:\n-- unnest then fills them up with NULL. countedAts: of counts only, which occurred at that time.\n-- Stock that is not in the ledger yet gets an opening of version 0 before: its state until then.\n-- The time of a movement is that of this statement, which runs behind the wait for the lock. So the movements\n-- of a sku have times in the order of their versions, also after a failover to a clock that is behind.\n-- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.\nWITH changed AS (\n    UPDATE stocks\n    SET total_count = stocks.total_count + change.total,\n        reserved = stocks.reserved + change.reserved,\n        version = stocks.version + 1,\n        changed_at = greatest(statement_timestamp(), stocks.changed_at),\n        counted_at = coalesce(change.counted_at, stocks.counted_at)\n    FROM unnest(\n        :skus!::bigint[], :kinds!::text[], :totalChanges!::bigint[], :reservedChanges!::bigint[],\n        :orderIds!::bigint[], :orderCounts!::integer[], :countedAts!::text[]::timestamptz[],\n        :reasons!::text[], :references!::text[], :notes!::text[], :actors!::text[]\n    ) AS change (\n        sku, kind, total, reserved, order_id, order_count, counted_at, reason, reference, note, actor\n    )\n    WHERE stocks.sku = change.sku\n      AND stocks.sku = ANY(:skus!::bigint[])\n    RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at,\n        change.kind, change.total AS total_change, change.reserved AS reserved_change, change.order_id,\n        change.order_count, change.counted_at, change.reason, change.reference, change.note, change.actor\n)\nINSERT INTO stock_movements (\n    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, occurred_at,\n    order_id, order_count, kind, reason, reference, note, actor\n)\nSELECT sku, version, total_change, reserved_change, total_count, reserved, changed_at, counted_at,\n    nullif(order_id, 0), order_count, kind, nullif(reason, ''), nullif(reference, ''), nullif(note, ''),\n    nullif(actor, '')\nFROM changed\nUNION ALL\nSELECT sku, 0, 0, 0, total_count - total_change, reserved - reserved_change, changed_at, NULL, NULL, 0,\n    'opened', NULL, NULL, NULL, NULL\nFROM changed\nWHERE version = 1"};

/**
 * Query generated from SQL:
 * ```
 * -- Changes each of the given skus once, and writes its movement to the ledger, with the totals after it.
 * -- With stockRepair it is the only statement that changes a counter. The arrays are parallel; an order id of 0
 * -- stands for none or several, an empty text for none. Changes by orders leave the last five arrays empty:
 * -- unnest then fills them up with NULL. countedAts: of counts only, which occurred at that time.
 * -- Stock that is not in the ledger yet gets an opening of version 0 before: its state until then.
 * -- The time of a movement is that of this statement, which runs behind the wait for the lock. So the movements
 * -- of a sku have times in the order of their versions, also after a failover to a clock that is behind.
 * -- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.
 * WITH changed AS (
 *     UPDATE stocks
 *     SET total_count = stocks.total_count + change.total,
 *         reserved = stocks.reserved + change.reserved,
 *         version = stocks.version + 1,
 *         changed_at = greatest(statement_timestamp(), stocks.changed_at),
 *         counted_at = coalesce(change.counted_at, stocks.counted_at)
 *     FROM unnest(
 *         :skus!::bigint[], :kinds!::text[], :totalChanges!::bigint[], :reservedChanges!::bigint[],
 *         :orderIds!::bigint[], :orderCounts!::integer[], :countedAts!::text[]::timestamptz[],
 *         :reasons!::text[], :references!::text[], :notes!::text[], :actors!::text[]
 *     ) AS change (
 *         sku, kind, total, reserved, order_id, order_count, counted_at, reason, reference, note, actor
 *     )
 *     WHERE stocks.sku = change.sku
 *       AND stocks.sku = ANY(:skus!::bigint[])
 *     RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at,
 *         change.kind, change.total AS total_change, change.reserved AS reserved_change, change.order_id,
 *         change.order_count, change.counted_at, change.reason, change.reference, change.note, change.actor
 * )
 * INSERT INTO stock_movements (
 *     sku, version, total_change, reserved_change, total_after, reserved_after, created_at, occurred_at,
 *     order_id, order_count, kind, reason, reference, note, actor
 * )
 * SELECT sku, version, total_change, reserved_change, total_count, reserved, changed_at, counted_at,
 *     nullif(order_id, 0), order_count, kind, nullif(reason, ''), nullif(reference, ''), nullif(note, ''),
 *     nullif(actor, '')
 * FROM changed
 * UNION ALL
 * SELECT sku, 0, 0, 0, total_count - total_change, reserved - reserved_change, changed_at, NULL, NULL, 0,
 *     'opened', NULL, NULL, NULL, NULL
 * FROM changed
 * WHERE version = 1
 * ```
 */
export const stockChange = new PreparedQuery<IStockChangeParams,IStockChangeResult>(stockChangeIR);


/** 'StockCountRead' parameters type */
export interface IStockCountReadParams {
  countedAts: stringArray;
  skus: bigintArray;
}

/** 'StockCountRead' return type */
export interface IStockCountReadResult {
  changed: bigint;
  counted_us: bigint | null;
  now_us: bigint;
}

/** 'StockCountRead' query type */
export interface IStockCountReadQuery {
  params: IStockCountReadParams;
  result: IStockCountReadResult;
}

const stockCountReadIR: any = {"usedParamSet":{"skus":true,"countedAts":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":603,"b":608},{"a":933,"b":938},{"a":2611,"b":2616}]},{"name":"countedAts","required":true,"transform":{"type":"scalar"},"locs":[{"a":621,"b":632}]}],"statement":"-- For each count of a sku at a time: what has changed its total since, by the movements behind that time,\n-- except counts, whose time is when they were taken; when the sku was counted last; and what now is. Times\n-- are in microseconds since the epoch. The arrays are parallel, and may hold a sku more than once. Versions\n-- have no gap and times follow them, so the first version behind the time is found by halves.\n-- Locks: none, the caller holds the stock through stockLock, so no movement is missing.\nWITH RECURSIVE counts AS (\n    SELECT sent.position, sent.sku, sent.counted_at\n    FROM unnest(:skus!::bigint[], :countedAts!::text[]::timestamptz[])\n        WITH ORDINALITY AS sent (sku, counted_at, position)\n),\nsearch AS (\n    SELECT counts.position, counts.sku, counts.counted_at, first.version - 1 AS low,\n        stocks.version + 1 AS high\n    FROM counts\n    JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])\n    CROSS JOIN LATERAL (\n        SELECT movements.version\n        FROM stock_movements AS movements\n        WHERE movements.sku = counts.sku\n        ORDER BY movements.version\n        LIMIT 1\n    ) AS first\n    UNION ALL\n    SELECT position, sku, counted_at,\n        CASE WHEN is_before THEN middle ELSE low END,\n        CASE WHEN is_before THEN high ELSE middle END\n    FROM (\n        SELECT search.*, (low + high) / 2 AS middle,\n            (\n                SELECT movements.created_at <= search.counted_at\n                FROM stock_movements AS movements\n                WHERE movements.sku = search.sku\n                  AND movements.version = (search.low + search.high) / 2\n            ) AS is_before\n        FROM search\n        WHERE high - low > 1\n    ) AS halves\n)\nSELECT (extract(epoch FROM stocks.counted_at) * 1000000)::bigint AS \"counted_us?\",\n    (extract(epoch FROM statement_timestamp()) * 1000000)::bigint AS \"now_us!\",\n    (\n        coalesce(\n            stocks.total_count - (\n                SELECT movements.total_after - movements.total_change\n                FROM stock_movements AS movements\n                WHERE movements.sku = search.sku\n                  AND movements.version = search.high\n            ), 0\n        ) - coalesce(\n            (\n                SELECT sum(movements.total_change)\n                FROM stock_movements AS movements\n                WHERE movements.sku = search.sku\n                  AND movements.version >= search.high\n                  AND movements.kind = 'counted'\n            ), 0\n        )\n    )::bigint AS \"changed!\"\nFROM counts\nLEFT JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])\nLEFT JOIN search ON search.position = counts.position AND search.high - search.low = 1\nORDER BY counts.position"};

/**
 * Query generated from SQL:
 * ```
 * -- For each count of a sku at a time: what has changed its total since, by the movements behind that time,
 * -- except counts, whose time is when they were taken; when the sku was counted last; and what now is. Times
 * -- are in microseconds since the epoch. The arrays are parallel, and may hold a sku more than once. Versions
 * -- have no gap and times follow them, so the first version behind the time is found by halves.
 * -- Locks: none, the caller holds the stock through stockLock, so no movement is missing.
 * WITH RECURSIVE counts AS (
 *     SELECT sent.position, sent.sku, sent.counted_at
 *     FROM unnest(:skus!::bigint[], :countedAts!::text[]::timestamptz[])
 *         WITH ORDINALITY AS sent (sku, counted_at, position)
 * ),
 * search AS (
 *     SELECT counts.position, counts.sku, counts.counted_at, first.version - 1 AS low,
 *         stocks.version + 1 AS high
 *     FROM counts
 *     JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])
 *     CROSS JOIN LATERAL (
 *         SELECT movements.version
 *         FROM stock_movements AS movements
 *         WHERE movements.sku = counts.sku
 *         ORDER BY movements.version
 *         LIMIT 1
 *     ) AS first
 *     UNION ALL
 *     SELECT position, sku, counted_at,
 *         CASE WHEN is_before THEN middle ELSE low END,
 *         CASE WHEN is_before THEN high ELSE middle END
 *     FROM (
 *         SELECT search.*, (low + high) / 2 AS middle,
 *             (
 *                 SELECT movements.created_at <= search.counted_at
 *                 FROM stock_movements AS movements
 *                 WHERE movements.sku = search.sku
 *                   AND movements.version = (search.low + search.high) / 2
 *             ) AS is_before
 *         FROM search
 *         WHERE high - low > 1
 *     ) AS halves
 * )
 * SELECT (extract(epoch FROM stocks.counted_at) * 1000000)::bigint AS "counted_us?",
 *     (extract(epoch FROM statement_timestamp()) * 1000000)::bigint AS "now_us!",
 *     (
 *         coalesce(
 *             stocks.total_count - (
 *                 SELECT movements.total_after - movements.total_change
 *                 FROM stock_movements AS movements
 *                 WHERE movements.sku = search.sku
 *                   AND movements.version = search.high
 *             ), 0
 *         ) - coalesce(
 *             (
 *                 SELECT sum(movements.total_change)
 *                 FROM stock_movements AS movements
 *                 WHERE movements.sku = search.sku
 *                   AND movements.version >= search.high
 *                   AND movements.kind = 'counted'
 *             ), 0
 *         )
 *     )::bigint AS "changed!"
 * FROM counts
 * LEFT JOIN stocks ON stocks.sku = counts.sku AND stocks.sku = ANY(:skus!::bigint[])
 * LEFT JOIN search ON search.position = counts.position AND search.high - search.low = 1
 * ORDER BY counts.position
 * ```
 */
export const stockCountRead = new PreparedQuery<IStockCountReadParams,IStockCountReadResult>(stockCountReadIR);


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


/** 'StockVersionList' parameters type */
export interface IStockVersionListParams {
  after: bigint;
  limit: bigint;
  upTo: bigint;
}

/** 'StockVersionList' return type */
export interface IStockVersionListResult {
  reserved: bigint;
  sku: bigint;
  version: bigint;
}

/** 'StockVersionList' query type */
export interface IStockVersionListQuery {
  params: IStockVersionListParams;
  result: IStockVersionListResult;
}

const stockVersionListIR: any = {"usedParamSet":{"after":true,"upTo":true,"limit":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":221,"b":227}]},{"name":"upTo","required":true,"transform":{"type":"scalar"},"locs":[{"a":250,"b":255}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":284,"b":290}]}],"statement":"-- Reads what is reserved of the :limit skus that follow the sku :after, up to the sku :upTo, in order, on any\n-- node, and of which movement that is.\n-- Locks: none.\nSELECT sku, reserved, version\nFROM stocks\nWHERE sku > :after!::bigint\n  AND sku <= :upTo!::bigint\nORDER BY sku\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads what is reserved of the :limit skus that follow the sku :after, up to the sku :upTo, in order, on any
 * -- node, and of which movement that is.
 * -- Locks: none.
 * SELECT sku, reserved, version
 * FROM stocks
 * WHERE sku > :after!::bigint
 *   AND sku <= :upTo!::bigint
 * ORDER BY sku
 * LIMIT :limit!
 * ```
 */
export const stockVersionList = new PreparedQuery<IStockVersionListParams,IStockVersionListResult>(stockVersionListIR);



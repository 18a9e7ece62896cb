/** Types generated for queries found in "sql/stock_movements.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

/** 'StockMovementList' parameters type */
export interface IStockMovementListParams {
  below: bigint;
  limit: bigint;
  sku: bigint;
}

/** 'StockMovementList' return type */
export interface IStockMovementListResult {
  actor: string | null;
  created_us: bigint;
  kind: string;
  note: string | null;
  occurred_us: bigint;
  order_count: number;
  order_id: bigint | null;
  reason: string | null;
  reference: string | null;
  reserved_after: bigint;
  reserved_change: bigint;
  total_after: bigint;
  total_change: bigint;
  version: bigint;
}

/** 'StockMovementList' query type */
export interface IStockMovementListQuery {
  params: IStockMovementListParams;
  result: IStockMovementListResult;
}

const stockMovementListIR: any = {"usedParamSet":{"sku":true,"below":true,"limit":true},"params":[{"name":"sku","required":true,"transform":{"type":"scalar"},"locs":[{"a":510,"b":514}]},{"name":"below","required":true,"transform":{"type":"scalar"},"locs":[{"a":540,"b":546}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":584,"b":590}]}],"statement":"-- Reads the :limit newest movements of a sku below a version, newest first, on any node.\n-- created_us, occurred_us: in microseconds since the epoch.\n-- Locks: none.\nSELECT version, kind, total_change, reserved_change, total_after, reserved_after, order_id, order_count,\n    reason, reference, note, actor,\n    (extract(epoch FROM created_at) * 1000000)::bigint AS \"created_us!\",\n    (extract(epoch FROM coalesce(occurred_at, created_at)) * 1000000)::bigint AS \"occurred_us!\"\nFROM stock_movements\nWHERE sku = :sku!::bigint\n  AND version < :below!::bigint\nORDER BY version DESC\nLIMIT :limit!"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads the :limit newest movements of a sku below a version, newest first, on any node.
 * -- created_us, occurred_us: in microseconds since the epoch.
 * -- Locks: none.
 * SELECT version, kind, total_change, reserved_change, total_after, reserved_after, order_id, order_count,
 *     reason, reference, note, actor,
 *     (extract(epoch FROM created_at) * 1000000)::bigint AS "created_us!",
 *     (extract(epoch FROM coalesce(occurred_at, created_at)) * 1000000)::bigint AS "occurred_us!"
 * FROM stock_movements
 * WHERE sku = :sku!::bigint
 *   AND version < :below!::bigint
 * ORDER BY version DESC
 * LIMIT :limit!
 * ```
 */
export const stockMovementList = new PreparedQuery<IStockMovementListParams,IStockMovementListResult>(stockMovementListIR);


/** 'StockCounterAudit' parameters type */
export interface IStockCounterAuditParams {
  after: bigint;
  limit: bigint;
}

/** 'StockCounterAudit' return type */
export interface IStockCounterAuditResult {
  last_sku: bigint | null;
  last_version: bigint | null;
  reserved: bigint | null;
  reserved_after: bigint | null;
  size: bigint;
  sku: bigint | null;
  total: bigint | null;
  total_after: bigint | null;
  version: bigint | null;
}

/** 'StockCounterAudit' query type */
export interface IStockCounterAuditQuery {
  params: IStockCounterAuditParams;
  result: IStockCounterAuditResult;
}

const stockCounterAuditIR: any = {"usedParamSet":{"after":true,"limit":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":433,"b":439}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":476,"b":482}]}],"statement":"-- Compares the :limit skus that follow the sku :after with their last movements, on any node. Returns those\n-- that differ, and in every row how many skus there were and the last one; without a difference there is one\n-- row. Stock of version 0 is not in the ledger yet. One statement and so one snapshot.\n-- Locks: none.\nWITH audited AS MATERIALIZED (\n    SELECT sku, version, total_count, reserved\n    FROM stocks\n    WHERE sku > :after!::bigint\n    ORDER BY sku\n    LIMIT :limit!\n)\nSELECT bounds.size AS \"size!\", bounds.last_sku AS \"last_sku?\", wrong.sku AS \"sku?\",\n    wrong.version AS \"version?\", wrong.total_count AS \"total?\", wrong.reserved AS \"reserved?\",\n    wrong.last_version AS \"last_version?\", wrong.total_after AS \"total_after?\",\n    wrong.reserved_after AS \"reserved_after?\"\nFROM (SELECT count(*) AS size, max(sku) AS last_sku FROM audited) AS bounds\nLEFT JOIN (\n    SELECT audited.sku, audited.version, audited.total_count, audited.reserved,\n        last.version AS last_version, last.total_after, last.reserved_after\n    FROM audited\n    LEFT JOIN LATERAL (\n        SELECT movements.version, movements.total_after, movements.reserved_after\n        FROM stock_movements AS movements\n        WHERE movements.sku = audited.sku\n        ORDER BY movements.version DESC\n        LIMIT 1\n    ) AS last ON true\n    WHERE (audited.version, audited.total_count, audited.reserved)\n        <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),\n            coalesce(last.reserved_after, audited.reserved))\n) AS wrong ON true\nORDER BY wrong.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Compares the :limit skus that follow the sku :after with their last movements, on any node. Returns those
 * -- that differ, and in every row how many skus there were and the last one; without a difference there is one
 * -- row. Stock of version 0 is not in the ledger yet. One statement and so one snapshot.
 * -- Locks: none.
 * WITH audited AS MATERIALIZED (
 *     SELECT sku, version, total_count, reserved
 *     FROM stocks
 *     WHERE sku > :after!::bigint
 *     ORDER BY sku
 *     LIMIT :limit!
 * )
 * SELECT bounds.size AS "size!", bounds.last_sku AS "last_sku?", wrong.sku AS "sku?",
 *     wrong.version AS "version?", wrong.total_count AS "total?", wrong.reserved AS "reserved?",
 *     wrong.last_version AS "last_version?", wrong.total_after AS "total_after?",
 *     wrong.reserved_after AS "reserved_after?"
 * FROM (SELECT count(*) AS size, max(sku) AS last_sku FROM audited) AS bounds
 * LEFT JOIN (
 *     SELECT audited.sku, audited.version, audited.total_count, audited.reserved,
 *         last.version AS last_version, last.total_after, last.reserved_after
 *     FROM audited
 *     LEFT JOIN LATERAL (
 *         SELECT movements.version, movements.total_after, movements.reserved_after
 *         FROM stock_movements AS movements
 *         WHERE movements.sku = audited.sku
 *         ORDER BY movements.version DESC
 *         LIMIT 1
 *     ) AS last ON true
 *     WHERE (audited.version, audited.total_count, audited.reserved)
 *         <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),
 *             coalesce(last.reserved_after, audited.reserved))
 * ) AS wrong ON true
 * ORDER BY wrong.sku
 * ```
 */
export const stockCounterAudit = new PreparedQuery<IStockCounterAuditParams,IStockCounterAuditResult>(stockCounterAuditIR);


/** 'StockChainAudit' parameters type */
export interface IStockChainAuditParams {
  limit: bigint;
  sku: bigint;
  version: bigint;
}

/** 'StockChainAudit' return type */
export interface IStockChainAuditResult {
  finding: string | null;
  last_sku: bigint | null;
  last_version: bigint | null;
  size: bigint;
  sku: bigint | null;
  version: bigint | null;
}

/** 'StockChainAudit' query type */
export interface IStockChainAuditQuery {
  params: IStockChainAuditParams;
  result: IStockChainAuditResult;
}

const stockChainAuditIR: any = {"usedParamSet":{"sku":true,"version":true,"limit":true},"params":[{"name":"sku","required":true,"transform":{"type":"scalar"},"locs":[{"a":650,"b":654},{"a":1952,"b":1956}]},{"name":"version","required":true,"transform":{"type":"scalar"},"locs":[{"a":665,"b":673}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":720,"b":726}]}],"statement":"-- Checks the :limit movements from (:sku, :version) on, on any node: each of the same sku with the one\n-- before. The first of a sku must be an opening, of stock that exists. The first of the window was checked in\n-- the window before, if it is of the same sku. Returns the wrong ones, and in every row how many movements\n-- there were and the last one; without a wrong one there is one row. OFFSET 0 keeps the planner from reading\n-- all stock.\n-- Locks: none.\nWITH checked AS MATERIALIZED (\n    SELECT sku, version, kind, total_change, reserved_change, total_after, reserved_after, created_at\n    FROM stock_movements\n    WHERE (sku, version) >= (:sku!::bigint, :version!::bigint)\n    ORDER BY sku, version\n    LIMIT :limit!\n),\nlinked AS (\n    SELECT sku, version, kind, created_at,\n        total_after - total_change AS total_before, reserved_after - reserved_change AS reserved_before,\n        lag(sku) OVER chain AS previous_sku, lag(version) OVER chain AS previous_version,\n        lag(total_after) OVER chain AS previous_total, lag(reserved_after) OVER chain AS previous_reserved,\n        lag(created_at) OVER chain AS previous_created_at\n    FROM checked\n    WINDOW chain AS (ORDER BY sku, version)\n)\nSELECT (SELECT count(*) FROM checked) AS \"size!\", last.sku AS \"last_sku?\", last.version AS \"last_version?\",\n    wrong.sku AS \"sku?\", wrong.version AS \"version?\", wrong.finding AS \"finding?\"\nFROM (SELECT 1) AS always\nLEFT JOIN (SELECT sku, version FROM checked ORDER BY sku DESC, version DESC LIMIT 1) AS last ON true\nLEFT JOIN (\n    SELECT sku, version, CASE\n        WHEN previous_sku = sku THEN 'chain'\n        WHEN kind <> 'opened' THEN 'chain'\n        ELSE 'noStock'\n    END AS finding\n    FROM linked\n    WHERE CASE\n        WHEN previous_sku = sku THEN created_at < previous_created_at\n            OR (version, total_before, reserved_before)\n                <> (previous_version + 1, previous_total, previous_reserved)\n        WHEN sku = :sku! THEN false\n        ELSE kind <> 'opened'\n            OR NOT EXISTS (SELECT FROM stocks WHERE stocks.sku = linked.sku OFFSET 0)\n    END\n) AS wrong ON true\nORDER BY wrong.sku, wrong.version"};

/**
 * Query generated from SQL:
 * ```
 * -- Checks the :limit movements from (:sku, :version) on, on any node: each of the same sku with the one
 * -- before. The first of a sku must be an opening, of stock that exists. The first of the window was checked in
 * -- the window before, if it is of the same sku. Returns the wrong ones, and in every row how many movements
 * -- there were and the last one; without a wrong one there is one row. OFFSET 0 keeps the planner from reading
 * -- all stock.
 * -- Locks: none.
 * WITH checked AS MATERIALIZED (
 *     SELECT sku, version, kind, total_change, reserved_change, total_after, reserved_after, created_at
 *     FROM stock_movements
 *     WHERE (sku, version) >= (:sku!::bigint, :version!::bigint)
 *     ORDER BY sku, version
 *     LIMIT :limit!
 * ),
 * linked AS (
 *     SELECT sku, version, kind, created_at,
 *         total_after - total_change AS total_before, reserved_after - reserved_change AS reserved_before,
 *         lag(sku) OVER chain AS previous_sku, lag(version) OVER chain AS previous_version,
 *         lag(total_after) OVER chain AS previous_total, lag(reserved_after) OVER chain AS previous_reserved,
 *         lag(created_at) OVER chain AS previous_created_at
 *     FROM checked
 *     WINDOW chain AS (ORDER BY sku, version)
 * )
 * SELECT (SELECT count(*) FROM checked) AS "size!", last.sku AS "last_sku?", last.version AS "last_version?",
 *     wrong.sku AS "sku?", wrong.version AS "version?", wrong.finding AS "finding?"
 * FROM (SELECT 1) AS always
 * LEFT JOIN (SELECT sku, version FROM checked ORDER BY sku DESC, version DESC LIMIT 1) AS last ON true
 * LEFT JOIN (
 *     SELECT sku, version, CASE
 *         WHEN previous_sku = sku THEN 'chain'
 *         WHEN kind <> 'opened' THEN 'chain'
 *         ELSE 'noStock'
 *     END AS finding
 *     FROM linked
 *     WHERE CASE
 *         WHEN previous_sku = sku THEN created_at < previous_created_at
 *             OR (version, total_before, reserved_before)
 *                 <> (previous_version + 1, previous_total, previous_reserved)
 *         WHEN sku = :sku! THEN false
 *         ELSE kind <> 'opened'
 *             OR NOT EXISTS (SELECT FROM stocks WHERE stocks.sku = linked.sku OFFSET 0)
 *     END
 * ) AS wrong ON true
 * ORDER BY wrong.sku, wrong.version
 * ```
 */
export const stockChainAudit = new PreparedQuery<IStockChainAuditParams,IStockChainAuditResult>(stockChainAuditIR);


/** 'StockReservedMoves' parameters type */
export interface IStockReservedMovesParams {
  afters: bigintArray;
  skus: bigintArray;
  upTos: bigintArray;
}

/** 'StockReservedMoves' return type */
export interface IStockReservedMovesResult {
  added: bigint;
  sku: bigint;
  taken: bigint;
}

/** 'StockReservedMoves' query type */
export interface IStockReservedMovesQuery {
  params: IStockReservedMovesParams;
  result: IStockReservedMovesResult;
}

const stockReservedMovesIR: any = {"usedParamSet":{"skus":true,"afters":true,"upTos":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":269,"b":274},{"a":623,"b":628}]},{"name":"afters","required":true,"transform":{"type":"scalar"},"locs":[{"a":287,"b":294}]},{"name":"upTos","required":true,"transform":{"type":"scalar"},"locs":[{"a":307,"b":313}]}],"statement":"-- Sums what movements added to the reserved pieces of each sku, and what they took, from behind one version\n-- up to another, on any node. The arrays are parallel.\n-- Locks: none.\nSELECT span.sku AS \"sku!\", moves.added AS \"added!\", moves.taken AS \"taken!\"\nFROM unnest(:skus!::bigint[], :afters!::bigint[], :upTos!::bigint[]) AS span (sku, after, up_to)\nCROSS JOIN LATERAL (\n    SELECT coalesce(sum(greatest(reserved_change, 0)), 0)::bigint AS added,\n        coalesce(sum(least(reserved_change, 0)), 0)::bigint AS taken\n    FROM stock_movements AS movements\n    WHERE movements.sku = span.sku\n      AND movements.sku = ANY(:skus!::bigint[])\n      AND movements.version > span.after\n      AND movements.version <= span.up_to\n) AS moves"};

/**
 * Query generated from SQL:
 * ```
 * -- Sums what movements added to the reserved pieces of each sku, and what they took, from behind one version
 * -- up to another, on any node. The arrays are parallel.
 * -- Locks: none.
 * SELECT span.sku AS "sku!", moves.added AS "added!", moves.taken AS "taken!"
 * FROM unnest(:skus!::bigint[], :afters!::bigint[], :upTos!::bigint[]) AS span (sku, after, up_to)
 * CROSS JOIN LATERAL (
 *     SELECT coalesce(sum(greatest(reserved_change, 0)), 0)::bigint AS added,
 *         coalesce(sum(least(reserved_change, 0)), 0)::bigint AS taken
 *     FROM stock_movements AS movements
 *     WHERE movements.sku = span.sku
 *       AND movements.sku = ANY(:skus!::bigint[])
 *       AND movements.version > span.after
 *       AND movements.version <= span.up_to
 * ) AS moves
 * ```
 */
export const stockReservedMoves = new PreparedQuery<IStockReservedMovesParams,IStockReservedMovesResult>(stockReservedMovesIR);


/** 'StockRepair' parameters type */
export interface IStockRepairParams {
  held: bigint;
  kind: string;
  reservedChange: bigint;
  sku: bigint;
  totalChange: bigint;
  version: bigint;
}

/** 'StockRepair' return type */
export type IStockRepairResult = void;

/** 'StockRepair' query type */
export interface IStockRepairQuery {
  params: IStockRepairParams;
  result: IStockRepairResult;
}

const stockRepairIR: any = {"usedParamSet":{"held":true,"version":true,"sku":true,"totalChange":true,"reservedChange":true,"kind":true},"params":[{"name":"held","required":true,"transform":{"type":"scalar"},"locs":[{"a":378,"b":383}]},{"name":"version","required":true,"transform":{"type":"scalar"},"locs":[{"a":412,"b":420}]},{"name":"sku","required":true,"transform":{"type":"scalar"},"locs":[{"a":526,"b":530}]},{"name":"totalChange","required":true,"transform":{"type":"scalar"},"locs":[{"a":812,"b":824}]},{"name":"reservedChange","required":true,"transform":{"type":"scalar"},"locs":[{"a":835,"b":850}]},{"name":"kind","required":true,"transform":{"type":"scalar"},"locs":[{"a":903,"b":908}]}],"statement":"-- Writes a movement that leads from the last one of a sku to the pieces that exist, and to those that open\n-- orders hold, which it makes the reserved ones. With stockChange it is the only statement that changes a\n-- counter, and it never changes a movement.\n-- Locks: none, the caller holds the stock through stockLock.\nWITH repaired AS (\n    UPDATE stocks\n    SET reserved = :held!::bigint,\n        version = :version!::bigint,\n        changed_at = greatest(statement_timestamp(), stocks.changed_at)\n    WHERE stocks.sku = :sku!::bigint\n    RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at\n)\nINSERT INTO stock_movements (\n    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,\n    reason\n)\nSELECT sku, version, :totalChange!::bigint, :reservedChange!::bigint, total_count, reserved, changed_at, 0,\n    :kind!, 'repair'\nFROM repaired"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes a movement that leads from the last one of a sku to the pieces that exist, and to those that open
 * -- orders hold, which it makes the reserved ones. With stockChange it is the only statement that changes a
 * -- counter, and it never changes a movement.
 * -- Locks: none, the caller holds the stock through stockLock.
 * WITH repaired AS (
 *     UPDATE stocks
 *     SET reserved = :held!::bigint,
 *         version = :version!::bigint,
 *         changed_at = greatest(statement_timestamp(), stocks.changed_at)
 *     WHERE stocks.sku = :sku!::bigint
 *     RETURNING stocks.sku, stocks.version, stocks.total_count, stocks.reserved, stocks.changed_at
 * )
 * INSERT INTO stock_movements (
 *     sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,
 *     reason
 * )
 * SELECT sku, version, :totalChange!::bigint, :reservedChange!::bigint, total_count, reserved, changed_at, 0,
 *     :kind!, 'repair'
 * FROM repaired
 * ```
 */
export const stockRepair = new PreparedQuery<IStockRepairParams,IStockRepairResult>(stockRepairIR);


/** 'StockMovementRemovalLock' parameters type */
export interface IStockMovementRemovalLockParams {
  lock: bigint;
}

/** 'StockMovementRemovalLock' return type */
export interface IStockMovementRemovalLockResult {
  locked: boolean;
}

/** 'StockMovementRemovalLock' query type */
export interface IStockMovementRemovalLockQuery {
  params: IStockMovementRemovalLockParams;
  result: IStockMovementRemovalLockResult;
}

const stockMovementRemovalLockIR: any = {"usedParamSet":{"lock":true},"params":[{"name":"lock","required":true,"transform":{"type":"scalar"},"locs":[{"a":321,"b":326}]}],"statement":"-- Tries to become the only transaction that removes movements, until it ends. The statements behind it see\n-- what the removal before has done. Two at once would each put an opening into the same ledger, the later\n-- one without what is between them.\n-- Locks: advisory, of the removal.\nSELECT pg_try_advisory_xact_lock(:lock!::bigint) AS \"locked!\""};

/**
 * Query generated from SQL:
 * ```
 * -- Tries to become the only transaction that removes movements, until it ends. The statements behind it see
 * -- what the removal before has done. Two at once would each put an opening into the same ledger, the later
 * -- one without what is between them.
 * -- Locks: advisory, of the removal.
 * SELECT pg_try_advisory_xact_lock(:lock!::bigint) AS "locked!"
 * ```
 */
export const stockMovementRemovalLock = new PreparedQuery<IStockMovementRemovalLockParams,IStockMovementRemovalLockResult>(stockMovementRemovalLockIR);


/** 'StockMovementOld' parameters type */
export interface IStockMovementOldParams {
  after: bigint;
  limit: bigint;
  retentionMs: number;
  skus: bigint;
}

/** 'StockMovementOld' return type */
export interface IStockMovementOldResult {
  count: bigint;
  created_us: bigint | null;
  reserved_after: bigint | null;
  sku: bigint;
  total_after: bigint | null;
  version: bigint | null;
}

/** 'StockMovementOld' query type */
export interface IStockMovementOldQuery {
  params: IStockMovementOldParams;
  result: IStockMovementOldResult;
}

const stockMovementOldIR: any = {"usedParamSet":{"after":true,"skus":true,"limit":true,"retentionMs":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":546,"b":552}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":589,"b":594}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":714,"b":720}]},{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":1275,"b":1287}]}],"statement":"-- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than\n-- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is\n-- a row too, without the last one. Runs on the primary, whose clock counts. Versions have no gap and times\n-- follow them, so the last one is found by halves: some 14 movements are read of each sku, not all of them.\n-- Locks: none.\nWITH RECURSIVE walked AS MATERIALIZED (\n    SELECT sku, version\n    FROM stocks\n    WHERE sku > :after!::bigint\n    ORDER BY sku\n    LIMIT :skus!\n),\nsearch AS (\n    SELECT walked.sku, first.version AS first, first.version - 1 AS low,\n        least(first.version + :limit!::bigint, walked.version + 1) AS high\n    FROM walked\n    CROSS JOIN LATERAL (\n        SELECT movements.version\n        FROM stock_movements AS movements\n        WHERE movements.sku = walked.sku\n        ORDER BY movements.version\n        LIMIT 1\n    ) AS first\n    UNION ALL\n    SELECT sku, first,\n        CASE WHEN is_old THEN middle ELSE low END,\n        CASE WHEN is_old THEN high ELSE middle END\n    FROM (\n        SELECT search.*, (low + high) / 2 AS middle,\n            (\n                SELECT movements.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)\n                FROM stock_movements AS movements\n                WHERE movements.sku = search.sku\n                  AND movements.version = (search.low + search.high) / 2\n            ) AS is_old\n        FROM search\n        WHERE high - low > 1\n    ) AS halves\n)\nSELECT walked.sku, coalesce(search.low - search.first + 1, 0) AS \"count!\", last.version AS \"version?\",\n    last.total_after AS \"total_after?\", last.reserved_after AS \"reserved_after?\",\n    (extract(epoch FROM last.created_at) * 1000000)::bigint AS \"created_us?\"\nFROM walked\nLEFT JOIN search ON search.sku = walked.sku AND search.high - search.low = 1\nLEFT JOIN LATERAL (\n    SELECT movements.version, movements.total_after, movements.reserved_after, movements.created_at\n    FROM stock_movements AS movements\n    WHERE movements.sku = walked.sku\n      AND movements.version = search.low\n    OFFSET 0\n) AS last ON true\nORDER BY walked.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than
 * -- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is
 * -- a row too, without the last one. Runs on the primary, whose clock counts. Versions have no gap and times
 * -- follow them, so the last one is found by halves: some 14 movements are read of each sku, not all of them.
 * -- Locks: none.
 * WITH RECURSIVE walked AS MATERIALIZED (
 *     SELECT sku, version
 *     FROM stocks
 *     WHERE sku > :after!::bigint
 *     ORDER BY sku
 *     LIMIT :skus!
 * ),
 * search AS (
 *     SELECT walked.sku, first.version AS first, first.version - 1 AS low,
 *         least(first.version + :limit!::bigint, walked.version + 1) AS high
 *     FROM walked
 *     CROSS JOIN LATERAL (
 *         SELECT movements.version
 *         FROM stock_movements AS movements
 *         WHERE movements.sku = walked.sku
 *         ORDER BY movements.version
 *         LIMIT 1
 *     ) AS first
 *     UNION ALL
 *     SELECT sku, first,
 *         CASE WHEN is_old THEN middle ELSE low END,
 *         CASE WHEN is_old THEN high ELSE middle END
 *     FROM (
 *         SELECT search.*, (low + high) / 2 AS middle,
 *             (
 *                 SELECT movements.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)
 *                 FROM stock_movements AS movements
 *                 WHERE movements.sku = search.sku
 *                   AND movements.version = (search.low + search.high) / 2
 *             ) AS is_old
 *         FROM search
 *         WHERE high - low > 1
 *     ) AS halves
 * )
 * SELECT walked.sku, coalesce(search.low - search.first + 1, 0) AS "count!", last.version AS "version?",
 *     last.total_after AS "total_after?", last.reserved_after AS "reserved_after?",
 *     (extract(epoch FROM last.created_at) * 1000000)::bigint AS "created_us?"
 * FROM walked
 * LEFT JOIN search ON search.sku = walked.sku AND search.high - search.low = 1
 * LEFT JOIN LATERAL (
 *     SELECT movements.version, movements.total_after, movements.reserved_after, movements.created_at
 *     FROM stock_movements AS movements
 *     WHERE movements.sku = walked.sku
 *       AND movements.version = search.low
 *     OFFSET 0
 * ) AS last ON true
 * ORDER BY walked.sku
 * ```
 */
export const stockMovementOld = new PreparedQuery<IStockMovementOldParams,IStockMovementOldResult>(stockMovementOldIR);


/** 'StockMovementDelete' parameters type */
export interface IStockMovementDeleteParams {
  skus: bigintArray;
  versions: bigintArray;
}

/** 'StockMovementDelete' return type */
export type IStockMovementDeleteResult = void;

/** 'StockMovementDelete' query type */
export interface IStockMovementDeleteQuery {
  params: IStockMovementDeleteParams;
  result: IStockMovementDeleteResult;
}

const stockMovementDeleteIR: any = {"usedParamSet":{"skus":true,"versions":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":321,"b":326},{"a":400,"b":405}]},{"name":"versions","required":true,"transform":{"type":"scalar"},"locs":[{"a":418,"b":427}]}],"statement":"-- Removes the movements of each sku up to a version. The arrays are parallel. They are found by their places,\n-- since a join would read all movements of these skus, also those that stay.\n-- Locks: these rows. They never change, and the caller holds stockMovementRemovalLock.\nDELETE FROM stock_movements\nWHERE sku = ANY(:skus!::bigint[])\n  AND ctid = ANY(ARRAY(\n    SELECT old.place\n    FROM unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)\n    CROSS JOIN LATERAL (\n        SELECT movements.ctid AS place\n        FROM stock_movements AS movements\n        WHERE movements.sku = closed.sku\n          AND movements.version <= closed.version\n        OFFSET 0\n    ) AS old\n))"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the movements of each sku up to a version. The arrays are parallel. They are found by their places,
 * -- since a join would read all movements of these skus, also those that stay.
 * -- Locks: these rows. They never change, and the caller holds stockMovementRemovalLock.
 * DELETE FROM stock_movements
 * WHERE sku = ANY(:skus!::bigint[])
 *   AND ctid = ANY(ARRAY(
 *     SELECT old.place
 *     FROM unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)
 *     CROSS JOIN LATERAL (
 *         SELECT movements.ctid AS place
 *         FROM stock_movements AS movements
 *         WHERE movements.sku = closed.sku
 *           AND movements.version <= closed.version
 *         OFFSET 0
 *     ) AS old
 * ))
 * ```
 */
export const stockMovementDelete = new PreparedQuery<IStockMovementDeleteParams,IStockMovementDeleteResult>(stockMovementDeleteIR);


/** 'StockMovementReopen' parameters type */
export interface IStockMovementReopenParams {
  createdUs: bigintArray;
  reserved: bigintArray;
  skus: bigintArray;
  totals: bigintArray;
  versions: bigintArray;
}

/** 'StockMovementReopen' return type */
export type IStockMovementReopenResult = void;

/** 'StockMovementReopen' query type */
export interface IStockMovementReopenQuery {
  params: IStockMovementReopenParams;
  result: IStockMovementReopenResult;
}

const stockMovementReopenIR: any = {"usedParamSet":{"skus":true,"versions":true,"totals":true,"reserved":true,"createdUs":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":515,"b":520}]},{"name":"versions","required":true,"transform":{"type":"scalar"},"locs":[{"a":533,"b":542}]},{"name":"totals","required":true,"transform":{"type":"scalar"},"locs":[{"a":555,"b":562}]},{"name":"reserved","required":true,"transform":{"type":"scalar"},"locs":[{"a":575,"b":584}]},{"name":"createdUs","required":true,"transform":{"type":"scalar"},"locs":[{"a":597,"b":607}]}],"statement":"-- Writes openings in the place of movements that this transaction has removed, with what they left. The\n-- arrays are parallel; times are in microseconds since the epoch.\n-- Locks: the new rows.\nINSERT INTO stock_movements (\n    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind\n)\nSELECT opening.sku, opening.version, 0, 0, opening.total, opening.reserved,\n    'epoch'::timestamptz + opening.created_us * interval '1 microsecond', 0, 'opened'\nFROM unnest(\n    :skus!::bigint[], :versions!::bigint[], :totals!::bigint[], :reserved!::bigint[], :createdUs!::bigint[]\n) AS opening (sku, version, total, reserved, created_us)"};

/**
 * Query generated from SQL:
 * ```
 * -- Writes openings in the place of movements that this transaction has removed, with what they left. The
 * -- arrays are parallel; times are in microseconds since the epoch.
 * -- Locks: the new rows.
 * INSERT INTO stock_movements (
 *     sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind
 * )
 * SELECT opening.sku, opening.version, 0, 0, opening.total, opening.reserved,
 *     'epoch'::timestamptz + opening.created_us * interval '1 microsecond', 0, 'opened'
 * FROM unnest(
 *     :skus!::bigint[], :versions!::bigint[], :totals!::bigint[], :reserved!::bigint[], :createdUs!::bigint[]
 * ) AS opening (sku, version, total, reserved, created_us)
 * ```
 */
export const stockMovementReopen = new PreparedQuery<IStockMovementReopenParams,IStockMovementReopenResult>(stockMovementReopenIR);



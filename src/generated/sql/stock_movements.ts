/** Types generated for queries found in "sql/stock_movements.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

export type bigintArray = (bigint)[];

/** 'StockAudit' parameters type */
export interface IStockAuditParams {
  after: bigint;
  limit: bigint;
}

/** 'StockAudit' return type */
export interface IStockAuditResult {
  finding: string | null;
  last_sku: bigint | null;
  sku: bigint | null;
  version: bigint | null;
}

/** 'StockAudit' query type */
export interface IStockAuditQuery {
  params: IStockAuditParams;
  result: IStockAuditResult;
}

const stockAuditIR: any = {"usedParamSet":{"after":true,"limit":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":583,"b":589},{"a":942,"b":948}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":626,"b":632},{"a":681,"b":687}]}],"statement":"-- Reads what is wrong with the :limit skus that follow the sku :after, on any node: movements that do not\n-- begin where the one before ended, stock that is not what its last movement left, and reserved pieces that\n-- are not those of open orders. Stock without movements has not changed since it was added by hand. One\n-- statement and so one snapshot, in which each transaction is whole or absent.\n-- last_sku: where the next window begins; null behind the last one.\n-- Locks: none.\nWITH audited AS (\n    SELECT sku, version, total_count, reserved\n    FROM stocks\n    WHERE sku > :after!::bigint\n    ORDER BY sku\n    LIMIT :limit!\n),\nbounds AS (\n    SELECT CASE WHEN count(*) = :limit! THEN max(sku) END AS last_sku FROM audited\n),\nheld AS (\n    SELECT lines.sku, sum(lines.count) AS count\n    FROM orders\n    JOIN order_lines AS lines ON lines.order_id = orders.order_id\n    WHERE orders.status = 'awaiting payment'\n      AND lines.sku > :after!::bigint\n      AND lines.sku <= (SELECT coalesce(last_sku, 4294967295) FROM bounds)\n    GROUP BY lines.sku\n),\nchain AS (\n    SELECT movements.sku, movements.version, movements.kind,\n        movements.total_after - movements.total_change AS total_before,\n        movements.reserved_after - movements.reserved_change AS reserved_before,\n        lag(movements.version) OVER previous AS previous_version,\n        lag(movements.total_after) OVER previous AS previous_total,\n        lag(movements.reserved_after) OVER previous AS previous_reserved\n    FROM stock_movements AS movements\n    JOIN audited ON audited.sku = movements.sku\n    WINDOW previous AS (PARTITION BY movements.sku ORDER BY movements.version)\n),\nlast AS (\n    SELECT DISTINCT ON (movements.sku)\n        movements.sku, movements.version, movements.total_after, movements.reserved_after\n    FROM stock_movements AS movements\n    JOIN audited ON audited.sku = movements.sku\n    ORDER BY movements.sku, movements.version DESC\n),\nfindings AS (\n    SELECT sku, version, 'chain' AS finding\n    FROM chain\n    WHERE CASE\n        WHEN previous_version IS NULL THEN kind <> 'opened'\n        ELSE (version, total_before, reserved_before)\n            <> (previous_version + 1, previous_total, previous_reserved)\n    END\n    UNION ALL\n    SELECT audited.sku, audited.version, 'counters'\n    FROM audited\n    LEFT JOIN last ON last.sku = audited.sku\n    WHERE (audited.version, audited.total_count, audited.reserved)\n        <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),\n            coalesce(last.reserved_after, audited.reserved))\n    UNION ALL\n    SELECT coalesce(audited.sku, held.sku), coalesce(audited.version, 0), 'reserved'\n    FROM audited\n    FULL JOIN held ON held.sku = audited.sku\n    WHERE coalesce(audited.reserved, 0) <> coalesce(held.count, 0)\n)\nSELECT bounds.last_sku, findings.sku, findings.version, findings.finding\nFROM bounds\nLEFT JOIN findings ON true\nORDER BY findings.sku, findings.version"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads what is wrong with the :limit skus that follow the sku :after, on any node: movements that do not
 * -- begin where the one before ended, stock that is not what its last movement left, and reserved pieces that
 * -- are not those of open orders. Stock without movements has not changed since it was added by hand. One
 * -- statement and so one snapshot, in which each transaction is whole or absent.
 * -- last_sku: where the next window begins; null behind the last one.
 * -- Locks: none.
 * WITH audited AS (
 *     SELECT sku, version, total_count, reserved
 *     FROM stocks
 *     WHERE sku > :after!::bigint
 *     ORDER BY sku
 *     LIMIT :limit!
 * ),
 * bounds AS (
 *     SELECT CASE WHEN count(*) = :limit! THEN max(sku) END AS last_sku FROM audited
 * ),
 * held AS (
 *     SELECT lines.sku, sum(lines.count) AS count
 *     FROM orders
 *     JOIN order_lines AS lines ON lines.order_id = orders.order_id
 *     WHERE orders.status = 'awaiting payment'
 *       AND lines.sku > :after!::bigint
 *       AND lines.sku <= (SELECT coalesce(last_sku, 4294967295) FROM bounds)
 *     GROUP BY lines.sku
 * ),
 * chain AS (
 *     SELECT movements.sku, movements.version, movements.kind,
 *         movements.total_after - movements.total_change AS total_before,
 *         movements.reserved_after - movements.reserved_change AS reserved_before,
 *         lag(movements.version) OVER previous AS previous_version,
 *         lag(movements.total_after) OVER previous AS previous_total,
 *         lag(movements.reserved_after) OVER previous AS previous_reserved
 *     FROM stock_movements AS movements
 *     JOIN audited ON audited.sku = movements.sku
 *     WINDOW previous AS (PARTITION BY movements.sku ORDER BY movements.version)
 * ),
 * last AS (
 *     SELECT DISTINCT ON (movements.sku)
 *         movements.sku, movements.version, movements.total_after, movements.reserved_after
 *     FROM stock_movements AS movements
 *     JOIN audited ON audited.sku = movements.sku
 *     ORDER BY movements.sku, movements.version DESC
 * ),
 * findings AS (
 *     SELECT sku, version, 'chain' AS finding
 *     FROM chain
 *     WHERE CASE
 *         WHEN previous_version IS NULL THEN kind <> 'opened'
 *         ELSE (version, total_before, reserved_before)
 *             <> (previous_version + 1, previous_total, previous_reserved)
 *     END
 *     UNION ALL
 *     SELECT audited.sku, audited.version, 'counters'
 *     FROM audited
 *     LEFT JOIN last ON last.sku = audited.sku
 *     WHERE (audited.version, audited.total_count, audited.reserved)
 *         <> (coalesce(last.version, 0), coalesce(last.total_after, audited.total_count),
 *             coalesce(last.reserved_after, audited.reserved))
 *     UNION ALL
 *     SELECT coalesce(audited.sku, held.sku), coalesce(audited.version, 0), 'reserved'
 *     FROM audited
 *     FULL JOIN held ON held.sku = audited.sku
 *     WHERE coalesce(audited.reserved, 0) <> coalesce(held.count, 0)
 * )
 * SELECT bounds.last_sku, findings.sku, findings.version, findings.finding
 * FROM bounds
 * LEFT JOIN findings ON true
 * ORDER BY findings.sku, findings.version
 * ```
 */
export const stockAudit = new PreparedQuery<IStockAuditParams,IStockAuditResult>(stockAuditIR);


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

const stockMovementOldIR: any = {"usedParamSet":{"after":true,"skus":true,"limit":true,"retentionMs":true},"params":[{"name":"after","required":true,"transform":{"type":"scalar"},"locs":[{"a":641,"b":647}]},{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":676,"b":681}]},{"name":"limit","required":true,"transform":{"type":"scalar"},"locs":[{"a":937,"b":943}]},{"name":"retentionMs","required":true,"transform":{"type":"scalar"},"locs":[{"a":1021,"b":1033}]}],"statement":"-- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than\n-- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is\n-- a row too, without the last one. Runs on the primary, whose clock counts. Times follow the versions, so no\n-- index on time is needed.\n-- Locks: none.\nSELECT walked.sku, old.count AS \"count!\", last.version AS \"version?\", last.total_after AS \"total_after?\",\n    last.reserved_after AS \"reserved_after?\",\n    (extract(epoch FROM last.created_at) * 1000000)::bigint AS \"created_us?\"\nFROM (SELECT sku FROM stocks WHERE sku > :after!::bigint ORDER BY sku LIMIT :skus!) AS walked\nCROSS JOIN LATERAL (\n    SELECT count(*) AS count, max(oldest.version) AS version\n    FROM (\n        SELECT version, created_at\n        FROM stock_movements\n        WHERE stock_movements.sku = walked.sku\n        ORDER BY version\n        LIMIT :limit!\n    ) AS oldest\n    WHERE oldest.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)\n) AS old\nLEFT JOIN stock_movements AS last ON last.sku = walked.sku AND last.version = old.version\nORDER BY walked.sku"};

/**
 * Query generated from SQL:
 * ```
 * -- Reads, of the :skus skus that follow the sku :after, how many of their oldest movements are older than
 * -- :retentionMs, up to :limit of each, and the last of these, with what it left. Of a sku without any there is
 * -- a row too, without the last one. Runs on the primary, whose clock counts. Times follow the versions, so no
 * -- index on time is needed.
 * -- Locks: none.
 * SELECT walked.sku, old.count AS "count!", last.version AS "version?", last.total_after AS "total_after?",
 *     last.reserved_after AS "reserved_after?",
 *     (extract(epoch FROM last.created_at) * 1000000)::bigint AS "created_us?"
 * FROM (SELECT sku FROM stocks WHERE sku > :after!::bigint ORDER BY sku LIMIT :skus!) AS walked
 * CROSS JOIN LATERAL (
 *     SELECT count(*) AS count, max(oldest.version) AS version
 *     FROM (
 *         SELECT version, created_at
 *         FROM stock_movements
 *         WHERE stock_movements.sku = walked.sku
 *         ORDER BY version
 *         LIMIT :limit!
 *     ) AS oldest
 *     WHERE oldest.created_at < now() - make_interval(secs => :retentionMs!::float8 / 1000)
 * ) AS old
 * LEFT JOIN stock_movements AS last ON last.sku = walked.sku AND last.version = old.version
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
export interface IStockMovementDeleteResult {
  count: bigint;
  sku: bigint;
  version: bigint;
}

/** 'StockMovementDelete' query type */
export interface IStockMovementDeleteQuery {
  params: IStockMovementDeleteParams;
  result: IStockMovementDeleteResult;
}

const stockMovementDeleteIR: any = {"usedParamSet":{"skus":true,"versions":true},"params":[{"name":"skus","required":true,"transform":{"type":"scalar"},"locs":[{"a":326,"b":331},{"a":504,"b":509}]},{"name":"versions","required":true,"transform":{"type":"scalar"},"locs":[{"a":344,"b":353}]}],"statement":"-- Removes the movements of each sku up to a version, and returns those of exactly that version: none where\n-- another instance was faster. The arrays are parallel.\n-- Locks: these rows. They never change, so only another removal waits for them.\nWITH removed AS (\n    DELETE FROM stock_movements AS movements\n    USING unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)\n    WHERE movements.sku = closed.sku\n      AND movements.version <= closed.version\n      AND movements.sku = ANY(:skus!::bigint[])\n    RETURNING movements.sku, movements.version, closed.version AS closed_version\n)\nSELECT sku, version, (SELECT count(*) FROM removed) AS \"count!\"\nFROM removed\nWHERE version = closed_version"};

/**
 * Query generated from SQL:
 * ```
 * -- Removes the movements of each sku up to a version, and returns those of exactly that version: none where
 * -- another instance was faster. The arrays are parallel.
 * -- Locks: these rows. They never change, so only another removal waits for them.
 * WITH removed AS (
 *     DELETE FROM stock_movements AS movements
 *     USING unnest(:skus!::bigint[], :versions!::bigint[]) AS closed (sku, version)
 *     WHERE movements.sku = closed.sku
 *       AND movements.version <= closed.version
 *       AND movements.sku = ANY(:skus!::bigint[])
 *     RETURNING movements.sku, movements.version, closed.version AS closed_version
 * )
 * SELECT sku, version, (SELECT count(*) FROM removed) AS "count!"
 * FROM removed
 * WHERE version = closed_version
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



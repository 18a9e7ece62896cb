/** Types generated for queries found in "sql/stock_movements.sql" */
import { PreparedQuery } from '@pgtyped/runtime';

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



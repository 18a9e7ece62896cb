/*
  Stock of a sku: the pieces that exist (total_count), and those of them that open orders hold (reserved).
  The difference is available. The changes of a batch to one sku are summed before these queries run.
*/

/* @name stockLock */
-- Locks the stock of the given skus and reads it. A sku without stock returns no row.
-- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.
-- After a wait for a row lock, the row is read as the transaction before left it.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku = ANY(:skus!::bigint[])
ORDER BY sku
FOR NO KEY UPDATE;

/* @name stockChange */
-- Adds one sum per sku to total_count and to reserved: a reservation adds to reserved, a cancelled order
-- subtracts from it, a paid one subtracts from both. The arrays are parallel.
-- Locks: none, the caller holds them through stockLock. The table's CHECK rejects an oversell.
UPDATE stocks
SET total_count = stocks.total_count + change.total_count,
    reserved = stocks.reserved + change.reserved
FROM unnest(:skus!::bigint[], :totalChanges!::bigint[], :reservedChanges!::bigint[])
    AS change (sku, total_count, reserved)
WHERE stocks.sku = change.sku
  AND stocks.sku = ANY(:skus!::bigint[]);

/* @name stockRead */
-- Reads the stock of the given skus, on any node. A sku without stock returns no row.
-- Locks: none.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku = ANY(:skus!::bigint[]);

/* @name stockList */
-- Reads the stock of the :limit skus that follow the sku :after, in order, on any node.
-- Locks: none.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku > :after!::bigint
ORDER BY sku
LIMIT :limit!;

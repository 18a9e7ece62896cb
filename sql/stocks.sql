/*
  Stock of a sku: what there is (total_count) and what open orders hold of it (reserved).
  What can be bought is the difference. A batch's changes to one sku are summed before they come here.
*/

/* @name stockLock */
-- Locks the stock of the given skus and reads it. A sku without stock has no row in the answer.
-- Locks: these stock rows, in sku order, so that batches which share skus queue up and never deadlock.
-- A row that had to be waited for is read as the transaction before left it.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku = ANY(:skus!::bigint[])
ORDER BY sku
FOR NO KEY UPDATE;

/* @name stockChange */
-- Adds one sum per sku to what there is and to what is reserved: a reservation adds to the second, a
-- cancelled order takes from it, a payed one takes from both. The arrays run side by side.
-- Locks: none, the caller holds them by stockLock. The table's CHECK refuses what would oversell.
UPDATE stocks
SET total_count = stocks.total_count + change.total_count,
    reserved = stocks.reserved + change.reserved
FROM unnest(:skus!::bigint[], :totalChanges!::bigint[], :reservedChanges!::bigint[])
    AS change (sku, total_count, reserved)
WHERE stocks.sku = change.sku
  AND stocks.sku = ANY(:skus!::bigint[]);

/* @name stockRead */
-- Reads what there is of the given skus, on any node. A sku without stock has no row in the answer.
-- Locks: none.
SELECT sku, total_count, reserved
FROM stocks
WHERE sku = ANY(:skus!::bigint[]);

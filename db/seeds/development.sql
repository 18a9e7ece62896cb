-- Stock for development, in the ledger. An existing stock row is kept, so seeding is idempotent. What is
-- reserved belongs to one order that never ends, of user 1000000. By the reference of its opening the refill
-- finds this stock.
WITH seeded (sku, total_count, reserved) AS (
    VALUES
    (139275865, 65534, 0),
    (2956315, 300, 30),
    (1076963, 300, 35),
    (135717466, 100, 20),
    (135937324, 300, 30),
    (1625903, 10000, 0),
    (1148162, 300, 0),
    (139819069, 100, 100),
    (139818428, 100, 100),
    (2618151, 300, 0),
    (2958025, 300, 0),
    (3596599, 300, 0),
    (3618852, 300, 0),
    (4288068, 300, 0),
    (4465995, 300, 0),
    (30816475, 300, 0)
),
added AS (
    INSERT INTO stocks (sku, total_count, reserved, version, changed_at)
    SELECT sku, total_count, reserved, 1, now()
    FROM seeded
    ON CONFLICT (sku) DO NOTHING
    RETURNING *
),
holder AS (
    INSERT INTO orders (order_id, user_id, status, created_at, updated_at)
    SELECT nextval('order_ids'), 1000000, 'awaiting payment', now(), now()
    WHERE EXISTS (SELECT FROM added WHERE reserved > 0)
    RETURNING order_id
),
held AS (
    INSERT INTO order_lines (order_id, sku, count)
    SELECT holder.order_id, added.sku, added.reserved
    FROM added, holder
    WHERE added.reserved > 0
)
INSERT INTO stock_movements (
    sku, version, total_change, reserved_change, total_after, reserved_after, created_at, order_count, kind,
    reference
)
SELECT sku, version, 0, 0, total_count, reserved, changed_at, 0, 'opened', 'seed'
FROM added;

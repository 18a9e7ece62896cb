-- Everything that the service's role may do, applied after the migrations if the role exists (see roles.sql).
-- It starts by revoking everything, so what is not listed here is not allowed. A migration that adds a table,
-- or a query that does something new, needs a line here; a test plans every query as this role.
--
-- It does not wait for a replica: every start applies it, also a start that must serve reads while no replica
-- is connected.
SET LOCAL synchronous_commit = local;

-- By name: what others have created in the schema is not the owner's to revoke. A test compares the names
-- with the schema.
REVOKE ALL ON event_batches, idempotency_keys, order_lines, orders, schema_migrations, stock_movements, stocks
    FROM loms_app;
REVOKE ALL ON SEQUENCE event_batch_ids, order_ids FROM loms_app;
GRANT USAGE ON SCHEMA public TO loms_app;

GRANT SELECT, INSERT, DELETE, UPDATE (status, updated_at, expires_at, cancel_reason, version, closed_by)
    ON orders TO loms_app;
GRANT SELECT, INSERT, DELETE ON order_lines TO loms_app;
GRANT SELECT, INSERT (sku), UPDATE (total_count, reserved, version, changed_at, counted_at) ON stocks
    TO loms_app;
GRANT SELECT, INSERT, DELETE ON stock_movements TO loms_app;
GRANT USAGE ON SEQUENCE order_ids, event_batch_ids TO loms_app;
GRANT SELECT, INSERT, DELETE, UPDATE (position, published_at) ON event_batches TO loms_app;
GRANT SELECT, INSERT, DELETE ON idempotency_keys TO loms_app;
GRANT UPDATE (
    created_at, expires_at, request_hash, order_id, shortages, available, available_at, order_expires_at,
    stock_before
) ON idempotency_keys TO loms_app;

-- The service reads here whether its database is migrated.
GRANT SELECT ON schema_migrations TO loms_app;

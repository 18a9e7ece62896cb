-- migrate:up

-- When the reservation of an order ends, and why an order was cancelled ('requested' or 'expired'). Orders
-- from before have neither: their reservations never end. No existing row is written.
ALTER TABLE orders
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN cancel_reason text;

-- migrate:down

ALTER TABLE orders
    DROP COLUMN expires_at,
    DROP COLUMN cancel_reason;

-- migrate:up

-- Checks new rows only, so that it reads none of the existing ones; they have no reason.
ALTER TABLE orders
    ADD CONSTRAINT orders_cancel_reason_is_known CHECK (cancel_reason IN ('requested', 'expired')) NOT VALID;

-- migrate:down

ALTER TABLE orders DROP CONSTRAINT orders_cancel_reason_is_known;

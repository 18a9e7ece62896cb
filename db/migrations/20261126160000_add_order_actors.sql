-- migrate:up

-- Who created the order, and who payed or cancelled it: the names of the callers by their credentials. NULL
-- where callers have no names, closed_by also of an order that is open, failed or expired. Orders from before
-- have neither. No existing row is written. A new row is 8 bytes longer, also without names: with more than
-- eight columns its header has room for more bits of NULL.
ALTER TABLE orders
    ADD COLUMN created_by text,
    ADD COLUMN closed_by text;

-- migrate:down

ALTER TABLE orders
    DROP COLUMN created_by,
    DROP COLUMN closed_by;

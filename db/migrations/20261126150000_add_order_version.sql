-- migrate:up

-- version: 1 of a new order, raised by every change of it, so that its events can be counted. No existing row
-- is written: what changed an order before is in no event.
ALTER TABLE orders ADD COLUMN version integer NOT NULL DEFAULT 1;

-- migrate:down

ALTER TABLE orders DROP COLUMN version;

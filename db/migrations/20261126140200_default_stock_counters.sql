-- migrate:up

-- The service adds a sku without pieces, and has the right to name no other column: the pieces come by a
-- movement.
ALTER TABLE stocks
    ALTER COLUMN total_count SET DEFAULT 0,
    ALTER COLUMN reserved SET DEFAULT 0;

-- migrate:down

ALTER TABLE stocks
    ALTER COLUMN total_count DROP DEFAULT,
    ALTER COLUMN reserved DROP DEFAULT;

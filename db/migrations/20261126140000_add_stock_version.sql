-- migrate:up

-- version: that of the stock's last movement in the ledger. 0: there is none yet, and the first change writes
-- what was before it too. changed_at: the time of that movement; no later one gets an earlier time.
-- counted_at: when the stock was counted last. No existing row is written.
-- The version before changes stock without raising it: see operations.md on the upgrade.
ALTER TABLE stocks
    ADD COLUMN version bigint NOT NULL DEFAULT 0,
    ADD COLUMN changed_at timestamptz,
    ADD COLUMN counted_at timestamptz;

-- migrate:down

ALTER TABLE stocks
    DROP COLUMN version,
    DROP COLUMN changed_at,
    DROP COLUMN counted_at;

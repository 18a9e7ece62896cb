-- migrate:up

-- Each key gets the end that was promised with it, so that no instance removes the keys of another one that
-- keeps its keys longer. See sql/idempotency_keys.sql.
--
-- PostgreSQL computes the default once for all existing rows and writes none of them. They, and the keys of a
-- version that does not know the column, get the longest retention that can be configured.
ALTER TABLE idempotency_keys
    ADD COLUMN expires_at timestamptz NOT NULL DEFAULT now() + interval '7 days';

-- migrate:down

ALTER TABLE idempotency_keys DROP COLUMN expires_at;

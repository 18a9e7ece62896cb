-- The roles of loms. An administrator runs this once, connected to the database of loms, before or after the
-- first migration. It is idempotent.
--
--     psql --dbname=loms --file=db/roles.sql
--
-- loms_owner owns the schema; migrations run as it. loms_app can do what db/grants.sql lists and nothing
-- else; the service works as it. Neither can log in. Create login roles by hand, with passwords of their own.
-- With two logins of a kind, a password can be rotated while the service runs:
--
--     CREATE ROLE loms LOGIN PASSWORD '...' IN ROLE loms_app;
--     CREATE ROLE loms_migration LOGIN PASSWORD '...' IN ROLE loms_owner;
--     ALTER ROLE loms_migration SET role = loms_owner;
DO $$
DECLARE
    object record;
BEGIN
    -- Roles belong to the whole server, so they may exist already for another database.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_owner') THEN
        CREATE ROLE loms_owner NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'loms_app') THEN
        CREATE ROLE loms_app NOLOGIN;
    END IF;

    -- The service reads which replicas are synchronous through this role. pg_monitor, which it once had, also
    -- shows settings such as a replica's password for the primary.
    GRANT pg_read_all_stats TO loms_app;
    REVOKE pg_monitor FROM loms_app;

    -- Only these two roles may connect, and only the owner may create objects, temporary tables included. The
    -- schema "public" belongs to the owner of the database.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO loms_owner, loms_app', current_database());
    EXECUTE format('ALTER DATABASE %I OWNER TO loms_owner', current_database());

    -- Objects that another role created before become the owner's too.
    FOR object IN
        SELECT oid::regclass AS name, CASE relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S')
          AND relowner <> 'loms_owner'::regrole
    LOOP
        EXECUTE format('ALTER %s %s OWNER TO loms_owner', object.kind, object.name);
    END LOOP;
END
$$;

-- The roles of loms. An administrator runs this once, connected to the database of loms, before or after the
-- first migration. It is idempotent.
--
--     psql --dbname=loms --file=db/roles.sql
--
-- The administrator need not be a superuser, which managed databases do not give: CREATEROLE and CREATEDB are
-- enough for the owner of the database and of what is in it. From PostgreSQL 16 on, the administrator must
-- also have ADMIN on pg_read_all_stats.
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

    -- To give something to a role, an administrator who is no superuser must be a member of it. From 16 on,
    -- the creator of a role is one, but without its rights.
    IF NOT pg_has_role('loms_owner', 'USAGE') THEN
        EXECUTE 'GRANT loms_owner TO CURRENT_USER'
            || CASE WHEN current_setting('server_version_num')::int < 160000 THEN ''
                    ELSE ' WITH INHERIT TRUE, SET TRUE' END;
    END IF;

    -- The service reads which replicas are synchronous through this role. pg_monitor, which it once had, also
    -- shows settings such as a replica's password for the primary.
    IF NOT pg_has_role('loms_app', 'pg_read_all_stats', 'USAGE') THEN
        GRANT pg_read_all_stats TO loms_app;
    END IF;
    IF pg_has_role('loms_app', 'pg_monitor', 'MEMBER') THEN
        REVOKE pg_monitor FROM loms_app;
    END IF;

    -- Only these two roles may connect, and only the owner may create objects, temporary tables included. The
    -- schema "public" belongs to the owner of the database.
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO loms_owner, loms_app', current_database());
    IF 'loms_owner'::regrole <> (SELECT datdba FROM pg_database WHERE datname = current_database()) THEN
        EXECUTE format('ALTER DATABASE %I OWNER TO loms_owner', current_database());
    END IF;

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

-- Ends one of the service's sessions, the $1-th of them, counted on from the first after the last. No row where it has
-- none.
SELECT pg_terminate_backend(pid) AS ended
FROM (
    SELECT pid,
           row_number() OVER (ORDER BY pid) - 1 AS place,
           count(*) OVER () AS sessions
    FROM pg_stat_activity
    WHERE application_name = 'loms'
) AS session
WHERE place = $1::bigint % sessions;

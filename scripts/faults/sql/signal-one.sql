-- Signals one of the service's sessions, the $1-th of them, counted on from the first after the last: it is to end, or
-- to give up its statement ($2, 'terminate' or 'cancel'). No row where the service has no session.
SELECT CASE $2 WHEN 'terminate' THEN pg_terminate_backend(pid) ELSE pg_cancel_backend(pid) END AS signalled
FROM (
    SELECT pid,
           row_number() OVER (ORDER BY pid) - 1 AS place,
           count(*) OVER () AS sessions
    FROM pg_stat_activity
    WHERE application_name = 'loms'
) AS session
WHERE place = $1::bigint % sessions;

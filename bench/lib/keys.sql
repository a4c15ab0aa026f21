-- Prints statements that create the mirror's primary keys, indexes and foreign keys, in this order,
-- on bare copies of the six tables. Runs in a database with the extension.

WITH mirrored (id) AS (
    SELECT format('public.%I', name)::regclass
    FROM unnest(ARRAY['User', 'Hangout', 'HangoutEpisode', 'HangoutGroup', 'UserHangoutGroup',
        'UserHangoutGroupAttendance']) AS name
),
statement (place, line) AS (
    SELECT
        CASE contype WHEN 'p' THEN 1 ELSE 3 END,
        format('ALTER TABLE %s ADD CONSTRAINT %I %s;', format('public.%I', relname), conname,
            pg_get_constraintdef(pg_constraint.oid))
    FROM pg_constraint
    JOIN mirrored ON mirrored.id = conrelid
    JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype IN ('p', 'f')
    UNION ALL
    SELECT 2, pg_get_indexdef(indexrelid) || ';'
    FROM pg_index
    JOIN mirrored ON mirrored.id = indrelid
    WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype = 'p')
)
SELECT line
FROM statement
ORDER BY place, line;

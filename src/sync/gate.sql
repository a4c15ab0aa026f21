-- The gate that whoever writes to the mirror passes, and that a sync closes while
-- it writes (src/sync/lock.c). Without it the two could wait for each other: a
-- sync for a table, a person for a row. Whoever has to wait here asks again and
-- again instead of queueing: a writer in the queue already holds their table, often
-- rows too, and a sync that comes to want those would make them a deadlock's victim.

CREATE FUNCTION ngeshare.pass_gate()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    patience interval := nullif(current_setting('lock_timeout'), '0')::interval;
    begun    timestamptz := clock_timestamp();
BEGIN
    WHILE NOT pg_try_advisory_xact_lock_shared(x'6e67657368617267'::bigint) LOOP
        IF clock_timestamp() > begun + patience THEN
            RAISE lock_not_available
                USING MESSAGE = 'a sync is writing to the mirror',
                      HINT = 'Try again in a moment, or with a longer lock_timeout.';
        END IF;
        PERFORM pg_sleep(0.005);
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION ngeshare.pass_gate() IS
'Statement trigger: waits while a step of a sync writes to the mirror, and keeps the next such step from beginning until this transaction ends. Writers don''t wait for each other.';

DO $$
DECLARE
    mirrored regclass;
BEGIN
    FOREACH mirrored IN ARRAY ARRAY[
        'public."User"', 'public."Hangout"', 'public."HangoutEpisode"', 'public."HangoutGroup"',
        'public."UserHangoutGroup"', 'public."UserHangoutGroupAttendance"']::regclass[]
    LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER pass_gate BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION ngeshare.pass_gate()', mirrored);
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER pass_gate', mirrored);
    END LOOP;
END
$$;

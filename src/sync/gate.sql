-- The gate that whoever writes to the mirror passes, and that a sync closes while
-- it writes (src/sync/gate.c). Without it the two could wait for each other: a
-- sync for a table, a person for a row.

CREATE FUNCTION ngeshare.pass_gate()
RETURNS trigger
AS 'MODULE_PATHNAME', 'ngeshare_pass_gate'
LANGUAGE C;
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

-- Drops the keys before the bulk load and adds them again at the end, which checks all rows at
-- once.

CREATE UNLOGGED TABLE demo.taken_key
(
    table_name  text    NOT NULL,
    key_name    text    NOT NULL,
    foreign_key boolean NOT NULL,
    definition  text    NOT NULL,
    PRIMARY KEY (table_name, key_name)
);
COMMENT ON TABLE demo.taken_key IS 'Keys taken off for the load; empty between runs';


CREATE FUNCTION demo.six_tables()
RETURNS SETOF regclass
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT format('public.%I', name)::regclass
    FROM unnest(ARRAY['User', 'Hangout', 'HangoutEpisode', 'HangoutGroup', 'UserHangoutGroup',
        'UserHangoutGroupAttendance']) AS name;
END;

COMMENT ON FUNCTION demo.six_tables() IS 'The tables that the generator fills';


CREATE FUNCTION demo.take_keys_off()
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    taken record;
BEGIN
    INSERT INTO demo.taken_key (table_name, key_name, foreign_key, definition)
    SELECT conrelid::regclass::text,
           conname,
           contype = 'f',
           pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype IN ('p', 'f')
      AND conrelid IN (SELECT demo.six_tables());

    FOR taken IN
        SELECT *
        FROM demo.taken_key
        ORDER BY foreign_key DESC, table_name, key_name
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', taken.table_name, taken.key_name);
    END LOOP;
END
$$;

COMMENT ON FUNCTION demo.take_keys_off() IS
    'Drops the six tables'' foreign keys, then their primary keys, and remembers them';


CREATE FUNCTION demo.put_keys_back()
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    taken record;
BEGIN
    FOR taken IN
        SELECT *
        FROM demo.taken_key
        ORDER BY foreign_key, table_name, key_name
    LOOP
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I %s', taken.table_name, taken.key_name,
            taken.definition);
    END LOOP;

    DELETE FROM demo.taken_key;
END
$$;

COMMENT ON FUNCTION demo.put_keys_back() IS
    'Adds the remembered keys again, primary keys first; each is checked against every row';

-- CREATE PUBLICATION ... FOR ALL TABLES includes our tables, and PostgreSQL refuses to update or
-- delete rows of a published table that has no replica identity.
DO $$
DECLARE
    unidentified regclass;
BEGIN
    FOR unidentified IN
        SELECT relation.oid
        FROM pg_class AS relation
        JOIN pg_depend AS member ON member.classid = 'pg_class'::regclass
         AND member.objid = relation.oid
         AND member.deptype = 'e'
        JOIN pg_extension AS extension ON member.refclassid = 'pg_extension'::regclass
         AND extension.oid = member.refobjid
         AND extension.extname = 'ngeshare'
        WHERE relation.relkind = 'r'
          AND relation.relreplident = 'd'
          AND NOT EXISTS (SELECT 1 FROM pg_index WHERE indrelid = relation.oid AND indisprimary)
    LOOP
        EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', unidentified);
    END LOOP;
END
$$;

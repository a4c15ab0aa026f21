-- Creates the generated production of the Compose profile demo. psql runs it in the directory
-- demo/.
\getenv password password
\getenv groups groups
\i schema.sql
\i login.sql
\i generate.sql
SELECT demo.generate(:groups, 1, now()) \g /dev/null
CREATE SCHEMA ready;
COMMENT ON SCHEMA ready IS
'Marks the generated production as complete: later starts leave it as it is';

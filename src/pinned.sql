-- An install or update script begins with this. Whoever runs it, no name in it is
-- looked up where somebody else may have put a look-alike: a planted operator would
-- run with the installer's rights, and stay in our views. So every object of ours is
-- made and named with its schema. The setting ends with the script.
SET LOCAL search_path = pg_catalog, pg_temp;


-- The install and update scripts begin with this statement. With it, no name in a script is
-- looked up in a schema in which another user may have created an object: a planted operator
-- would run with the installer's rights, and our views would keep using it. So the scripts name
-- each of our objects with its schema. The setting ends with the script.
SET LOCAL search_path = pg_catalog, pg_temp;


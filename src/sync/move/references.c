/*
 * src/sync/move/references.c
 *		Finds the foreign keys that keep a row of the mirror from being deleted.
 *
 * Besides the mirror's own tables, a user's tables may reference a row. If the sync may read such
 * a table, queries find the rows that it references. For any other table, only a failed delete
 * shows that it references a row (remove.c).
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * A query for the foreign keys to table $1 that keep its rows from being deleted. It returns the
 * referencing table, and a condition that one of its rows references the row "mirror", compared
 * with the foreign key's own operators. A foreign key is included if its ON DELETE action is
 * RESTRICT or NO ACTION. Whatever the action, the foreign keys of the mirror's own tables (listed
 * in place of %s) are included: a deleted parent must not change its children. So are those of
 * tables whose owner is neither a superuser nor the extension's owner: other ON DELETE actions
 * would fire the triggers of such a table with the sync's rights.
 */
#define REFERENCES                                                                                 \
	"SELECT conrelid::regclass AS referencing, format('EXISTS (SELECT 1 FROM %%s%%s AS child"      \
	" WHERE %%s)', CASE WHEN relkind = 'p' THEN '' ELSE 'ONLY ' END, conrelid::regclass,"          \
	" string_agg(format('mirror.%%I OPERATOR(%%I.%%s) child.%%I%%s', here.attname, nspname,"       \
	" oprname, there.attname, CASE WHEN here.attcollation <> 0 AND there.attcollation <> 0"        \
	" THEN ' COLLATE pg_catalog.\"default\"' END), ' AND ')) AS points"                            \
	" FROM pg_catalog.pg_constraint AS reference"                                                  \
	" JOIN pg_catalog.pg_class AS child ON child.oid = conrelid"                                   \
	" CROSS JOIN unnest(conkey, confkey, conpfeqop) AS key (there, here, equals)"                  \
	" JOIN pg_catalog.pg_attribute AS here ON here.attrelid = confrelid"                           \
	" AND here.attnum = key.here"                                                                  \
	" JOIN pg_catalog.pg_attribute AS there ON there.attrelid = conrelid"                          \
	" AND there.attnum = key.there"                                                                \
	" JOIN pg_catalog.pg_operator AS operator ON operator.oid = key.equals"                        \
	" JOIN pg_catalog.pg_namespace AS space ON space.oid = oprnamespace"                           \
	" WHERE contype = 'f' AND conparentid = 0"                                                     \
	" AND confrelid = format('public.%%I', $1)::regclass"                                          \
	" AND has_table_privilege(conrelid, 'SELECT') AND NOT row_security_active(conrelid)"           \
	" AND has_schema_privilege(child.relnamespace, 'USAGE')"                                       \
	" AND (confdeltype IN ('r', 'a') OR conrelid IN (%s) OR child.relowner NOT IN (SELECT oid"     \
	" FROM pg_catalog.pg_roles WHERE rolsuper UNION ALL"                                           \
	" SELECT extowner FROM pg_catalog.pg_extension WHERE extname = 'ngeshare'))"                   \
	" GROUP BY reference.oid, conrelid, relkind"

/* Returns the query REFERENCES with the mirror's tables filled in; its $1 is the table's name. */
static char *
references_query(void)
{
	StringInfoData own;

	initStringInfo(&own);
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(
		    &own, "%s%s::regclass", i > 0 ? ", " : "",
		    quote_literal_cstr(psprintf("public.%s", quote_identifier(mirror_tables[i].name))));
	return sql_format(REFERENCES, own.data);
}

/*
 * Returns a condition on the mirror's row "mirror": no row references it by one of the foreign
 * keys that references_query() finds.
 */
char *
sync_unreferenced(const MirrorTable *table)
{

	mirror_query_row(table,
	                 sql_format("SELECT coalesce(string_agg('NOT ' || points, ' AND '), 'true')"
	                            " FROM (%s) AS reference",
	                            references_query()));
	return sql_text(1);
}

/*
 * Returns the names of the tables that reference the rows of a table that a condition selects;
 * NULL if there are none.
 */
char *
sync_find_referencing(const MirrorTable *table, const char *condition)
{
	SqlArgs args = {0};
	char *each;

	sql_add_text(&args, table->name);
	sql_add_text(&args, condition);
	sql_query_row(sql_format("SELECT string_agg(format('SELECT %%L WHERE EXISTS (SELECT 1"
	                         " FROM public.%%I AS mirror WHERE %%s AND %%s)', referencing, $1,"
	                         " $2, points), ' UNION ') FROM (%s) AS reference",
	                         references_query()),
	              &args);
	each = sql_text(1);
	if (each == NULL)
		return NULL;
	sql_query_row(sql_format("SELECT string_agg(name, ', ' ORDER BY name)"
	                         " FROM (%s) AS found (name)",
	                         each),
	              NULL);
	return sql_text(1);
}

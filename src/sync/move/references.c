/*
 * src/sync/move/references.c
 *		What here points to a row of the mirror and keeps it from being deleted.
 *
 * Beside the mirror's own foreign keys there may be a user's. Those that we may read
 * are asked; what another one keeps is found by trying (remove.c).
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * The foreign keys to a table, $1, that keep its rows: the table that has each, and a
 * condition on "mirror" that it points to the row, as the foreign key compares. All
 * of the mirror's own (%s) do: a deleted parent must not change its children. So do those
 * of tables whose owner we do not trust, whatever their action: the triggers that a cascade
 * fires there would run with our rights.
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

/* The foreign keys to a table, as a query that has its name as $1. */
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

/* A condition on the mirror: no row here still needs this one. */
char *
sync_unreferenced(const MirrorTable *table)
{

	mirror_query_row(table,
	                 sql_format("SELECT coalesce(string_agg('NOT ' || points, ' AND '), 'true')"
	                            " FROM (%s) AS reference",
	                            references_query()));
	return sql_text(1);
}

/* The tables here with rows that point to those of a table that a condition selects; or NULL. */
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

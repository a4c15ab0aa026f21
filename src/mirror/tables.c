/*
 * src/mirror/tables.c
 *		The six tables: what the sync and ngeshare_connect() need to know about each.
 *
 * Only mirror.sql lists the columns. A statement that names columns is built from the columns
 * that the catalog has for the staging table, because a user may have added columns to the
 * mirror's table.
 */
#include "mirror/tables.h"

#include "lib/stringinfo.h"
#include "sql.h"
#include "utils/builtins.h"

const MirrorTable mirror_tables[MIRROR_TABLES] = {
    {"User", "stage_user", "updatedAt", {{NULL, NULL}}, NULL, "removed_user"},
    {"Hangout", "stage_hangout", "updatedAt", {{NULL, NULL}}, NULL, "removed_hangout"},
    {"HangoutEpisode",
     "stage_hangout_episode",
     "updatedAt",
     {{"hangoutId", "Hangout"}, {NULL, NULL}},
     NULL,
     "removed_hangout_episode"},
    {"HangoutGroup",
     "stage_hangout_group",
     "updatedAt",
     {{"hangoutId", "Hangout"}, {NULL, NULL}},
     "NOT ngeshare.has_local_day(stage.\"createdAt\") OR NOT "
     "ngeshare.has_local_day(stage.\"startDate\")",
     "removed_hangout_group"},
    {"UserHangoutGroup",
     "stage_user_hangout_group",
     "updatedAt",
     {{"hangoutGroupId", "HangoutGroup"}, {"userId", "User"}, {NULL, NULL}},
     "NOT ngeshare.has_local_day(stage.\"joinedAt\")",
     "removed_user_hangout_group"},
    {"UserHangoutGroupAttendance",
     "stage_attendance",
     "attendedAt",
     {{"hangoutEpisodeId", "HangoutEpisode"},
      {"hangoutGroupId", "HangoutGroup"},
      {"userId", "User"},
      {NULL, NULL}},
     "NOT ngeshare.has_local_day(stage.\"attendedAt\")",
     "removed_attendance",
     true},
};

/* Returns the index of a table in mirror_tables, or -1 if no table has this name. */
int
mirror_table_index(const char *name)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
		if (strcmp(mirror_tables[i].name, name) == 0)
			return i;
	return -1;
}

/*
 * Returns a table's columns in order, each put into a format and joined by a separator. In the
 * format %1$I is the column's name, %2$s its type, %3$s the collation "C" if the type is
 * collatable, and %4$s the type's oid.
 */
char *
mirror_columns(const MirrorTable *table, const char *format, const char *separator)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->stage);
	sql_add_text(&args, format);
	sql_add_text(&args, separator);
	sql_query_row("SELECT string_agg(format($2, attname, format_type(atttypid, atttypmod),"
	              " CASE WHEN attcollation <> 0 THEN ' COLLATE pg_catalog.\"C\"' ELSE '' END,"
	              " atttypid::bigint), $3 ORDER BY attnum)"
	              " FROM pg_catalog.pg_attribute"
	              " WHERE attrelid = format('ngeshare.%I', $1)::regclass AND attnum > 0"
	              " AND NOT attisdropped AND attname NOT IN ('source_hash', 'stage_no')",
	              &args);
	return sql_text(1);
}

/*
 * Returns a condition: the row "mirror" of a table differs from the row "stage" of its staging
 * table. Texts are compared byte by byte, because a user may have given the mirror's column a
 * collation in which different texts are equal.
 */
char *
mirror_differs(const MirrorTable *table)
{
	return sql_format("ROW(%s) IS DISTINCT FROM ROW(%s)",
	                  mirror_columns(table, "mirror.%1$I%3$s", ", "),
	                  mirror_columns(table, "stage.%1$I", ", "));
}

/* Runs a statement with the table's name as $1; returns the number of rows it processed. */
uint64
mirror_run(const MirrorTable *table, const char *sql)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	return sql_run(sql, &args);
}

/* Runs a query with the table's name as $1; returns whether it returned a row. */
bool
mirror_query_row(const MirrorTable *table, const char *sql)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	return sql_query_row(sql, &args);
}

/* Returns the six names for a message: "User, Hangout, ...". */
char *
mirror_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < MIRROR_TABLES; i++)
		appendStringInfo(&names, "%s%s", i > 0 ? ", " : "", mirror_tables[i].name);
	return names.data;
}

/*
 * src/sync/move/remove.c
 *		Deletes the rows that have to leave the mirror: they are gone from production, or in
 *		quarantine.
 *
 * Before the first row is deleted, the rows to delete are counted in every table (guard.c).
 * Deleted rows are copied into the run's archive, so that one call of ngeshare_restore_deleted()
 * brings them back.
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/*
 * Archives and deletes the rows that a condition selects. state->deleted counts only rows that are
 * gone from production, not rows that went into quarantine.
 */
static void
remove_rows(SyncRun *run, const MirrorTable *table, const char *condition)
{
	SyncTable *state = sync_at_state(run);
	int64 removed;

	sync_at_ops(run)->archive(run, condition);
	mirror_query_row(
	    table, sql_format("WITH removed AS (DELETE FROM public.%s AS mirror WHERE %s"
	                      " RETURNING mirror.id), gone AS (SELECT DISTINCT row_id"
	                      " FROM ngeshare.difference WHERE table_name = $1 AND kind = 'extra')"
	                      " SELECT count(*), count(gone.row_id) FROM removed"
	                      " LEFT JOIN gone ON gone.row_id = removed.id",
	                      quote_identifier(table->name), condition));
	removed = sql_int64(1);
	state->deleted += sql_int64(2);
	state->local_rows -= removed;
}

/* The arguments of do_removal(). */
typedef struct Removal
{
	SyncRun *run;
	const MirrorTable *table;
	const char *condition;
} Removal;

/* Deletes rows, and checks deferred constraints at once. */
static void
do_removal(void *arguments)
{
	Removal *removal = arguments;

	remove_rows(removal->run, removal->table, removal->condition);
	sql_run("SET CONSTRAINTS ALL IMMEDIATE", NULL);
}

/*
 * Deletes the rows that a condition selects; returns NULL. If one of them can't be deleted,
 * deletes none and returns the error.
 */
static ErrorData *
try_to_remove(SyncRun *run, const MirrorTable *table, const char *condition)
{
	SyncTable before = *sync_at_state(run);
	Removal removal = {run, table, condition};
	ErrorData *error = sync_try("ngeshare remove", do_removal, &removal);

	if (error != NULL)
		*sync_at_state(run) = before;
	return error;
}

/*
 * Deletes the listed rows that can be deleted, and finds the others by bisection. ids is an SQL
 * array, first and last are positions in it. Returns what kept the last row that could not be
 * deleted: a table's name, or an error message such as a trigger's. Returns NULL if all rows were
 * deleted.
 */
static char *
remove_apart(SyncRun *run, const MirrorTable *table, const char *ids, int64 first, int64 last)
{
	ErrorData *error = try_to_remove(run, table,
	                                 sql_format("mirror.id = ANY ((%s::text[])[%lld:%lld])", ids,
	                                            (long long) first, (long long) last));
	int64 middle = first + (last - first) / 2;
	char *kept_by;
	char *also_kept_by;

	if (error == NULL)
		return NULL;
	if (first == last && error->table_name != NULL)
		return psprintf("%s.%s", error->schema_name, error->table_name);
	if (first == last)
		return error->message;
	kept_by = remove_apart(run, table, ids, first, middle);
	also_kept_by = remove_apart(run, table, ids, middle + 1, last);
	return also_kept_by != NULL ? also_kept_by : kept_by;
}

/*
 * Deletes from one table the rows that are gone from production and those in quarantine. A row
 * that a table in this database still references stays.
 */
void
sync_remove(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	char *condition =
	    sql_format("mirror.id IN (%s) AND %s", sync_leaving(table), sync_unreferenced(table));
	char *kept_by = NULL;

	if (try_to_remove(run, table, condition) != NULL)
	{
		sql_query_row(sql_format("SELECT array_agg(mirror.id)::text, count(*)"
		                         " FROM public.%s AS mirror WHERE %s",
		                         quote_identifier(table->name), condition),
		              NULL);
		/*
		 * The list is empty if rows that reference the others have become visible since the first
		 * try: the condition then excludes the referenced rows.
		 */
		if (sql_int64(2) > 0)
			kept_by = remove_apart(run, table, quote_literal_cstr(sql_text(1)), 1, sql_int64(2));
	}
	sync_report_kept(run, table, kept_by != NULL ? kept_by : "a table");
}

/*
 * src/sync/move/remove.c
 *		Rows that production no longer has: guarded, archived, deleted.
 *
 * Every table's are counted before any is deleted. What goes is kept as it was in
 * the run's archive, a group with its history, so that one call undoes a run.
 */
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/* Deletes rows that leave, as a condition selects them; keeps what they were. */
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

/* A removal that can be tried. */
typedef struct Removal
{
	SyncRun *run;
	const MirrorTable *table;
	const char *condition;
} Removal;

/* Deletes, and lets deferred constraints speak. */
static void
do_removal(void *arguments)
{
	Removal *removal = arguments;

	remove_rows(removal->run, removal->table, removal->condition);
	sql_run("SET CONSTRAINTS ALL IMMEDIATE", NULL);
}

/* Deletes rows, or returns the error where one of them can't be deleted. */
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
 * Deletes those of the listed rows that can be deleted (ids: an array as SQL),
 * closing in by halves on those that can't. Returns what kept the last of those:
 * a table, or the words of a trigger.
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
 * Deletes from one table what production no longer has, and what waits in
 * quarantine. What something here keeps stays.
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
		/* None is left where what kept them has become visible since. */
		if (sql_int64(2) > 0)
			kept_by = remove_apart(run, table, quote_literal_cstr(sql_text(1)), 1, sql_int64(2));
	}
	sync_report_kept(run, table, kept_by != NULL ? kept_by : "a table");
}

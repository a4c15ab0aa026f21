/*
 * src/sync/move/remove.c
 *		Rows that production no longer has: guarded, archived, deleted.
 *
 * Every table's are counted before any is deleted. What goes is kept as it was in
 * the run's archive, a group with its history, so that one call undoes a run.
 */
#include "sync/sync.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/* Fewer deletions than this are refused only where production looks empty. */
#define REMOVAL_ALWAYS_ALLOWED 50

/*
 * How many rows of a table may go in one run, by all that the survey counted
 * here: of attendance, the past as well. None where production looks empty.
 */
int64
sync_allowed_removals(const SyncRun *run, int table)
{
	const SyncTable *state = &run->tables[table];
	int percent = ngeshare_settings.sync_max_delete_pct;

	if (state->all_there == 0 && percent < 100)
		return 0;
	return Max(REMOVAL_ALWAYS_ALLOWED, state->all_here * percent / 100);
}

/* Refuses (NG002) to lose more rows of a table than a mistake in production should cost. */
void
sync_guard_removal(const SyncRun *run, int table, int64 missing)
{
	int64 allowed = sync_allowed_removals(run, table);

	if (missing <= allowed)
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
	                errmsg("production lacks %lld of the %lld rows of \"%s\"", (long long) missing,
	                       (long long) run->tables[table].all_here, mirror_tables[table].name),
	                errdetail("A run may delete %lld of them here. None was deleted.",
	                          (long long) allowed),
	                errhint("If they were meant to go: SET ngeshare.sync_max_delete_pct = 100;"
	                        " CALL ngeshare_sync('full');")));
}

/* Holds each table's missing rows against the guard, before any is deleted. */
void
sync_guard_all_removals(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
		sync_guard_removal(run, i, run->tables[i].extra - sync_count_kept(&mirror_tables[i]));
}

/*
 * Refuses (NG002) to move more rows of a table into quarantine than a mistake in
 * production should cost: one parent that goes may take very many rows along.
 */
void
sync_guard_quarantine(const SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const char *name = mirror_tables[i].name;
		int64 leaving;

		if (!run->wanted[i] || run->tables[i].has_failed)
			continue;
		sql_query_row(sql_format("SELECT count(*) FROM public.%s AS mirror WHERE mirror.id IN"
		                         " (SELECT held.row_id FROM ngeshare.quarantine AS held"
		                         " WHERE held.table_name = %s)",
		                         quote_identifier(name), quote_literal_cstr(name)),
		              NULL);
		leaving = sql_int64(1);
		if (leaving > sync_allowed_removals(run, i))
			ereport(ERROR,
			        (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
			         errmsg("%lld of the %lld rows of \"%s\" would leave the mirror",
			                (long long) leaving, (long long) run->tables[i].all_here, name),
			         errdetail("They can't be mirrored as they are in production now, mostly since"
			                   " what they point to is gone there. None was removed here."),
			         errhint("Mend them in production; or, if that is meant:"
			                 " SET ngeshare.sync_max_delete_pct = 100;"
			                 " CALL ngeshare_sync('full');")));
	}
}

/* Deletes rows that leave, as a condition selects them; keeps what they were. */
static void
remove_rows(SyncRun *run, const MirrorTable *table, const char *condition)
{
	SyncTable *state = &run->tables[run->table];
	SqlArgs args = {0};
	int64 removed;

	sync_archive(run, table, condition);
	if (run->table == MIRROR_ATTENDANCE)
		sync_back_up_removed(run, condition);
	sql_add_text(&args, table->name);
	sql_query_row(sql_format("WITH removed AS (DELETE FROM public.%s AS mirror WHERE %s"
	                         " RETURNING mirror.id), gone AS (SELECT DISTINCT row_id"
	                         " FROM ngeshare.difference WHERE table_name = $1 AND kind = 'extra')"
	                         " SELECT count(*), count(gone.row_id) FROM removed"
	                         " LEFT JOIN gone ON gone.row_id = removed.id",
	                         quote_identifier(table->name), condition),
	              &args);
	removed = sql_int64(1);
	state->deleted += sql_int64(2);
	state->local_rows -= removed;
}

/* Does so in a transaction of its own; returns the error where a row can't be deleted. */
static ErrorData *
try_to_remove(SyncRun *run, const MirrorTable *table, const char *condition)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	SyncTable before = run->tables[run->table];
	ErrorData *volatile error = NULL;

	CHECK_FOR_INTERRUPTS();
	BeginInternalSubTransaction("ngeshare remove");
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		remove_rows(run, table, condition);
		sql_run("SET CONSTRAINTS ALL IMMEDIATE", NULL);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	if (error != NULL && !sync_is_row_error(error->sqlerrcode))
		ReThrowError(error);
	if (error != NULL)
		run->tables[run->table] = before;
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
	const MirrorTable *table = &mirror_tables[run->table];
	char *condition =
	    sql_format("mirror.id IN (%s) AND %s", sync_leaving(table), sync_unreferenced(table));
	char *kept_by = NULL;

	sync_close_gate();
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
	sync_log_close_table(run, run->table);
}

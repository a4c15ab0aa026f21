/*
 * src/sync/remove.c
 *		Rows that production no longer has: guarded, archived, deleted.
 *
 * Every table's are counted before any is deleted. What goes is kept as it was in
 * the run's archive, a group with its history, so that one call undoes a run.
 */
#include "sync/sync.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

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
		sync_guard_removal(run, i, run->tables[i].extra);
}

/* Copies rows of the mirror that a condition selects into the run's archive. */
void
sync_archive(SyncRun *run, const MirrorTable *table, const char *condition)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, table->name);
	sql_run(sql_format("INSERT INTO ngeshare.removed_row (run_id, table_name, row_id, content)"
	                   " SELECT $1, $2, mirror.id, to_jsonb(mirror) FROM public.%s AS mirror"
	                   " WHERE %s ON CONFLICT DO NOTHING",
	                   quote_identifier(table->name), condition),
	        &args);
}

/* A condition on the mirror: no row here still needs this one. */
static char *
nothing_points_to(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_query_row("SELECT coalesce(string_agg(format("
	              "'NOT EXISTS (SELECT 1 FROM %s AS child WHERE child.%I = mirror.id)',"
	              " conrelid::regclass, attname), ' AND '), 'true')"
	              " FROM pg_catalog.pg_constraint JOIN pg_catalog.pg_attribute"
	              " ON attrelid = conrelid AND attnum = conkey[1]"
	              " WHERE contype = 'f' AND confdeltype IN ('r', 'a')"
	              " AND confrelid = format('public.%I', $1)::regclass",
	              &args);
	return sql_text(1);
}

/* A group's past goes with it, into the archive. */
static void
remove_past_of_groups(SyncRun *run, const char *condition)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run(sql_format("WITH gone AS (DELETE FROM ngeshare.meeting_past AS past"
	                   " USING public.\"HangoutGroup\" AS mirror"
	                   " WHERE past.group_id = mirror.id AND %s RETURNING past.*)"
	                   " INSERT INTO ngeshare.removed_meeting SELECT $1, gone.* FROM gone"
	                   " ON CONFLICT DO NOTHING",
	                   condition),
	        &args);
}

/* Forgets what waited in quarantine and is gone from production. */
static void
remove_quarantined(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_run("DELETE FROM ngeshare.quarantine AS held USING ngeshare.difference AS gone"
	        " WHERE held.table_name = $1 AND gone.table_name = $1 AND gone.kind = 'extra'"
	        " AND gone.row_id = held.row_id",
	        &args);
}

/* Says which rows had to stay because something here still points to them. */
static void
report_kept(SyncRun *run, const MirrorTable *table, const char *listed)
{
	int64 kept;

	sql_query_row(sql_format("SELECT count(*) FROM public.%s AS mirror WHERE %s",
	                         quote_identifier(table->name), listed),
	              NULL);
	kept = sql_int64(1);
	if (kept > 0)
		sync_note_finding(run,
		                  "%lld row(s) of \"%s\" are gone from production, but rows here still"
		                  " point to them; the next sync looks again.",
		                  (long long) kept, table->name);
	run->tables[run->table].mismatching += kept;
}

/* Deletes from one table what production no longer has. */
void
sync_remove(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	SyncTable *state = &run->tables[run->table];
	char *listed = sql_format("mirror.id IN (SELECT gone.row_id FROM ngeshare.difference AS gone"
	                          " WHERE gone.table_name = %s AND gone.kind = 'extra')",
	                          quote_literal_cstr(table->name));
	char *condition = sql_format("%s AND %s", listed, nothing_points_to(table));
	int64 deleted;

	sync_close_gate();
	remove_quarantined(table);
	sync_count_quarantined(run, table);
	sync_archive(run, table, condition);
	if (strcmp(table->name, "HangoutGroup") == 0)
		remove_past_of_groups(run, condition);
	if (run->table == MIRROR_ATTENDANCE)
		sync_back_up_removed(run, condition);
	deleted = sql_run(sql_format("DELETE FROM public.%s AS mirror WHERE %s",
	                             quote_identifier(table->name), condition),
	                  NULL);
	state->deleted += deleted;
	state->local_rows -= deleted;
	report_kept(run, table, listed);
	sync_log_close_table(run, run->table);
}

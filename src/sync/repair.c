/*
 * src/sync/repair.c
 *		Rows fetched by key: what the content told to be missing or different.
 *
 * Each comes with the hash that production computes of it in the same statement,
 * so what is written here can be held against it: a change made there meanwhile
 * is no false alarm, and a row that can't be made equal is no success.
 */
#include "sync/sync.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/*
 * Stages rows of a table by their ids (the text of an array), with production's
 * hash of each; returns how many production has of them.
 */
uint64
sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids)
{
	List *columns = sync_staged_columns(table);

	return remote_copy(run->remote,
	                   sql_format("SELECT %s, %s FROM public.%s AS source"
	                              " WHERE source.id = ANY (%s::text[])",
	                              content_columns(table), content_row_hash(table, "source"),
	                              quote_identifier(table->name), quote_literal_cstr(ids)),
	                   table->stage, lappend(columns, makeString("source_hash")));
}

/*
 * The next ids to fetch, as the text of an array; NULL after the last. *first is
 * one of them.
 */
static char *
next_ids(SyncRun *run, const MirrorTable *table, char **first)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->repair_rows);
	sql_query_row("SELECT array_agg(row_id)::text, min(row_id) FROM (SELECT row_id"
	              " FROM ngeshare.difference WHERE table_name = $1 AND kind IN ('missing', "
	              "'changed') ORDER BY row_id LIMIT $2) AS next",
	              &args);
	*first = sql_text(2);
	return sql_text(1);
}

/* Takes ids (the text of an array) off the list: they were dealt with. */
static void
take_off(const MirrorTable *table, const char *ids)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_text(&args, ids);
	sql_run("DELETE FROM ngeshare.difference WHERE table_name = $1"
	        " AND kind IN ('missing', 'changed') AND row_id = ANY ($2::text[])",
	        &args);
}

/* Of what was staged, how many rows the watermark would never have brought. */
static int64
count_unstamped(SyncRun *run, const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->bound);
	sql_query_row(sql_format("SELECT count(*) FROM ngeshare.%s WHERE %s < $1", table->stage,
	                         quote_identifier(table->stamp)),
	              &args);
	return sql_int64(1);
}

/* Counts staged rows whose mirror still is not what production hashed. */
static void
count_mismatching(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = &run->tables[run->table];
	int64 rows;

	sql_query_row(sql_format("SELECT count(*), min(stage.id) FROM ngeshare.%s AS stage"
	                         " LEFT JOIN public.%s AS mirror ON mirror.id = stage.id"
	                         " WHERE mirror.id IS NULL OR %s IS DISTINCT FROM stage.source_hash",
	                         table->stage, quote_identifier(table->name),
	                         content_row_hash(table, "mirror")),
	              NULL);
	rows = sql_int64(1);
	if (rows > 0)
		sync_note_finding(run,
		                  "%lld row(s) of \"%s\" differ from production after they were repaired,"
		                  " the row %s among them.",
		                  (long long) rows, table->name, sql_text(2));
	state->mismatching += rows;
}

/* What the repair of attendance does beside: the window's edge, and the run's backup. */
static void
prepare_attendance(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->window_start);
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $1", &args);
	sync_back_up_changed(run);
}

/* Writes the rows that were just staged by their keys. */
static void
write_repaired(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = &run->tables[run->table];
	int64 unstamped;
	int64 written;

	sync_keep_latest(table);
	sync_admit(run, table);
	if (run->table == MIRROR_ATTENDANCE)
		prepare_attendance(run);
	unstamped = count_unstamped(run, table);
	written = sync_write_differences(run, table);
	state->repaired += Min(unstamped, written);
	count_mismatching(run, table);
}

/* Fetches the next rows by key, and the parents that they lack; false once there are no more. */
static bool
fetch_next(SyncRun *run, const MirrorTable *table)
{
	char *first;
	char *ids = next_ids(run, table, &first);

	if (ids == NULL)
	{
		sync_count_quarantined(run, table);
		return false;
	}
	if (run->passes_over)
	{
		sync_hold_by_key(run, table, first);
		take_off(table, ids);
		return true;
	}
	sync_clear(table->stage);
	run->tables[run->table].pulled += sync_stage_by_id(run, table, ids);
	(void) sync_stage_parents(run);
	run->repair_ids = sync_keep_text(run, ids);
	run->is_fetched = true;
	return true;
}

/*
 * Fetches the next rows of the table by key, or writes those that were fetched;
 * false once there are no more. One that can't be fetched or stored by itself is
 * put into quarantine.
 */
bool
sync_repair(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];

	if (!run->is_fetched)
		return fetch_next(run, table);
	sync_write_parents(run);
	write_repaired(run, table);
	take_off(table, run->repair_ids);
	sync_clear(table->stage);
	run->repair_rows = Min(run->repair_rows * 4, REPAIR_ROWS);
	run->is_fetched = false;
	return true;
}

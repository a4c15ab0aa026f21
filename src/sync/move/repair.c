/*
 * src/sync/move/repair.c
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

/* Which row of an id comes, where there may be several: the one that is compared (content.c). */
static char *
first_of_id(SyncRun *run, const MirrorTable *table)
{
	char *recent = "";

	if (run->production->keys[table - mirror_tables].is_unique)
		return "";
	if (table == &mirror_tables[MIRROR_ATTENDANCE])
		recent = sql_format("%s DESC, ", content_is_recent(sync_compared_start(run)));
	return sql_format(" ORDER BY " KEYS_ID ", %s%s", recent, content_row_hash(table, "source"));
}

/*
 * Stages rows of a table by their ids (the text of an array), with production's
 * hash of each; returns how many production has of them.
 */
uint64
sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids)
{
	List *columns = sync_staged_columns(table);
	const ProductionKeys *keys = &run->production->keys[table - mirror_tables];

	return remote_copy(run->remote,
	                   sql_format("SELECT %s%s, %s FROM public.%s AS source WHERE %s%s",
	                              keys->is_unique ? "" : "DISTINCT ON (" KEYS_ID ") ",
	                              content_columns(table), content_row_hash(table, "source"),
	                              quote_identifier(table->name), keys_listed(keys, ids),
	                              first_of_id(run, table)),
	                   table->stage, lappend(columns, makeString("source_hash")));
}

/* What the comparison found to be fetched. */
#define TO_FETCH "'missing', 'changed'"

/* Pieces that are fetched in less than this, in milliseconds, are followed by larger ones. */
#define REPAIR_TARGET_MS 500

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
	sql_run("DELETE FROM ngeshare.stage_attendance WHERE \"attendedAt\" < $1"
	        " AND ngeshare.has_local_day(\"attendedAt\")",
	        &args);
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

/* Stages the rows of a piece, and the parents that they lack; the next step writes them. */
static void
fetch_piece(SyncRun *run, const MirrorTable *table, const SyncPiece *piece)
{
	TimestampTz began = GetCurrentTimestamp();

	sync_clear(table->stage);
	run->tables[run->table].pulled += sync_stage_by_id(run, table, piece->ids);
	(void) sync_stage_parents(run);
	run->repair_ms = TimestampDifferenceMilliseconds(began, GetCurrentTimestamp());
	run->repair_rows = piece->rows;
	run->repair = *piece;
	run->is_fetched = true;
}

/* Lets the next piece be larger, as far as the time that this one took allows. */
static void
adapt_piece(SyncRun *run)
{
	int most = run->repair_ms < REPAIR_TARGET_MS ? REPAIR_ROWS_MAX : REPAIR_ROWS;

	run->repair_rows = Max(run->repair_rows, Min(run->repair_rows * 4, most));
}

/* Fetches the next rows by key, and the parents that they lack; false once there are no more. */
static bool
fetch_next(SyncRun *run, const MirrorTable *table)
{
	SyncPiece piece = {.last = run->repaired_to};

	if (!sync_next_piece(table, TO_FETCH, run->repair_rows, &piece))
	{
		sync_count_quarantined(run, table);
		return false;
	}
	if (run->passes_over)
	{
		sync_hold_by_key(run, table, piece.one_id);
		sync_drop_piece(table, TO_FETCH, &piece);
		run->repaired_to = piece.last;
	}
	else
		fetch_piece(run, table, &piece);
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
	sync_drop_piece(table, TO_FETCH, &run->repair);
	sync_clear(table->stage);
	adapt_piece(run);
	run->repaired_to = run->repair.last;
	run->is_fetched = false;
	return true;
}

/*
 * src/sync/move/repair.c
 *		Fetches rows by key that the comparison found missing or different, and writes them.
 *
 * Each row comes with its hash, which production computes in the same statement. After the row is
 * written, the hash of the mirror's row is compared with that hash. So a change that production
 * makes in the meantime is not reported as a difference, and a row that still differs is reported.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"

#include "sql.h"
#include "utils/builtins.h"

/* The kinds of difference whose rows are fetched. */
#define TO_FETCH "'missing', 'changed'"

/*
 * A piece that was fetched in less than this, in milliseconds, may be followed by one of up to
 * REPAIR_ROWS_MAX rows.
 */
#define REPAIR_TARGET_MS 500

/*
 * Counts the staged rows whose updatedAt (or attendedAt) is before run->at.bound: no later pull of
 * changed rows would bring them.
 */
static int64
count_unstamped(SyncRun *run, const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_timestamp(&args, run->at.bound);
	sql_query_row(sql_format("SELECT count(*) FROM ngeshare.%s WHERE %s < $1", table->stage,
	                         quote_identifier(table->stamp)),
	              &args);
	return sql_int64(1);
}

/*
 * Counts and reports the staged rows whose row in the mirror does not have the hash that
 * production computed.
 */
static void
count_mismatching(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = sync_at_state(run);
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

/* Merges the rows that were fetched by key from staging into the mirror. */
static void
write_repaired(SyncRun *run, const MirrorTable *table)
{
	SyncTable *state = sync_at_state(run);
	int64 unstamped;
	int64 written;

	sync_keep_latest(table);
	sync_quarantine_unfit(run, table);
	if (sync_at_ops(run)->prepare_repair != NULL)
		sync_at_ops(run)->prepare_repair(run);
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
	sync_at_state(run)->pulled += sync_stage_by_id(run, table, piece->ids);
	(void) sync_stage_parents(run);
	run->at.repair_ms = TimestampDifferenceMilliseconds(began, GetCurrentTimestamp());
	run->at.repair_rows = piece->range.rows;
	run->at.repair = piece->range;
	run->at.is_fetched = true;
}

/* Makes the next piece larger, up to a limit that depends on the time that this one took. */
static void
adapt_piece(SyncRun *run)
{
	int most = run->at.repair_ms < REPAIR_TARGET_MS ? REPAIR_ROWS_MAX : REPAIR_ROWS;

	run->at.repair_rows = Max(run->at.repair_rows, Min(run->at.repair_rows * 4, most));
}

/*
 * Stages the rows of the next piece, and the parents that they lack. If the piece is one row that
 * can't be fetched or stored, puts it into quarantine instead. Returns false if there are no more
 * rows.
 */
static bool
fetch_next(SyncRun *run, const MirrorTable *table)
{
	SyncPiece piece = {.range.last = run->at.repaired_to};

	if (!sync_next_piece(table, TO_FETCH, run->at.repair_rows, &piece))
	{
		sync_count_quarantined(run, table);
		return false;
	}
	if (run->lasting.passes_over)
	{
		sync_quarantine_by_key(run, table, piece.one_id);
		sync_drop_piece(table, TO_FETCH, &piece.range);
		run->at.repaired_to = piece.range.last;
	}
	else
		fetch_piece(run, table, &piece);
	return true;
}

/*
 * Fetches the next rows of the table by key or, in the step after that, writes them. Returns false
 * if there are no more rows. A row that can't be fetched or stored even alone goes into
 * quarantine.
 */
bool
sync_repair(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);

	if (!run->at.is_fetched)
		return fetch_next(run, table);
	sync_write_parents(run);
	write_repaired(run, table);
	sync_drop_piece(table, TO_FETCH, &run->at.repair);
	sync_clear(table->stage);
	adapt_piece(run);
	run->at.repaired_to = run->at.repair.last;
	run->at.is_fetched = false;
	return true;
}

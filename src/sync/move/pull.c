/*
 * src/sync/move/pull.c
 *		Copies rows from production into staging, in batches that are committed one by one.
 *
 * A pass is one pull of a table and its merge. A row's stamp is its updatedAt, or attendedAt.
 *
 * Rows that changed are pulled in the order of (stamp, id), which production sorts in its own
 * collation. The next batch begins after the stamp and id of the last row that came. They are
 * copied from that row, so this database never has to sort by production's collation.
 *
 * If all rows of a plain table are pulled, they are copied by ranges of production's blocks:
 * production sorts nothing, and reads each block once. A row that moves to another block in the
 * meantime may come twice (the later one wins) or not at all (the comparison after the merge finds
 * it missing).
 */
#include "sync/compare/content.h"
#include "sync/move/move.h"

#include "ngeshare.h"
#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/*
 * The time that a batch should take, in milliseconds; how many times as large the next batch may
 * be; and the most rows of a batch after the first.
 */
#define BATCH_TARGET_MS 2000
#define BATCH_GROWTH 4
#define BATCH_ROWS_MAX 2000000

/* If at most this many rows of attendance are expected, a single batch pulls them. */
#define CHUNKED_FROM 10000

/* The rows that a block of production is assumed to have, to turn batch_rows into blocks. */
#define ROWS_PER_BLOCK 50

/*
 * Returns whether production's table can be copied by blocks: it is a plain table without
 * inheritance children.
 */
static bool
has_blocks(SyncRun *run, const MirrorTable *table)
{
	RemoteRows *rows =
	    remote_rows(run->lasting.remote,
	                sql_format("SELECT relkind = 'r' AND NOT relhassubclass"
	                           " FROM pg_catalog.pg_class WHERE oid = 'public.%s'::regclass",
	                           quote_identifier(table->name)),
	                "bool", 1, 1);

	return remote_bool(rows, 0, 0);
}

/*
 * Returns whether the run can go on with a pass that an earlier run did not end. Neither run may
 * be a full one, and both must pull the same way: by blocks or by stamp. A pull of attendance by
 * stamp is never continued. The parameter "is_whole" tells whether this run pulls by blocks.
 */
static bool
can_resume(SyncRun *run, const MirrorTable *table, bool is_whole)
{
	SqlArgs args = {0};

	if (run->mode == SYNC_FULL || (table->has_window && !is_whole))
		return false;
	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	sql_add_bool(&args, is_whole);
	return sql_query_row("SELECT 1 FROM ngeshare.sync_state"
	                     " WHERE table_name = $1 AND pass_run_id <> $2 AND NOT pass_full"
	                     " AND (pass_block IS NOT NULL) = $3",
	                     &args);
}

/*
 * Begins a new pass: empties staging, and records where the pass starts and which watermark it
 * will end with.
 */
static void
begin_pass(SyncRun *run, const MirrorTable *table, bool by_blocks)
{
	Timestamp start;
	Timestamp end;
	SqlArgs args = {0};

	sync_at_ops(run)->bound_pass(run, &start, &end);
	sync_clear(table->stage);
	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	sql_add_bool(&args, run->mode == SYNC_FULL);
	sql_add_timestamp(&args, end);
	sql_add_timestamp(&args, start);
	sql_add_bool(&args, by_blocks);
	sql_run("INSERT INTO ngeshare.sync_state"
	        " (table_name, pass_run_id, pass_full, pass_bound, pass_stamp, pass_block)"
	        " VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN 0 END)"
	        " ON CONFLICT (table_name) DO UPDATE SET pass_run_id = excluded.pass_run_id,"
	        " pass_full = excluded.pass_full, pass_bound = excluded.pass_bound,"
	        " pass_stamp = excluded.pass_stamp, pass_id = NULL, pass_pulled = false,"
	        " pass_block = excluded.pass_block",
	        &args);
}

/* Marks the pass as pulled: no more rows will come. */
static void
end_pull(const MirrorTable *table)
{

	mirror_run(table, "UPDATE ngeshare.sync_state SET pass_pulled = true WHERE table_name = $1");
}

/*
 * Closes the table's pass: the mirror is complete up to the bound that was set when the pass
 * began, which becomes the watermark. A watermark never goes back, except that of attendance, which
 * is the clock of the run that made its window.
 */
void
sync_close_pass(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_bool(&args, table->has_window);
	sql_run("UPDATE ngeshare.sync_state SET"
	        " watermark = CASE WHEN $2 THEN pass_bound ELSE greatest(watermark, pass_bound) END,"
	        " pass_run_id = NULL, pass_full = NULL, pass_bound = NULL, pass_stamp = NULL,"
	        " pass_id = NULL, pass_pulled = false, pass_block = NULL WHERE table_name = $1",
	        &args);
}

/*
 * Opens the pass of a table whose content is the same on both sides. Closes it and returns false
 * if there is nothing to do: no row has to be tried again from quarantine, and the window's start
 * stays.
 */
static bool
open_same(SyncRun *run, const MirrorTable *table)
{
	int64 held;

	begin_pass(run, table, false);
	end_pull(table);
	held = sync_stage_quarantined(table);
	if (held > 0 || (table->has_window && run->at.window_start != run->at.old_start) ||
	    sync_has_unfetched(table))
		return true;
	sync_close_pass(table);
	return false;
}

/*
 * Begins the table's pass, or goes on with one that was interrupted. Returns false if there is
 * nothing to do for the table.
 */
bool
sync_open_pass(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	SyncTable *state = sync_at_state(run);
	bool by_blocks;

	run->at.batch_rows = ngeshare_settings.sync_batch_rows;
	if (table->has_window && state->expected <= CHUNKED_FROM)
		run->at.batch_rows = Max(run->at.batch_rows, CHUNKED_FROM + 1);
	if (state->is_same)
		return open_same(run, table);
	by_blocks = state->is_whole && has_blocks(run, table);
	run->at.is_resumed = can_resume(run, table, by_blocks);
	if (run->at.is_resumed)
	{
		state->has_old_rows = true;
		return true;
	}
	begin_pass(run, table, by_blocks);
	if (!state->is_whole)
		sync_stage_quarantined(table);
	if (table->has_window && !state->is_whole && state->buckets == NULL)
		end_pull(table);
	return true;
}

/*
 * Returns a query for production's next rows after a position (a stamp and an id), in production's
 * order. The position is stored in the mirror's milliseconds, so production's stamps are rounded
 * to them before they are compared. Unique ids are ordered in their own collation, under which no
 * two of them are equal; other ids are ordered byte by byte.
 */
static char *
batch_query(SyncRun *run, const MirrorTable *table, Timestamp stamp, const char *id)
{
	const char *column = content_stamp(table);
	const char *key =
	    run->lasting.production->keys[run->at.table].is_unique ? "source.id" : KEYS_ID;
	const char *from = clock_spell(stamp);
	char *behind = "";
	char *days = "";

	if (id != NULL)
		behind = sql_format(" AND (%s > timestamp '%s' OR %s > %s)", column, from, key,
		                    quote_literal_cstr(id));
	if (table->has_window && !sync_at_state(run)->is_whole)
		days = sql_format(" AND %s::date = ANY (%s::date[])", column,
		                  quote_literal_cstr(sync_at_state(run)->buckets));
	return sql_format("SELECT %s FROM public.%s AS source WHERE %s >= timestamp '%s'%s%s"
	                  " AND source.id IS NOT NULL ORDER BY %s, %s LIMIT %d",
	                  content_columns(table), quote_identifier(table->name), column, from, behind,
	                  days, column, key, run->at.batch_rows);
}

/* Records the batch's last row as the position after which the next batch begins. */
static void
save_position(const MirrorTable *table, bool is_last)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_bool(&args, is_last);
	sql_run(
	    sql_format("UPDATE ngeshare.sync_state AS state"
	               " SET pass_stamp = last_row.%s, pass_id = last_row.id, pass_pulled = $2"
	               " FROM (SELECT * FROM ngeshare.%s ORDER BY stage_no DESC LIMIT 1) AS last_row"
	               " WHERE state.table_name = $1",
	               quote_identifier(table->stamp), table->stage),
	    &args);
}

/* Sets the size of the next batch by the time that this one took. */
static void
adapt_batch(SyncRun *run, TimestampTz began)
{
	long took = Max(TimestampDifferenceMilliseconds(began, GetCurrentTimestamp()), 1);
	double factor = Min((double) BATCH_TARGET_MS / took, BATCH_GROWTH);

	run->at.batch_rows = Max(1, Min(run->at.batch_rows * factor, BATCH_ROWS_MAX));
}

/*
 * Moves the position past a row that can't be pulled even in a batch of its own; returns whether
 * there is such a row. The comparison after the merge finds it missing, and the repair tries to
 * fetch it by its id.
 */
static bool
pass_over_row(SyncRun *run, const MirrorTable *table, Timestamp stamp, const char *id)
{
	char *batch = batch_query(run, table, stamp, id);
	RemoteRows *rows =
	    remote_rows(run->lasting.remote,
	                sql_format("SELECT source.%s::timestamp(3)::text, source.id::text"
	                           " FROM (SELECT source.* %s) AS source",
	                           quote_identifier(table->stamp), strstr(batch, "FROM public.")),
	                "text key", 0, 1);
	bool is_there = rows->count == 1;
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	if (is_there)
	{
		sync_log_refused(run, run->lasting.row_sqlstate, run->lasting.row_error,
		                 remote_text(rows, 0, 1));
		sql_add_text(&args, remote_text(rows, 0, 0));
		sql_add_text(&args, remote_text(rows, 0, 1));
		sql_run("UPDATE ngeshare.sync_state SET pass_stamp = $2::timestamp(3), pass_id = $3"
		        " WHERE table_name = $1",
		        &args);
	}
	return is_there;
}

/* Returns the columns of staging that a batch fills, as COPY expects them. */
static List *
staged_columns(const MirrorTable *table)
{
	List *names = NIL;
	char *rest = mirror_columns(table, "%1$s", ",");

	for (char *name = strtok_r(rest, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest))
		names = lappend(names, makeString(pstrdup(name)));
	return names;
}

/* Stages the next batch of changed rows after a position. Returns false after the last batch. */
static bool
pull_by_stamp(SyncRun *run, const MirrorTable *table, Timestamp stamp, const char *id)
{
	int64 asked = run->at.batch_rows;
	int64 rows = remote_copy(run->lasting.remote, batch_query(run, table, stamp, id), table->stage,
	                         staged_columns(table));

	sync_at_state(run)->pulled += rows;
	if (rows > 0)
		save_position(table, rows < asked);
	return rows == asked;
}

/* Returns how many blocks production's table has now. */
static int64
count_blocks(SyncRun *run, const MirrorTable *table)
{
	RemoteRows *rows = remote_rows(run->lasting.remote,
	                               sql_format("SELECT pg_catalog.pg_relation_size('public.%s')"
	                                          " / pg_catalog.current_setting('block_size')::bigint",
	                                          quote_identifier(table->name)),
	                               "count", 1, 1);

	return Min(remote_int64(rows, 0, 0), MaxBlockNumber);
}

/*
 * Stages the next range of production's blocks. Returns false after the last range. A single block
 * that can't be pulled is passed over: the comparison after the merge finds its rows missing, and
 * the repair tries to fetch them by their ids.
 */
static bool
pull_by_blocks(SyncRun *run, const MirrorTable *table, int64 block)
{
	int64 end = block + Max(1, run->at.batch_rows / ROWS_PER_BLOCK);
	int64 blocks = count_blocks(run, table);
	char *condition = run->lasting.passes_over ? "false" : sync_at_ops(run)->mirrored(run);
	SqlArgs args = {0};

	sync_at_state(run)->pulled +=
	    remote_copy(run->lasting.remote,
	                sql_format("SELECT %s FROM public.%s AS source WHERE source.id IS NOT NULL"
	                           " AND ctid >= '(%lld,0)' AND ctid < '(%lld,0)' AND %s",
	                           content_columns(table), quote_identifier(table->name),
	                           (long long) block, (long long) end, condition),
	                table->stage, staged_columns(table));
	sql_add_text(&args, table->name);
	sql_add_int64(&args, end);
	sql_add_bool(&args, end >= blocks);
	sql_run("UPDATE ngeshare.sync_state SET pass_block = $2, pass_pulled = $3"
	        " WHERE table_name = $1",
	        &args);
	return end < blocks;
}

/* Stages the next batch of the pass. Returns false if there are no more rows. */
bool
sync_pull_batch(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	TimestampTz began = GetCurrentTimestamp();
	bool by_stamp;
	bool has_more;
	bool isnull;

	if (!mirror_query_row(table, "SELECT pass_stamp, pass_id, pass_pulled, pass_block"
	                             " FROM ngeshare.sync_state WHERE table_name = $1"))
		elog(ERROR, "no pass of table \"%s\" is open", table->name);
	if (DatumGetBool(sql_value(3, &isnull)))
		return false;
	(void) sql_value(4, &by_stamp);
	if (by_stamp && run->lasting.passes_over)
		has_more = pass_over_row(run, table, DatumGetTimestamp(sql_value(1, &isnull)), sql_text(2));
	else if (by_stamp)
		has_more = pull_by_stamp(run, table, DatumGetTimestamp(sql_value(1, &isnull)), sql_text(2));
	else
		has_more = pull_by_blocks(run, table, sql_int64(4));
	adapt_batch(run, began);
	return has_more;
}

/*
 * Returns an ORDER BY clause for DISTINCT ON: if several rows have the same id, the one that
 * content.c compares comes first. Returns an empty text if ids are unique.
 */
static char *
first_of_id(SyncRun *run, const MirrorTable *table)
{
	int index = table - mirror_tables;

	if (run->lasting.production->keys[index].is_unique)
		return "";
	return sql_format(" ORDER BY " KEYS_ID ", (%s) IS TRUE DESC, %s",
	                  run->ops[index]->mirrored(run), content_row_hash(table, "source"));
}

/*
 * Stages rows of a table by their ids (the text of an array), each with its hash, computed by
 * production. Returns how many of the rows production has.
 */
uint64
sync_stage_by_id(SyncRun *run, const MirrorTable *table, const char *ids)
{
	List *columns = staged_columns(table);
	const ProductionKeys *keys = &run->lasting.production->keys[table - mirror_tables];

	return remote_copy(run->lasting.remote,
	                   sql_format("SELECT %s%s, %s FROM public.%s AS source WHERE %s%s",
	                              keys->is_unique ? "" : "DISTINCT ON (" KEYS_ID ") ",
	                              content_columns(table), content_row_hash(table, "source"),
	                              quote_identifier(table->name), keys_listed(keys, ids),
	                              first_of_id(run, table)),
	                   table->stage, lappend(columns, makeString("source_hash")));
}

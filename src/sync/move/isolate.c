/*
 * src/sync/move/isolate.c
 *		Finds staged rows that the mirror refuses, by bisection, and puts them into
 *		quarantine, so that one such row does not stop the sync of its table.
 *
 * Rows with a missing parent, a NULL that is not allowed or a timestamp without a local day were
 * quarantined before (quarantine.c). This file is for all other reasons, such as a constraint or a
 * trigger that was added to the mirror, or a key too long for its index. A merge calls
 * sync_isolate() only when it is retried after such an error.
 */
#include "sync/move/move.h"

#include "sql.h"

/* Some of a table's staged rows (range is an SQL condition), and how many of them were written. */
typedef struct StagedRows
{
	const MirrorTable *table;
	const char *range;
	int64 updated;
	int64 inserted;
} StagedRows;

static void
write_rows(void *arguments)
{
	StagedRows *rows = arguments;

	rows->updated = sync_update_staged(rows->table, rows->range);
	rows->inserted = sync_insert_staged(rows->table, rows->range);
}

/*
 * Writes some of the staged rows. If one is refused, writes none of them and returns the error.
 * Rows that earlier calls wrote stay: if two rows conflict only with each other, the second one is
 * refused.
 */
static ErrorData *
try_rows(SyncRun *run, const MirrorTable *table, const char *range)
{
	SyncTable *state = &run->at.tables[table - mirror_tables];
	StagedRows rows = {.table = table, .range = range};
	ErrorData *error = sync_try("ngeshare isolate", write_rows, &rows);

	if (error == NULL)
	{
		state->updated += rows.updated;
		state->inserted += rows.inserted;
		state->local_rows += rows.inserted;
	}
	return error;
}

/* Moves one staged row into quarantine, with the mirror's error message as the reason. */
static void
quarantine_row(SyncRun *run, const MirrorTable *table, int64 stage_no, const ErrorData *error)
{
	SqlArgs args = {0};

	sql_add_int64(&args, stage_no);
	sql_query_row(sql_format("SELECT id FROM ngeshare.%s WHERE stage_no = $1", table->stage),
	              &args);
	sync_log_refused(run, error->sqlerrcode, error->message, sql_text(1));
	sync_quarantine_staged(run, table, stage_no, error->message);
}

/*
 * Writes the staged rows from one stage_no to another. If the mirror refuses a row among them,
 * tries each half; a row that is refused alone goes into quarantine.
 */
static void
isolate_between(SyncRun *run, const MirrorTable *table, int64 first, int64 last)
{
	SqlArgs args = {0};
	ErrorData *error;
	int64 middle;

	error = try_rows(run, table,
	                 sql_format(" AND stage.stage_no BETWEEN %lld AND %lld", (long long) first,
	                            (long long) last));
	if (error == NULL)
		return;
	if (first == last)
	{
		quarantine_row(run, table, first, error);
		return;
	}
	sql_add_int64(&args, first);
	sql_add_int64(&args, last);
	sql_query_row(sql_format("SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY stage_no),"
	                         " min(stage_no), max(stage_no) FROM ngeshare.%s"
	                         " WHERE stage_no BETWEEN $1 AND $2",
	                         table->stage),
	              &args);
	first = sql_int64(2);
	last = sql_int64(3);
	middle = first == last ? first : Min(sql_int64(1), last - 1);
	isolate_between(run, table, first, middle);
	if (middle < last)
		isolate_between(run, table, middle + 1, last);
}

/* Writes a table's staged rows, and moves into quarantine each row that the mirror refuses. */
void
sync_isolate(SyncRun *run, const MirrorTable *table)
{
	sql_query_row(sql_format("SELECT coalesce(min(stage_no), 0), coalesce(max(stage_no), -1)"
	                         " FROM ngeshare.%s",
	                         table->stage),
	              NULL);
	if (sql_int64(2) >= sql_int64(1))
		isolate_between(run, table, sql_int64(1), sql_int64(2));
}

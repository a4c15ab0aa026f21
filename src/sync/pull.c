/*
 * src/sync/pull.c
 *		From production into staging, a committed batch at a time.
 *
 * A batch is ordered by production, by (stamp, id) in production's own
 * collation, and the next one begins behind the last row that came: its edge is
 * copied, never computed here.
 */
#include "sync/sync.h"

#include "catalog/pg_type.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"

/* A batch that took less than this, in milliseconds, is followed by a larger one. */
#define BATCH_TARGET_MS 2000
#define BATCH_GROWTH 4
#define BATCH_ROWS_MAX 2000000

/* Pulls again, by id, what waits in quarantine. */
static void
pull_quarantined(SyncRun *run, const MirrorTable *table, const char *columns)
{
	SqlArgs args = {0};
	Datum ids;
	bool isnull;

	sql_add_text(&args, table->name);
	sql_query_row("SELECT array_agg(row_id) FROM ngeshare.quarantine WHERE table_name = $1", &args);
	ids = sql_value(1, &isnull);
	if (isnull)
		return;
	args.types[0] = TEXTARRAYOID;
	args.values[0] = ids;
	run->counts[run->table].pulled +=
	    sql_run(sql_format("INSERT INTO ngeshare.%s (%s) SELECT %s FROM production.%s"
	                       " WHERE id = ANY ($1)",
	                       table->stage, columns, columns, quote_identifier(table->name)),
	            &args);
}

/* Whether an earlier incremental run was cut off within this table's pass. */
static bool
can_resume(SyncRun *run, const MirrorTable *table)
{
	SqlArgs args = {0};

	if (run->is_full || run->table == MIRROR_ATTENDANCE)
		return false;
	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	return sql_query_row("SELECT 1 FROM ngeshare.sync_state"
	                     " WHERE table_name = $1 AND pass_run_id <> $2 AND NOT pass_full",
	                     &args);
}

/* Begins a new pass: empty staging, and the watermark that it will end with. */
static void
begin_pass(SyncRun *run, const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_run(sql_format("TRUNCATE ngeshare.%s", table->stage), NULL);
	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	sql_add_bool(&args, run->is_full);
	sql_add_timestamp(&args, run->table == MIRROR_ATTENDANCE ? run->clock : run->bound);
	sql_add_timestamp(&args, run->window_start);
	sql_add_bool(&args, run->table == MIRROR_ATTENDANCE);
	sql_run("INSERT INTO ngeshare.sync_state AS state"
	        " (table_name, pass_run_id, pass_full, pass_bound, pass_stamp)"
	        " VALUES ($1, $2, $3, $4, CASE WHEN $6 THEN $5 ELSE '-infinity' END)"
	        " ON CONFLICT (table_name) DO UPDATE SET pass_run_id = excluded.pass_run_id,"
	        " pass_full = excluded.pass_full, pass_bound = excluded.pass_bound,"
	        " pass_stamp = CASE WHEN $6 THEN $5 WHEN $3 THEN '-infinity' ELSE state.watermark END,"
	        " pass_id = NULL, pass_pulled = false",
	        &args);
}

/* Whether attendance's past has to come whole from production. */
static bool
needs_past(SyncRun *run)
{
	return run->is_full || !sql_query_row("SELECT 1 FROM ngeshare.history_state"
	                                      " WHERE window_start > '-infinity'",
	                                      NULL);
}

/* Begins the table's pass, or goes on with the one that was cut off. */
void
sync_open_pass(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	char *columns = mirror_columns(table, "%1$I", ", ");

	sync_log_open_table(run);
	run->batch_rows = ngeshare_settings.sync_batch_rows;
	run->is_resumed = can_resume(run, table);
	if (run->is_resumed)
		return;
	begin_pass(run, table);
	if (!run->is_full)
		pull_quarantined(run, table, columns);
	if (run->table == MIRROR_ATTENDANCE)
		run->rebuilds_past = needs_past(run);
}

/* The statement that stages one batch; $1 stamp, $2 id, $3 rows. */
static char *
batch_statement(const MirrorTable *table, bool is_first)
{
	char *columns = mirror_columns(table, "%1$I", ", ");
	const char *stamp = quote_identifier(table->stamp);
	char *behind = is_first ? "" : sql_format(" AND (%s > $1 OR id > $2)", stamp);

	return sql_format("INSERT INTO ngeshare.%s (%s) SELECT %s FROM production.%s"
	                  " WHERE %s >= $1%s ORDER BY %s, id LIMIT $3",
	                  table->stage, columns, columns, quote_identifier(table->name), stamp, behind,
	                  stamp);
}

/*
 * Runs a batch with local sorting priced out, so that order and limit are
 * production's work: only a batch's rows travel, in production's own order.
 */
static int64
stage_batch(const char *sql, SqlArgs *args)
{
	int nest_level = NewGUCNestLevel();
	int64 rows;

	(void) set_config_option("enable_sort", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
	                         true, 0, false);
	rows = sql_run(sql, args);
	AtEOXact_GUC(true, nest_level);
	return rows;
}

/* Remembers the batch's last row as the place to go on from. */
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

/* Lets the next batch be as large as the time this one took allows. */
static void
adapt_batch(SyncRun *run, TimestampTz began)
{
	long took = Max(TimestampDifferenceMilliseconds(began, GetCurrentTimestamp()), 1);
	double factor = Min((double) BATCH_TARGET_MS / took, BATCH_GROWTH);

	run->batch_rows = Max(1, Min(run->batch_rows * factor, BATCH_ROWS_MAX));
}

/* Stages the pass's next batch; false once there is no more. */
bool
sync_pull_batch(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[run->table];
	TimestampTz began = GetCurrentTimestamp();
	SqlArgs position = {0};
	SqlArgs args = {0};
	bool is_first;
	bool isnull;
	int64 asked = run->batch_rows;
	int64 rows;

	sql_add_text(&position, table->name);
	if (!sql_query_row("SELECT pass_stamp, pass_id, pass_pulled FROM ngeshare.sync_state"
	                   " WHERE table_name = $1",
	                   &position))
		elog(ERROR, "no pass of table \"%s\" is open", table->name);
	if (DatumGetBool(sql_value(3, &isnull)))
		return false;
	sql_add_timestamp(&args, DatumGetTimestamp(sql_value(1, &isnull)));
	sql_add_text(&args, sql_text(2));
	sql_add_int64(&args, asked);
	is_first = args.nulls[1] == 'n';
	rows = stage_batch(batch_statement(table, is_first), &args);
	run->counts[run->table].pulled += rows;
	if (rows > 0)
		save_position(table, rows < asked);
	adapt_batch(run, began);
	return rows == asked;
}

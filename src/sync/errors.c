/*
 * src/sync/errors.c
 *		sync_error_log: what went wrong, with its class and without secrets.
 *
 * An error is noted in memory as it happens and written in the next transaction
 * that comes to its end, so none is lost with the transaction that it ended.
 */
#include "sync/sync.h"

#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* So many rows of a table may be set aside in one run, one by one. */
#define REFUSED_MAX 1000

/* By the order of SyncErrorClass. */
static const char *const class_names[] = {"transient", "permanent", "row"};

/* Notes an error of the step that the run is at, to be written by sync_log_errors(). */
void
sync_note_error(SyncRun *run, ErrorData *error, SyncErrorClass error_class)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	SyncError *entry = palloc0(sizeof(SyncError));

	if (run->phase > SYNC_PREFLIGHT && run->phase < SYNC_SETTLE)
		entry->table_name = mirror_tables[run->table].name;
	entry->phase = sync_phase_name(run->before->phase);
	entry->occurred_at = GetCurrentTimestamp();
	entry->attempt = Max(run->attempt, 1);
	entry->sqlstate = error->sqlerrcode;
	entry->error_class = error_class;
	entry->message = error->message;
	entry->detail = error->detail;
	entry->will_retry = run->verdict == SYNC_RETRY;
	run->unlogged = lappend(run->unlogged, entry);
	MemoryContextSwitchTo(caller);
}

/* Writes one entry. */
static void
write_entry(int64 run_id, const SyncError *entry)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run_id);
	sql_add_text(&args, entry->table_name);
	sql_add_timestamptz(&args, entry->occurred_at);
	sql_add_text(&args, entry->phase);
	sql_add_int64(&args, entry->attempt);
	sql_add_text(&args, unpack_sql_state(entry->sqlstate));
	sql_add_text(&args, class_names[entry->error_class]);
	sql_add_text(&args, remote_without_secrets(entry->message));
	sql_add_text(&args, remote_without_secrets(entry->detail));
	sql_add_bool(&args, entry->will_retry);
	sql_run("INSERT INTO public.sync_error_log (run_id, table_name, occurred_at, phase, attempt,"
	        " sqlstate, class, message, detail, will_retry)"
	        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
	        &args);
}

/* Writes what was noted; the caller forgets it once that is committed. */
void
sync_log_errors(SyncRun *run)
{
	ListCell *cell;

	foreach (cell, run->unlogged)
		write_entry(run->run_id, lfirst(cell));
}

/*
 * Counts a row that can't be stored. Raises 55000 where they are too many for each
 * to be a row's trouble: then it is the table's.
 */
void
sync_count_refused(SyncRun *run, const MirrorTable *table, const char *message)
{
	if (++run->tables[table - mirror_tables].refused <= REFUSED_MAX)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("more than %d rows of \"%s\" can't be stored here", REFUSED_MAX, table->name),
	         errdetail("The last one: %s", message),
	         errhint("See whether a constraint or a trigger was added to the table here.")));
}

/* Writes, together with what the step does about it, that one row can't be stored. */
void
sync_log_row_error(SyncRun *run, int sqlstate, const char *message, const char *row)
{
	SyncError entry = {0};

	entry.table_name = mirror_tables[run->table].name;
	entry.phase = sync_phase_name(run->phase);
	entry.occurred_at = GetCurrentTimestamp();
	entry.attempt = Max(run->attempt, 1);
	entry.sqlstate = sqlstate;
	entry.error_class = SYNC_ROW;
	entry.message = message;
	entry.detail = sql_format("The row %s.", row);
	entry.will_retry = true;
	write_entry(run->run_id, &entry);
}

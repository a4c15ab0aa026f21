/*
 * src/sync/move/isolate.c
 *		Rows of staging that the mirror refuses, found by halves and put into
 *		quarantine, so that one of them doesn't stop its table.
 *
 * What is known to be refused (a missing parent, a NULL) never gets here: this is
 * for what nobody thought of, such as a constraint or a trigger that was added to
 * the mirror, or a key too long for its index. A merge comes here only after it
 * has failed with such an error.
 */
#include "sync/sync.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "sql.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/*
 * Writes some of the staged rows; returns the error that it met, with nothing of
 * them written. What could be written stays: two rows that the mirror takes each,
 * but not together, are refused as the second of them.
 */
static ErrorData *
try_rows(SyncRun *run, const MirrorTable *table, const char *range)
{
	SyncTable *state = &run->tables[table - mirror_tables];
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;
	volatile int64 updated = 0;
	volatile int64 inserted = 0;

	CHECK_FOR_INTERRUPTS();
	BeginInternalSubTransaction("ngeshare isolate");
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		updated = sync_update_staged(table, range);
		inserted = sync_insert_staged(table, range);
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
	if (error == NULL)
	{
		state->updated += updated;
		state->inserted += inserted;
		state->local_rows += inserted;
	}
	return error;
}

/* Puts one staged row into quarantine, with what the mirror said of it. */
static void
hold_row(SyncRun *run, const MirrorTable *table, int64 stage_no, const ErrorData *error)
{
	SqlArgs args = {0};

	sql_add_int64(&args, stage_no);
	sql_query_row(sql_format("SELECT id FROM ngeshare.%s WHERE stage_no = $1", table->stage),
	              &args);
	sync_count_refused(run, table, error->message);
	sync_log_row_error(run, error->sqlerrcode, error->message, sql_text(1));
	sync_hold_staged(run, table, stage_no, error->message);
}

/* Looks for refused rows among those staged from one number to another. */
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
		hold_row(run, table, first, error);
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

/* Takes out of a table's staging what the mirror refuses, each row into quarantine. */
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

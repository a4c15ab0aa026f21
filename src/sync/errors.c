/*
 * src/sync/errors.c
 *		Writes errors to sync_error_log, with their class and without secrets.
 *
 * The error that ends a step also aborts the step's transaction. So it is noted in memory first,
 * and a later transaction writes it.
 */
#include "sync/sync.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/resowner.h"

/* A table fails if more than this many of its rows can't be fetched or stored in one run. */
#define REFUSED_MAX 1000

/* A row of sync_error_log. */
typedef struct SyncError
{
	const char *table_name; /* NULL in a phase that works on no single table */
	const char *phase;
	TimestampTz occurred_at;
	int attempt;
	int sqlstate;
	SyncErrorClass error_class;
	const char *message;
	const char *detail; /* may be NULL */
	bool will_retry;
} SyncError;

/* Names of error classes, indexed by SyncErrorClass. */
static const char *const class_names[] = {"transient", "permanent", "row"};

/* Notes an error of the current step in memory; sync_log_errors() writes it later. */
void
sync_note_error(SyncRun *run, ErrorData *error, SyncErrorClass error_class)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	SyncError *entry = palloc0(sizeof(SyncError));

	entry->table_name = sync_table_name(run);
	entry->phase = sync_phase_name(run->before.phase);
	entry->occurred_at = GetCurrentTimestamp();
	entry->attempt = Max(run->lasting.attempts, 1);
	entry->sqlstate = error->sqlerrcode;
	entry->error_class = error_class;
	entry->message = error->message;
	entry->detail = error->detail;
	entry->will_retry = run->lasting.verdict == SYNC_RETRY;
	run->lasting.unlogged = lappend(run->lasting.unlogged, entry);
	MemoryContextSwitchTo(caller);
}

/* Inserts one row into sync_error_log. */
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

/* Writes the noted errors. After the commit, loop.c empties run->lasting.unlogged. */
void
sync_log_errors(SyncRun *run)
{
	ListCell *cell;

	foreach (cell, run->lasting.unlogged)
		write_entry(run->run_id, lfirst(cell));
}

/*
 * Counts a row of the current table that can't be fetched or stored, and logs its error in the
 * step's own transaction. Raises 55000 if there are too many such rows, because then the table is
 * at fault and not the rows.
 */
void
sync_log_refused(SyncRun *run, int sqlstate, const char *message, const char *row)
{
	SyncError entry = {0};

	if (++sync_at_state(run)->refused > REFUSED_MAX)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		     errmsg("more than %d rows of \"%s\" can't be fetched or stored here", REFUSED_MAX,
		            sync_at_table(run)->name),
		     errdetail("The last one: %s", message),
		     errhint(
		         "Read why the last one can't, and check whether somebody added a constraint or a"
		         " trigger to the mirror's table.")));
	entry.table_name = sync_at_table(run)->name;
	entry.phase = sync_phase_name(run->at.phase);
	entry.occurred_at = GetCurrentTimestamp();
	entry.attempt = Max(run->lasting.attempts, 1);
	entry.sqlstate = sqlstate;
	entry.error_class = SYNC_ROW;
	entry.message = message;
	entry.detail = sql_format("The row %s.", row);
	entry.will_retry = true;
	write_entry(run->run_id, &entry);
}

/* Returns whether an error concerns one row: other rows of its table can still be stored. */
bool
sync_is_row_error(int sqlstate)
{
	switch (ERRCODE_TO_CATEGORY(sqlstate))
	{
		case MAKE_SQLSTATE('2', '2', '0', '0', '0'): /* data */
		case MAKE_SQLSTATE('2', '3', '0', '0', '0'): /* constraints */
		case MAKE_SQLSTATE('5', '4', '0', '0', '0'): /* limits: a key too long for its index */
			return true;
		default:
			return sqlstate == ERRCODE_RAISE_EXCEPTION; /* a trigger added by a user */
	}
}

/*
 * Calls work() in a subtransaction; returns NULL if it succeeds. After an error of a row that
 * can't be stored or deleted, rolls the subtransaction back and returns the error. Raises any
 * other error.
 */
ErrorData *
sync_try(const char *name, void (*work)(void *arguments), void *arguments)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	CHECK_FOR_INTERRUPTS();
	BeginInternalSubTransaction(name);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		work(arguments);
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
	return error;
}

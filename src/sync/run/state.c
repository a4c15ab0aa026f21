/*
 * src/sync/run/state.c
 *		A run from its beginning to its end: which step comes next.
 */
#include "sync/sync.h"

#include "ngeshare.h"
#include "pinned.h"
#include "sql.h"
#include "utils/memutils.h"

static const char *const phase_names[] = {"preflight", "survey", "open",   "pull",   "past",
                                          "parents",   "merge",  "window", "verify", "repair",
                                          "deletes",   "settle", "finish", "ended"};

const char *
sync_phase_name(SyncPhase phase)
{
	return phase_names[phase];
}

/* Adds a sentence to what makes the run end as a warning. */
void
sync_note_finding(SyncRun *run, const char *format, ...)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	int needed;

	if (run->findings.len > 0)
		appendStringInfoString(&run->findings, " ");
	do
	{
		va_list args;

		va_start(args, format);
		needed = appendStringInfoVA(&run->findings, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&run->findings, needed);
	} while (needed > 0);
	MemoryContextSwitchTo(caller);
}

/* The canonical name of the zone whose local days answers speak in. */
const char *
sync_reporting_zone(void)
{
	return pg_get_timezone_name(ngeshare_settings.zone);
}

/* A copy of a text that lives as long as the run; NULL stays NULL. */
char *
sync_keep_text(SyncRun *run, const char *text)
{
	return text != NULL ? MemoryContextStrdup(run->context, text) : NULL;
}

/* A run that has not begun, in memory that lives in the current context. */
SyncRun *
sync_new(SyncMode mode, const bool *wanted)
{
	SyncRun *run = palloc0(sizeof(SyncRun));

	run->context = CurrentMemoryContext;
	run->mode = mode;
	memcpy(run->wanted, wanted, sizeof(run->wanted));
	run->clock = clock_sync_now();
	run->phase = SYNC_PREFLIGHT;
	run->before = palloc0(sizeof(SyncRun));
	initStringInfo(&run->findings);
	return run;
}

/* Goes to the next table from a place on that is wanted and has not failed; false: there is none.
 */
static bool
go_to_table(SyncRun *run, int table, SyncPhase phase)
{
	while (table < MIRROR_TABLES && (!run->wanted[table] || run->tables[table].has_failed))
		table++;
	if (table == MIRROR_TABLES)
		return false;
	run->table = table;
	run->phase = phase;
	return true;
}

/* After a table's comparison the next one's; after the last the work begins, or the looking ends.
 */
static void
go_behind_survey(SyncRun *run)
{
	if (go_to_table(run, run->table + 1, SYNC_SURVEY))
		return;
	if (run->mode == SYNC_COMPARE)
		run->phase = SYNC_FINISH;
	else if (!go_to_table(run, 0, SYNC_OPEN))
		run->phase = SYNC_SETTLE;
}

/*
 * Goes to the next table. Last come the deletes, from the last table on. This runs also
 * between two steps, after an error, where no transaction is open to ask anything in.
 */
static void
go_behind_table(SyncRun *run)
{
	if (go_to_table(run, run->table + 1, SYNC_OPEN))
		return;
	run->table = MIRROR_ATTENDANCE;
	run->phase = SYNC_DELETES;
}

/* Closes the table and goes on. */
static void
end_table(SyncRun *run)
{
	run->tables[run->table].is_done = true;
	sync_log_close_table(run, run->table);
	go_behind_table(run);
}

/* Opens passes up to the first that has work to do: those whose content is the same need none. */
static void
open_tables(SyncRun *run)
{
	while (run->phase == SYNC_OPEN)
	{
		run->phase = SYNC_PULL;
		if (!sync_open_pass(run))
			end_table(run);
	}
}

/* How a table's staging gets into the mirror. */
static SyncPhase
merging_phase(const SyncRun *run)
{
	return run->table == MIRROR_ATTENDANCE ? SYNC_WINDOW : SYNC_MERGE;
}

/*
 * After a table's rows are all staged. Where a table comes whole, its parents
 * have just come whole, too; the few that came since are fetched with the repair.
 */
static void
go_behind_pull(SyncRun *run)
{
	bool at_past =
	    run->table == MIRROR_ATTENDANCE && (run->rebuilds_past || run->past_buckets != NULL);

	run->phase = SYNC_PARENTS;
	if (at_past)
		run->phase = SYNC_PAST;
	else if (run->tables[run->table].is_whole)
		run->phase = merging_phase(run);
}

/*
 * Merges one table. A pass that an earlier run began is followed by one of ours,
 * unless the table came whole: then all of it is compared.
 */
static void
merge_table(SyncRun *run)
{
	if (run->phase == SYNC_WINDOW)
		sync_merge_window(run);
	else
		sync_merge(run);
	run->phase = SYNC_VERIFY;
	if (run->is_resumed && !run->tables[run->table].is_whole)
		run->phase = SYNC_OPEN;
	run->is_resumed = false;
}

/* The parents that staged rows lack: fetched in one step, written in the next. */
static void
bring_parents(SyncRun *run)
{
	if (!run->is_fetched && sync_stage_parents(run))
	{
		run->is_fetched = true;
		return;
	}
	if (run->is_fetched)
		sync_write_parents(run);
	run->is_fetched = false;
	run->phase = merging_phase(run);
}

/* The window: what production still has of the rows that go is asked in one step, all written in
 * the next. */
static void
bring_window(SyncRun *run)
{
	if (!run->is_fetched)
	{
		sync_look_for_gone(run);
		run->is_fetched = true;
		return;
	}
	merge_table(run);
	run->is_fetched = false;
}

/* After a table's deletes come those of the one before it, after the first table the end. */
static void
go_behind_deletes(SyncRun *run)
{
	if (run->table == 0)
		run->phase = SYNC_SETTLE;
	else
		run->table--;
}

/* Whether a table points to one that has failed. */
static bool
has_failed_parent(const SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		if (run->tables[mirror_table_index(parent->table)].has_failed)
			return true;
	return false;
}

/*
 * Gives a table up that has failed, and with it those that point to it, and goes
 * on with the others. Its deletes come last: the others are done by then.
 */
void
sync_leave_table(SyncRun *run)
{
	run->tables[run->table].has_failed = true;
	run->tables[run->table].extra = 0;
	run->is_fetched = false;
	if (run->phase == SYNC_DELETES)
	{
		go_behind_deletes(run);
		return;
	}
	for (int table = run->table + 1; table < MIRROR_TABLES; table++)
		if (run->wanted[table] && has_failed_parent(run, &mirror_tables[table]))
		{
			run->tables[table].has_failed = run->tables[table].is_skipped = true;
			run->tables[table].extra = 0;
		}
	if (run->phase == SYNC_SURVEY)
		go_behind_survey(run);
	else
		go_behind_table(run);
}

/* Takes out of one table what leaves the mirror; last comes the first table. */
static void
delete_from_table(SyncRun *run)
{
	if (run->table == MIRROR_ATTENDANCE)
	{
		if (!sync_may_leave(run))
		{
			run->phase = SYNC_SETTLE;
			return;
		}
		sync_guard_all_removals(run);
		sync_hold_orphans(run);
		sync_guard_quarantine(run);
	}
	if (sync_has_leaving(run, run->table))
		sync_remove(run);
	go_behind_deletes(run);
}

/* The work of a table's pass, from its opening to its repair. */
static void
do_table_phase(SyncRun *run)
{
	switch (run->phase)
	{
		case SYNC_OPEN:
			open_tables(run);
			break;
		case SYNC_PULL:
			if (!sync_pull_batch(run))
				go_behind_pull(run);
			break;
		case SYNC_PAST:
			sync_pull_past(run);
			run->phase = run->tables[run->table].is_whole ? merging_phase(run) : SYNC_PARENTS;
			break;
		case SYNC_PARENTS:
			bring_parents(run);
			break;
		case SYNC_MERGE:
			merge_table(run);
			break;
		case SYNC_WINDOW:
			bring_window(run);
			break;
		case SYNC_VERIFY:
			if (run->table == MIRROR_ATTENDANCE && sync_verify_past(run))
				break;
			run->phase = SYNC_REPAIR;
			if (sync_verify(run))
				end_table(run);
			break;
		default:
			if (!sync_repair(run))
				end_table(run);
			break;
	}
}

/* Whether a table of the run has failed. */
static bool
has_failed_table(const SyncRun *run)
{
	for (int table = 0; table < MIRROR_TABLES; table++)
		if (run->tables[table].has_failed)
			return true;
	return false;
}

/*
 * Refreshes the snapshot and closes the run, in one transaction: readers see both or
 * neither. A run with failed tables leaves the instant that answers are known until.
 */
static void
refresh_and_finish(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_add_bool(&args, run->mode == SYNC_FULL);
	sql_add_bool(&args, has_failed_table(run));
	sql_query_row("SELECT ngeshare.refresh_after_sync($1, $2, $3)", &args);
	sync_log_finish(run);
}

/* The work of the phase that the run is in, and the way to the next. */
static void
do_phase(SyncRun *run)
{
	switch (run->phase)
	{
		case SYNC_PREFLIGHT:
			sync_preflight(run);
			go_to_table(run, 0, SYNC_SURVEY);
			break;
		case SYNC_SURVEY:
			sync_survey(run);
			go_behind_survey(run);
			break;
		case SYNC_DELETES:
			delete_from_table(run);
			break;
		case SYNC_SETTLE:
			refresh_and_finish(run);
			run->phase = SYNC_ENDED;
			break;
		case SYNC_FINISH:
			sync_log_finish(run);
			run->phase = SYNC_ENDED;
			break;
		case SYNC_ENDED:
			break;
		default:
			do_table_phase(run);
			break;
	}
}

/* Whether a phase's step asks production, once the run has begun. */
static bool
needs_production(SyncPhase phase)
{
	return phase != SYNC_PREFLIGHT && phase < SYNC_DELETES;
}

/*
 * Does the run's next step and says whether there is another. It runs as the
 * server's owner, whose user mapping it uses.
 * After an error the caller rolls back, and puts the run back to what it was.
 */
bool
sync_step(SyncRun *run)
{
	PinnedCaller caller;

	sync_lock_keep();
	pinned_become(remote_production_owner(), &caller);
	sync_limit_lock_waits();
	if (run->remote == NULL && needs_production(run->phase))
		sync_reopen(run);
	sync_pause(run, false);
	do_phase(run);
	sync_pause(run, true);
	sync_log_progress(run);
	pinned_become_caller(&caller);
	return run->phase != SYNC_ENDED;
}

/*
 * src/sync/run/state.c
 *		A run from its beginning to its end: which step comes next.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"
#include "sync/run/run.h"

#include "ngeshare.h"
#include "pinned.h"

/* A run that has not begun, in memory that lives in the current context. */
SyncRun *
sync_new(SyncMode mode, const bool *wanted)
{
	SyncRun *run = palloc0(sizeof(SyncRun));

	run->context = CurrentMemoryContext;
	run->mode = mode;
	memcpy(run->wanted, wanted, sizeof(run->wanted));
	run->clock = clock_sync_now();
	run->at.phase = SYNC_PREFLIGHT;
	for (int table = 0; table < MIRROR_TABLES; table++)
		run->ops[table] =
		    mirror_tables[table].has_window ? &sync_windowed_table : &sync_plain_table;
	return run;
}

/* Goes to the next table, from one on, that is wanted and has not failed; false after the last. */
static bool
go_to_table(SyncRun *run, int table, SyncPhase phase)
{
	while (table < MIRROR_TABLES && (!run->wanted[table] || run->at.tables[table].has_failed))
		table++;
	if (table == MIRROR_TABLES)
		return false;
	run->at.table = table;
	run->at.phase = phase;
	return true;
}

/* After a table's comparison comes the next one's, after the last one's the work, if any. */
static void
go_after_comparison(SyncRun *run)
{
	if (go_to_table(run, run->at.table + 1, SYNC_COMPARING))
		return;
	if (run->mode == SYNC_COMPARE)
		run->at.phase = SYNC_FINISH;
	else if (!go_to_table(run, 0, SYNC_OPEN))
		run->at.phase = SYNC_REFRESH;
}

/*
 * Goes to the next table. Last come the deletes, from the last table on. This runs also
 * between two steps, after an error, where no transaction is open to ask anything in.
 */
static void
go_after_table(SyncRun *run)
{
	if (go_to_table(run, run->at.table + 1, SYNC_OPEN))
		return;
	run->at.table = MIRROR_TABLES - 1;
	run->at.phase = SYNC_DELETES;
}

/* Closes the table that the run is at. */
static void
close_table(SyncRun *run)
{
	sync_at_state(run)->is_done = true;
	sync_log_close_table(run, run->at.table);
}

/* Lists the rows that go with their parents, ends this table's pass, moves to the next table. */
static void
end_table(SyncRun *run)
{
	sync_list_gone_with_parents(run);
	close_table(run);
	go_after_table(run);
}

/*
 * Compares the table. A run that only looks is done with it then. Quarantined rows count
 * as the same on both sides, but the mirror lacks them.
 */
static void
compare_table(SyncRun *run)
{
	sync_compare(run);
	if (run->mode == SYNC_COMPARE)
	{
		sync_log_open_table(run, run->at.table);
		sync_count_quarantined(run, sync_at_table(run));
		close_table(run);
	}
	go_after_comparison(run);
}

/* Opens passes up to the first that has work to do: those whose content is the same need none. */
static void
open_tables(SyncRun *run)
{
	while (run->at.phase == SYNC_OPEN)
	{
		run->at.phase = SYNC_PULL;
		sync_log_open_table(run, run->at.table);
		if (sync_at_table(run)->has_window)
			sync_compare_past_again(run);
		if (!sync_open_pass(run))
			end_table(run);
	}
}

/*
 * After a table's rows are all staged. Where a table comes whole, its parents
 * have just come whole, too; the few that came since are fetched with the repair.
 */
static void
go_after_pull(SyncRun *run)
{
	bool at_past =
	    sync_at_table(run)->has_window && (run->at.rebuilds_past || run->at.past_buckets != NULL);

	run->at.phase = SYNC_PARENTS;
	if (at_past)
		run->at.phase = SYNC_PAST;
	else if (sync_at_state(run)->is_whole)
		run->at.phase = sync_merging_phase(run);
}

/*
 * Merges one table. A pass that an earlier run began is followed by one of ours,
 * unless the table came whole: then all of it is compared.
 */
static void
merge_table(SyncRun *run)
{
	sync_merge(run);
	run->at.phase = SYNC_VERIFY;
	if (run->at.is_resumed && !sync_at_state(run)->is_whole)
		run->at.phase = SYNC_OPEN;
	run->at.is_resumed = false;
}

/* The parents that staged rows lack: fetched in one step, written in the next. */
static void
bring_parents(SyncRun *run)
{
	if (!run->at.is_fetched && sync_stage_parents(run))
	{
		run->at.is_fetched = true;
		return;
	}
	if (run->at.is_fetched)
		sync_write_parents(run);
	run->at.is_fetched = false;
	run->at.phase = sync_merging_phase(run);
}

/*
 * The window: which of the rows that go production still has is asked in one step, and
 * all is written in the next.
 */
static void
bring_window(SyncRun *run)
{
	if (!run->at.is_fetched)
	{
		sync_look_for_gone(run);
		run->at.is_fetched = true;
		return;
	}
	merge_table(run);
	run->at.is_fetched = false;
}

/* After a table's deletes come those of the one before it, after the first table the end. */
static void
go_after_deletes(SyncRun *run)
{
	if (run->at.table == 0)
		run->at.phase = SYNC_REFRESH;
	else
		run->at.table--;
}

/* Whether a table points to one that has failed. */
static bool
has_failed_parent(const SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		if (run->at.tables[mirror_table_index(parent->table)].has_failed)
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
	sync_at_state(run)->has_failed = true;
	sync_at_state(run)->extra = 0;
	run->at.is_fetched = false;
	if (run->at.phase == SYNC_DELETES)
	{
		go_after_deletes(run);
		return;
	}
	for (int table = run->at.table + 1; table < MIRROR_TABLES; table++)
		if (run->wanted[table] && has_failed_parent(run, &mirror_tables[table]))
		{
			run->at.tables[table].has_failed = run->at.tables[table].is_skipped = true;
			run->at.tables[table].extra = 0;
		}
	if (run->at.phase == SYNC_COMPARING)
		go_after_comparison(run);
	else
		go_after_table(run);
}

/* Takes out of one table what leaves the mirror; last comes the first table. */
static void
delete_from_table(SyncRun *run)
{
	if (run->at.table == MIRROR_TABLES - 1)
	{
		if (!sync_may_leave(run))
		{
			run->at.phase = SYNC_REFRESH;
			return;
		}
		sync_guard_all_removals(run);
		sync_quarantine_orphans(run);
		sync_guard_quarantine(run);
	}
	if (sync_has_leaving(run, run->at.table))
	{
		sync_remove(run);
		sync_log_close_table(run, run->at.table);
	}
	go_after_deletes(run);
}

/* Looks at the table again after its merge: what still differs is repaired. */
static void
verify_table(SyncRun *run)
{
	char *buckets;

	if (sync_at_table(run)->has_window && sync_verify_past(run))
		return;
	run->at.phase = SYNC_REPAIR;
	buckets = sync_compare_again(run);
	if (buckets != NULL)
		sync_quarantine_surplus(run);
	if (!sync_list_differences(run, buckets))
		end_table(run);
}

/* The work of a table's pass, from its opening to its repair. */
static void
do_table_phase(SyncRun *run)
{
	switch (run->at.phase)
	{
		case SYNC_OPEN:
			open_tables(run);
			break;
		case SYNC_PULL:
			if (!sync_pull_batch(run))
				go_after_pull(run);
			break;
		case SYNC_PAST:
			sync_pull_past(run);
			run->at.phase = sync_at_state(run)->is_whole ? sync_merging_phase(run) : SYNC_PARENTS;
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
			verify_table(run);
			break;
		default:
			if (!sync_repair(run))
				end_table(run);
			break;
	}
}

/* The work of the phase that the run is in, and the way to the next. */
static void
do_phase(SyncRun *run)
{
	switch (run->at.phase)
	{
		case SYNC_PREFLIGHT:
			sync_preflight(run);
			go_to_table(run, 0, SYNC_COMPARING);
			break;
		case SYNC_COMPARING:
			compare_table(run);
			break;
		case SYNC_DELETES:
			delete_from_table(run);
			break;
		case SYNC_REFRESH:
			sync_refresh_and_finish(run);
			run->at.phase = SYNC_ENDED;
			break;
		case SYNC_FINISH:
			sync_finish(run);
			run->at.phase = SYNC_ENDED;
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
	if (run->lasting.remote == NULL && needs_production(run->at.phase))
		sync_reopen(run);
	sync_pause(run, false);
	do_phase(run);
	sync_pause(run, true);
	sync_log_progress(run);
	pinned_become_caller(&caller);
	return run->at.phase != SYNC_ENDED;
}

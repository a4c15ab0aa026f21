/*
 * src/sync/run/state.c
 *		The state machine of a run: does the work of a phase, and sets the next phase.
 */
#include "sync/compare/compare.h"
#include "sync/move/move.h"
#include "sync/run/run.h"

#include "ngeshare.h"
#include "pinned.h"

/* Returns a new run, allocated in the current memory context, that begins with preflight. */
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

/*
 * Moves to the first table that is wanted and has not failed, beginning with the given one, and to
 * the given phase. Returns false if there is no such table.
 */
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

/*
 * Moves to the next table's comparison. After the last one, moves to SYNC_FINISH in mode verify,
 * otherwise to SYNC_OPEN, or to SYNC_REFRESH if all tables have failed.
 */
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
 * Moves to the next table's pass, or after the last table to the deletes, which begin with the
 * last table. Must run no SQL: it is also called after an error, outside of a step's transaction.
 */
static void
go_after_table(SyncRun *run)
{
	if (go_to_table(run, run->at.table + 1, SYNC_OPEN))
		return;
	run->at.table = MIRROR_TABLES - 1;
	run->at.phase = SYNC_DELETES;
}

/* Closes the current table's row in sync_log. */
static void
close_table(SyncRun *run)
{
	sync_at_state(run)->is_done = true;
	sync_log_close_table(run, run->at.table);
}

/*
 * Ends the work on the current table until the deletes: lists rows that production deleted with
 * their parents, closes the table's row in sync_log, and moves to the next table.
 */
static void
end_table(SyncRun *run)
{
	sync_list_gone_with_parents(run);
	close_table(run);
	go_after_table(run);
}

/*
 * Compares the current table; a run of mode verify then closes it. The comparison counts rows in
 * quarantine as present in the mirror, so verify counts them separately.
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

/*
 * Begins the current table's pass (its pull and merge), or continues one that an earlier run began.
 * If there is nothing to pull and nothing to merge, ends the table and tries the next one.
 */
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
 * Sets the phase after a table's pull is complete. SYNC_PARENTS is skipped if all rows of the
 * table were pulled, because its parents usually were, too. The merge then puts rows that lack a
 * parent into quarantine, and the repair fetches them again together with their parents.
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
 * Merges one table. If an earlier run began the pass, this run makes a pass of its own next,
 * unless all rows were pulled: then SYNC_VERIFY compares the whole table.
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

/* Fetches the missing parents of staged rows in one step, and writes them in the next. */
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
 * Asks production in one step which of the attendance rows to delete it still has, and merges
 * attendance in the next.
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

/* Moves to the deletes of the previous table; after the first table to the refresh. */
static void
go_after_deletes(SyncRun *run)
{
	if (run->at.table == 0)
		run->at.phase = SYNC_REFRESH;
	else
		run->at.table--;
}

/* Returns whether a table points to a table that has failed. */
static bool
has_failed_parent(const SyncRun *run, const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		if (run->at.tables[mirror_table_index(parent->table)].has_failed)
			return true;
	return false;
}

/*
 * Gives up the current table, which has failed, and the tables that point to it, and moves on to
 * another table. In SYNC_DELETES only the current table is given up, because the tables that point
 * to it have been completed before it.
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

/*
 * Deletes the current table's rows that have to leave the mirror (leave.c). Before the first
 * table, puts rows that point to such rows into quarantine, and checks that no table loses more
 * rows than a run may delete.
 */
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

/* Compares the current table after its merge. Lists the rows that the repair has to fetch. */
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

/* Does one step of a phase from SYNC_OPEN to SYNC_REPAIR, and sets the next phase. */
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

/* Does one step of the run's phase, and sets the next phase. */
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

/*
 * Returns whether a step of a phase begins with an open connection to production. SYNC_PREFLIGHT
 * opens the connection on its own.
 */
static bool
needs_production(SyncPhase phase)
{
	return phase != SYNC_PREFLIGHT && phase < SYNC_DELETES;
}

/*
 * Does the run's next step, and returns whether there is another. The step runs as the owner of
 * the foreign server, whose user mapping it uses. After an error the caller rolls back and
 * restores run->at.
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

/*
 * src/sync/run.c
 *		A run from its beginning to its end: which step comes next.
 */
#include "sync/sync.h"

#include "miscadmin.h"
#include "ngeshare.h"
#include "sql.h"
#include "utils/guc.h"
#include "utils/memutils.h"

static const char *const phase_names[] = {"preflight", "open",   "pull",   "past", "moved",
                                          "merge",     "delete", "finish", "ended"};

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

/* A run that has not begun, in memory that lives in the current context. */
SyncRun *
sync_new(bool is_full, const bool *wanted)
{
	SyncRun *run = palloc0(sizeof(SyncRun));

	run->context = CurrentMemoryContext;
	run->is_full = is_full;
	memcpy(run->wanted, wanted, sizeof(run->wanted));
	run->clock = clock_sync_now();
	run->phase = SYNC_PREFLIGHT;
	initStringInfo(&run->findings);
	return run;
}

/* Goes to the next wanted table from a place on, or to what follows the last. */
static void
go_to_table(SyncRun *run, int table)
{
	while (table < MIRROR_TABLES && !run->wanted[table])
		table++;
	run->table = table;
	run->phase = SYNC_OPEN;
	if (table < MIRROR_TABLES)
		return;
	run->table = MIRROR_ATTENDANCE;
	run->phase = run->is_full ? SYNC_DELETE : SYNC_FINISH;
}

/* After a table's rows are all staged. */
static void
go_behind_pull(SyncRun *run)
{
	run->phase = SYNC_MERGE;
	if (run->table == MIRROR_ATTENDANCE)
		run->phase = run->rebuilds_past ? SYNC_PAST : SYNC_MOVED;
}

/* Merges one table; a pass that an earlier run began is followed by one of ours. */
static void
merge_table(SyncRun *run)
{
	if (run->table == MIRROR_ATTENDANCE)
		sync_merge_window(run);
	else
		sync_merge(run);
	if (run->is_resumed)
	{
		run->is_resumed = false;
		run->phase = SYNC_OPEN;
		return;
	}
	run->counts[run->table].is_merged = true;
	sync_log_close_table(run, run->table,
	                     run->counts[run->table].waiting > 0 ? "warning" : "success");
	go_to_table(run, run->table + 1);
}

/* Deletes from one table what production no longer has; last comes the first table. */
static void
delete_from_table(SyncRun *run)
{
	if (run->table != MIRROR_ATTENDANCE && run->wanted[run->table])
		sync_delete_missing(run);
	if (run->table == 0)
		run->phase = SYNC_FINISH;
	else
		run->table--;
}

/* The work of the phase that the run is in, and the way to the next. */
static void
do_phase(SyncRun *run)
{
	switch (run->phase)
	{
		case SYNC_PREFLIGHT:
			sync_preflight(run);
			go_to_table(run, 0);
			break;
		case SYNC_OPEN:
			run->phase = SYNC_PULL;
			sync_open_pass(run);
			break;
		case SYNC_PULL:
			if (!sync_pull_batch(run))
				go_behind_pull(run);
			break;
		case SYNC_PAST:
			sync_pull_past(run);
			run->phase = SYNC_MERGE;
			break;
		case SYNC_MOVED:
			sync_pull_moved(run);
			run->phase = SYNC_MERGE;
			break;
		case SYNC_MERGE:
			merge_table(run);
			break;
		case SYNC_DELETE:
			delete_from_table(run);
			break;
		case SYNC_FINISH:
			sync_log_finish(run);
			run->phase = SYNC_ENDED;
			break;
		case SYNC_ENDED:
			break;
	}
}

/*
 * Does the run's next step and says whether there is another. It runs as the
 * server's owner, whose user mapping it uses, and with nobody else's search_path.
 * An error leaves the run where it was; the caller rolls back.
 */
bool
sync_step(SyncRun *run)
{
	Oid caller;
	int context;
	int nest_level = NewGUCNestLevel();

	GetUserIdAndSecContext(&caller, &context);
	SetUserIdAndSecContext(remote_production_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	do_phase(run);
	sync_log_progress(run);
	AtEOXact_GUC(true, nest_level);
	SetUserIdAndSecContext(caller, context);
	return run->phase != SYNC_ENDED;
}

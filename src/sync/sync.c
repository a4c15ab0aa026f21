/*
 * src/sync/sync.c
 *		Helpers that all parts of the sync use: names of phases and modes, texts that
 *		live as long as the run, and the work tables in schema ngeshare (staging tables and
 *		lists of ids).
 */
#include "sync/sync.h"

#include "catalog/namespace.h"
#include "ngeshare.h"
#include "sql.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* A work table is analyzed after at least this many rows were added to it. */
#define ANALYZE_FROM 1000

static const char *const phase_names[] = {"preflight", "compare", "open",   "pull",   "past",
                                          "parents",   "merge",   "window", "verify", "repair",
                                          "deletes",   "refresh", "finish", "ended"};

static const char *const mode_names[SYNC_MODES] = {"incremental", "full", "verify"};

const char *
sync_phase_name(SyncPhase phase)
{
	return phase_names[phase];
}

const char *
sync_mode_name(SyncMode mode)
{
	return mode_names[mode];
}

/* Returns the name of the run's current table; NULL in a phase that works on no single table. */
const char *
sync_table_name(const SyncRun *run)
{
	bool is_at_table = run->at.phase > SYNC_PREFLIGHT && run->at.phase < SYNC_REFRESH;

	return is_at_table ? sync_at_table(run)->name : NULL;
}

/* Returns the phase that merges the current table: attendance has a phase of its own. */
SyncPhase
sync_merging_phase(const SyncRun *run)
{
	return sync_at_table(run)->has_window ? SYNC_WINDOW : SYNC_MERGE;
}

/*
 * Returns the instant from which on attendance is compared row by row: the earlier of the
 * mirror's present window start and this run's. Earlier attendance is compared as meetings.
 */
Timestamp
sync_compared_start(const SyncRun *run)
{
	if (TIMESTAMP_IS_NOBEGIN(run->at.old_start))
		return run->at.window_start;
	return Min(run->at.old_start, run->at.window_start);
}

/* Returns the canonical name of the time zone that ngeshare.timezone is set to. */
const char *
sync_reporting_zone(void)
{
	return pg_get_timezone_name(ngeshare_settings.zone);
}

/*
 * Adds a sentence to the findings: what needs attention, for the message at the run's end. It
 * builds a new string, because a failed step restores the old pointer in run->at, and its text
 * must be unchanged.
 */
void
sync_note_finding(SyncRun *run, const char *format, ...)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	StringInfoData findings;
	int needed;

	initStringInfo(&findings);
	if (run->at.findings != NULL)
		appendStringInfo(&findings, "%s ", run->at.findings);
	do
	{
		va_list args;

		va_start(args, format);
		needed = appendStringInfoVA(&findings, format, args);
		va_end(args);
		if (needed > 0)
			enlargeStringInfo(&findings, needed);
	} while (needed > 0);
	run->at.findings = findings.data;
	MemoryContextSwitchTo(caller);
}

/* Returns a copy of a text that lives as long as the run; NULL for NULL. */
char *
sync_keep_text(SyncRun *run, const char *text)
{
	return text != NULL ? MemoryContextStrdup(run->context, text) : NULL;
}

/* Returns whether a table of the mirror has no rows. */
bool
sync_is_empty(const MirrorTable *table)
{
	return !sql_query_row(
	    sql_format("SELECT 1 FROM public.%s LIMIT 1", quote_identifier(table->name)), NULL);
}

/*
 * Empties a work table of schema ngeshare. If another session has locked it (pg_dump does), the
 * rows are deleted instead of truncated, because TRUNCATE would wait for that session.
 */
void
sync_clear(const char *table)
{
	Oid relation = get_relname_relid(table, get_namespace_oid("ngeshare", false));

	if (!sql_query_row(sql_format("SELECT 1 FROM ngeshare.%s LIMIT 1", table), NULL))
		return;
	if (ConditionalLockRelationOid(relation, AccessExclusiveLock))
		sql_run(sql_format("TRUNCATE ngeshare.%s", table), NULL);
	else
		sql_run(sql_format("DELETE FROM ngeshare.%s", table), NULL);
}

/*
 * Analyzes a work table of schema ngeshare after many rows were added to it. Without statistics
 * the planner can estimate two lists of 100,000 ids at one row each, and join them by a nested
 * loop.
 */
void
sync_analyze_work(const char *table, int64 rows)
{
	if (rows >= ANALYZE_FROM)
		sql_run(sql_format("ANALYZE (SKIP_LOCKED) ngeshare.%s", table), NULL);
}

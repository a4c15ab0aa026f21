/*
 * src/sync/sync.c
 *		Small things that all parts of the sync use: names, what a run keeps and
 *		finds, and the tables that it works with.
 */
#include "sync/sync.h"

#include "catalog/namespace.h"
#include "ngeshare.h"
#include "sql.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/* From so many new rows on the planner has to be told of them: it guesses well below. */
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

/* The name of the table that the run is at; NULL in phases that are at none. */
const char *
sync_table_name(const SyncRun *run)
{
	bool is_at_table = run->at.phase > SYNC_PREFLIGHT && run->at.phase < SYNC_REFRESH;

	return is_at_table ? sync_at_table(run)->name : NULL;
}

/* How the staging of the table at hand gets into the mirror. */
SyncPhase
sync_merging_phase(const SyncRun *run)
{
	return sync_at_table(run)->has_window ? SYNC_WINDOW : SYNC_MERGE;
}

/*
 * Since when attendance is compared row by row: where this side has raw rows, and
 * where it is going to.
 */
Timestamp
sync_compared_start(const SyncRun *run)
{
	if (TIMESTAMP_IS_NOBEGIN(run->at.old_start))
		return run->at.window_start;
	return Min(run->at.old_start, run->at.window_start);
}

/* The canonical name of the zone whose local days answers speak in. */
const char *
sync_reporting_zone(void)
{
	return pg_get_timezone_name(ngeshare_settings.zone);
}

/*
 * Adds a sentence to what makes the run end as a warning. It builds a new string: after an error
 * run->at goes back to the old pointer, whose text must be unchanged.
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

/* A copy of a text that lives as long as the run; NULL stays NULL. */
char *
sync_keep_text(SyncRun *run, const char *text)
{
	return text != NULL ? MemoryContextStrdup(run->context, text) : NULL;
}

/* Whether no row of a table is in the mirror. */
bool
sync_is_empty(const MirrorTable *table)
{
	return !sql_query_row(
	    sql_format("SELECT 1 FROM public.%s LIMIT 1", quote_identifier(table->name)), NULL);
}

/*
 * Empties a table of schema ngeshare that a run works with; one that is empty stays
 * untouched. Where somebody looks at it (a dump, say), its rows are deleted: nobody
 * is waited for.
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
 * Lets the planner know a table that the sync works with, once it has been given
 * many rows. Else it takes what one value selects for a fraction of a percent, and
 * two lists of 100,000 for one row each, which it would join row by row.
 */
void
sync_analyze_work(const char *table, int64 rows)
{
	if (rows >= ANALYZE_FROM)
		sql_run(sql_format("ANALYZE (SKIP_LOCKED) ngeshare.%s", table), NULL);
}

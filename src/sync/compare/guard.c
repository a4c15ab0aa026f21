/*
 * src/sync/compare/guard.c
 *		Refuses (NG002) to lose more rows than a mistake in production should cost.
 */
#include "sync/compare/compare.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

/* Fewer deletions than this are refused only where production looks empty. */
#define REMOVAL_ALWAYS_ALLOWED 50

/*
 * How many rows of a table may go in one run, by all that the comparison counted
 * here: of attendance, the past as well. None where production looks empty.
 */
int64
sync_allowed_removals(const SyncRun *run, int table)
{
	const SyncTable *state = &run->at.tables[table];
	int percent = ngeshare_settings.sync_max_delete_pct;

	if (state->all_there == 0 && percent < 100)
		return 0;
	return Max(REMOVAL_ALWAYS_ALLOWED, state->all_here * percent / 100);
}

/* Refuses (NG002) to lose more rows of a table than a mistake in production should cost. */
void
sync_guard_removal(const SyncRun *run, int table, int64 missing)
{
	int64 allowed = sync_allowed_removals(run, table);

	if (missing <= allowed)
		return;
	ereport(ERROR, (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
	                errmsg("production lacks %lld of the %lld rows of \"%s\"", (long long) missing,
	                       (long long) run->at.tables[table].all_here, mirror_tables[table].name),
	                errdetail("A run may delete %lld of them here. None was deleted.",
	                          (long long) allowed),
	                errhint("If they were meant to go: SET ngeshare.sync_max_delete_pct = 100;"
	                        " CALL ngeshare_sync('full');")));
}

/* Holds each table's missing rows against the guard, before any is deleted. */
void
sync_guard_all_removals(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
		sync_guard_removal(run, i, run->at.tables[i].extra - sync_count_kept(&mirror_tables[i]));
}

/*
 * Refuses (NG002) to move more rows of a table into quarantine than a mistake in
 * production should cost: one parent that goes may take very many rows along.
 */
void
sync_guard_quarantine(const SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const char *name = mirror_tables[i].name;
		int64 leaving;

		if (!run->wanted[i] || run->at.tables[i].has_failed)
			continue;
		sql_query_row(sql_format("SELECT count(*) FROM public.%s AS mirror WHERE mirror.id IN"
		                         " (SELECT held.row_id FROM ngeshare.quarantine AS held"
		                         " WHERE held.table_name = %s)",
		                         quote_identifier(name), quote_literal_cstr(name)),
		              NULL);
		leaving = sql_int64(1);
		if (leaving > sync_allowed_removals(run, i))
			ereport(ERROR,
			        (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
			         errmsg("%lld of the %lld rows of \"%s\" would leave the mirror",
			                (long long) leaving, (long long) run->at.tables[i].all_here, name),
			         errdetail("They can't be mirrored as they are in production now, mostly since"
			                   " what they point to is gone there. None was removed here."),
			         errhint("Mend them in production; or, if that is meant:"
			                 " SET ngeshare.sync_max_delete_pct = 100;"
			                 " CALL ngeshare_sync('full');")));
	}
}

/*
 * src/sync/compare/guard.c
 *		Refuses (NG002) a run that would delete too many rows: production may have lost them
 *		by mistake.
 */
#include "sync/compare/compare.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

/* A run may always delete this many rows of a table, unless production's table is empty. */
#define REMOVAL_ALWAYS_ALLOWED 50

/*
 * Returns how many rows of a table one run may delete: ngeshare.sync_max_delete_pct percent of the
 * rows that the comparison counted in the mirror (for attendance including the past), but at least
 * REMOVAL_ALWAYS_ALLOWED. Returns 0 if production's table is empty and the setting is below 100.
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

/* Refuses (NG002) the run if production lacks more rows of a table than the run may delete. */
void
sync_guard_removal(const SyncRun *run, int table, int64 missing)
{
	int64 allowed = sync_allowed_removals(run, table);

	if (missing <= allowed)
		return;
	ereport(
	    ERROR,
	    (errcode(NGESHARE_ERRCODE_DELETE_REFUSED),
	     errmsg("production lacks %lld of the mirror's %lld rows of \"%s\"", (long long) missing,
	            (long long) run->at.tables[table].all_here, mirror_tables[table].name),
	     errdetail("A run may delete at most %lld of them from the mirror. None was deleted.",
	               (long long) allowed),
	     errhint("If their deletion is right: SET ngeshare.sync_max_delete_pct = 100;"
	             " CALL ngeshare_sync('full');")));
}

/* Refuses (NG002) a run that would delete too many rows of any table, before it deletes any. */
void
sync_guard_all_removals(SyncRun *run)
{
	for (int i = 0; i < MIRROR_TABLES; i++)
		sync_guard_removal(run, i, run->at.tables[i].extra - sync_count_kept(&mirror_tables[i]));
}

/*
 * Refuses (NG002) to move more rows of a table from the mirror into quarantine than the run may
 * delete: a parent that is deleted in production can take very many children with it.
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
			         errdetail("They can't be mirrored now, mostly because rows that they reference"
			                   " are gone from production. None was removed here."),
			         errhint("Correct them in production or, if they may leave the mirror:"
			                 " SET ngeshare.sync_max_delete_pct = 100;"
			                 " CALL ngeshare_sync('full');")));
	}
}

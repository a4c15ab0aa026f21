/*
 * src/sync/run/pause.c
 *		ngeshare.pause_at: pauses a sync at a chosen place, for tests.
 *
 * The setting is '[after ]PHASE[ TABLE]'. The run pauses before the work of the phase or, with
 * "after", between the work and its commit, when all rows are written and locked. Without TABLE
 * it pauses at the first table that is in the phase. It pauses once per run, until
 * SELECT ngeshare.resume_sync() continues it or somebody cancels or kills it.
 */
#include "sync/run/run.h"

#include "compat.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "sql.h"
#include "storage/latch.h"
#include "utils/wait_event.h"

/* How often a paused sync checks whether it was resumed, in milliseconds. */
#define PAUSE_POLL_MS 20

/* Returns whether a text is the name of a phase, or "PHASE TABLE" with a table's name. */
static bool
names_phase(const char *text)
{
	size_t length = strcspn(text, " ");

	for (int phase = SYNC_PREFLIGHT; phase < SYNC_ENDED; phase++)
	{
		const char *name = sync_phase_name(phase);

		if (strlen(name) == length && strncmp(text, name, length) == 0)
			return text[length] == '\0' || mirror_table_index(text + length + 1) >= 0;
	}
	return false;
}

/* The check hook of ngeshare.pause_at: it must be empty or '[after ]PHASE[ TABLE]'. */
bool
sync_check_pause(char **newval, void **extra, GucSource source)
{
	const char *text = *newval;

	if (strncmp(text, "after ", 6) == 0)
		text += 6;
	if (**newval == '\0' || names_phase(text))
		return true;
	GUC_check_errdetail("\"%s\" is not a phase of the sync.", *newval);
	GUC_check_errhint("Write '[after ]PHASE[ TABLE]', such as 'pull' or 'after merge User'.");
	return false;
}

/* Returns whether the run is at the place that ngeshare.pause_at names. */
static bool
is_place(const SyncRun *run, bool is_after)
{
	const char *wanted = ngeshare_settings.pause_at;
	const char *phase = sync_phase_name(run->before.phase);
	size_t length = strlen(phase);

	/* In a phase of two steps, pause only before the first step or after the second one. */
	if (is_after ? run->at.is_fetched : run->before.is_fetched)
		return false;
	if ((strncmp(wanted, "after ", 6) == 0) != is_after)
		return false;
	wanted += is_after ? 6 : 0;
	if (strncmp(wanted, phase, length) != 0)
		return false;
	return wanted[length] == '\0' ||
	       (wanted[length] == ' ' &&
	        strcmp(wanted + length + 1, mirror_tables[run->before.table].name) == 0);
}

/* Pauses the run, once, if it is at the place that ngeshare.pause_at names. */
void
sync_pause(SyncRun *run, bool is_after)
{
	static uint32 wait_event;
	SqlArgs args = {0};

	if (ngeshare_settings.pause_at[0] == '\0' || run->lasting.has_paused ||
	    !is_place(run, is_after))
		return;
	run->lasting.has_paused = true;
	ereport(LOG, (errmsg("sync %lld is held %s phase %s", (long long) run->run_id,
	                     is_after ? "after" : "in", sync_phase_name(run->before.phase))));
	sql_add_int64(&args, run->run_id);
	while (!sql_query_row("SELECT 1 FROM ngeshare.sync_progress WHERE run_id = $1 AND is_resumed",
	                      &args))
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, PAUSE_POLL_MS,
		                 compat_wait_event(&wait_event, "NgesharePause"));
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

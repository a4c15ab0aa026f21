/*
 * src/history/zone.c
 *		The zone whose local days the history is kept in.
 */
#include "history/zone.h"

#include "ngeshare.h"
#include "sql.h"

/*
 * Refuses (55000) to go on where the history is kept in another zone than the one
 * that ngeshare.timezone names. Wants a connected SPI; reads only.
 */
void
history_check_zone(void)
{
	const char *zone = pg_get_timezone_name(ngeshare_settings.zone);
	char *kept;

	if (SPI_execute("SELECT zone FROM ngeshare.history_state", true, 1) < 0)
		elog(ERROR, "could not read the history's zone");
	if (SPI_processed == 0)
		return;
	kept = sql_text(1);
	if (strcmp(kept, zone) == 0)
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	         errmsg("the history is kept in time zone \"%s\", but ngeshare.timezone is \"%s\"",
	                kept, zone),
	         errhint("CALL ngeshare_sync('full') rebuilds it, or set ngeshare.timezone back.")));
}

/*
 * src/history/zone.c
 *		The zone whose local days the history is kept in.
 */
#include "history/zone.h"

#include "executor/spi.h"

/*
 * Refuses (55000) to go on where the history is kept in another zone than the one
 * that ngeshare.timezone names. Wants a connected SPI; reads only.
 */
void
history_check_zone(void)
{
	if (SPI_execute("SELECT ngeshare.check_zone(zone) FROM ngeshare.history_state", true, 1) < 0)
		elog(ERROR, "could not read the history's zone");
}

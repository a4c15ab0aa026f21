/*
 * src/history/zone.c
 *		Checks the time zone in which the history's local days are computed.
 */
#include "history/zone.h"

#include "executor/spi.h"

/*
 * Raises 55000 if the history's local days are of another zone than ngeshare.timezone. Needs a
 * connection to SPI.
 */
void
history_check_zone(void)
{
	if (SPI_execute("SELECT ngeshare.check_zone(zone) FROM ngeshare.history_state", true, 1) < 0)
		elog(ERROR, "could not read the history's zone");
}

/*
 * src/history/zone.h
 *		Checks the time zone in which the history's local days are computed.
 */
#ifndef NGESHARE_HISTORY_ZONE_H
#define NGESHARE_HISTORY_ZONE_H

#include "postgres.h"

extern void history_check_zone(void);

#endif

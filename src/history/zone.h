/*
 * src/history/zone.h
 *		The zone whose local days the history is kept in.
 */
#ifndef NGESHARE_HISTORY_ZONE_H
#define NGESHARE_HISTORY_ZONE_H

#include "postgres.h"

extern void history_check_zone(void);

#endif

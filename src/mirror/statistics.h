/*
 * src/mirror/statistics.h
 *		The sizes that the planner assumes for production's tables.
 */
#ifndef NGESHARE_MIRROR_STATISTICS_H
#define NGESHARE_MIRROR_STATISTICS_H

#include "mirror/remote.h"

extern void statistics_copy(Remote *remote);

#endif

/*
 * src/mirror/statistics.h
 *		What the planner believes of production's tables.
 */
#ifndef NGESHARE_MIRROR_STATISTICS_H
#define NGESHARE_MIRROR_STATISTICS_H

#include "mirror/remote.h"

extern void statistics_copy(Remote *remote);

#endif

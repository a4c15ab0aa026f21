/*
 * src/mirror/check.h
 *		Whether production is what the mirror expects.
 */
#ifndef NGESHARE_MIRROR_CHECK_H
#define NGESHARE_MIRROR_CHECK_H

#include "mirror/remote.h"

/* What a check learned of a production that passed it. */
typedef struct Production
{
	char *source_id;    /* system identifier / database oid */
	bool can_write;     /* the login could write to one of the six tables */
	double clock_ahead; /* production's clock minus ours, in seconds */
	int64 transactions; /* that it has begun, ever; a restored backup has fewer. 0 on a standby */
} Production;

extern Production *production_check(Remote *remote);
extern void production_check_same(const Production *production);

#endif

/*
 * src/mirror/keys.h
 *		What production guarantees of its ids and of the rows that they point to.
 */
#ifndef NGESHARE_MIRROR_KEYS_H
#define NGESHARE_MIRROR_KEYS_H

#include "postgres.h"

#include "mirror/remote.h"
#include "mirror/tables.h"

/* The id of production's row "source" as the text that it is here, in byte order. */
#define KEYS_ID "source.id::pg_catalog.text COLLATE pg_catalog.\"C\""

/* Of one table. */
typedef struct ProductionKeys
{
	bool is_unique;                       /* a unique index says so; inheritance is not seen */
	const char *lookup;                   /* a condition that the id's index serves, up to a list */
	const char *lookup_end;               /* of ids, and after it; NULL where no index serves */
	bool is_enforced[MIRROR_MAX_PARENTS]; /* a foreign key keeps each parent from going */
} ProductionKeys;

extern void keys_learn(Remote *remote, ProductionKeys *keys);
extern char *keys_listed(const ProductionKeys *keys, const char *ids);

#endif

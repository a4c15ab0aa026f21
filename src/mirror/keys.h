/*
 * src/mirror/keys.h
 *		Reads which guarantees production's constraints give for its ids and references.
 */
#ifndef NGESHARE_MIRROR_KEYS_H
#define NGESHARE_MIRROR_KEYS_H

#include "postgres.h"

#include "mirror/remote.h"
#include "mirror/tables.h"

/* SQL: the id of production's row "source" as the mirror stores it, a text in byte order. */
#define KEYS_ID "source.id::pg_catalog.text COLLATE pg_catalog.\"C\""

/* The guarantees for one table. */
typedef struct ProductionKeys
{
	bool is_unique;                       /* NOT NULL, and a unique index covers all rows */
	const char *lookup;                   /* condition that uses the id's index, before the ids */
	const char *lookup_end;               /* the rest, after the ids; NULL if no index is usable */
	bool is_enforced[MIRROR_MAX_PARENTS]; /* a foreign key enforces the reference to each parent */
} ProductionKeys;

extern void keys_learn(Remote *remote, ProductionKeys *keys);
extern char *keys_listed(const ProductionKeys *keys, const char *ids);

#endif

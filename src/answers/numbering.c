/*
 * src/answers/numbering.c
 *		Numbers for texts, in the order they are first seen.
 *
 * A numbering doesn't copy texts: they have to stay where they are until it has
 * forgotten them or is of no more use.
 */
#include "answers/numbering.h"

#include "common/hashfn.h"

typedef struct NumberEntry
{
	const char *text;
	int32 number;
	uint32 hash;
	char status;
} NumberEntry;

#define SH_PREFIX entries
#define SH_ELEMENT_TYPE NumberEntry
#define SH_KEY_TYPE const char *
#define SH_KEY text
#define SH_HASH_KEY(table, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, element) (element)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Room for this many texts is kept, and emptied, from one forgetting to the next. */
#define KEPT_ROOM 256

struct Numbering
{
	entries_hash *entries;
	int32 count; /* of all numbers given */
};

/* A numbering that lives in a context. */
Numbering *
numbering_create(MemoryContext context)
{
	Numbering *numbering = MemoryContextAllocZero(context, sizeof(Numbering));

	numbering->entries = entries_create(context, 32, NULL);
	return numbering;
}

/* The number of a text, from 0 on, given now if it is new. */
int32
numbering_number(Numbering *numbering, const char *text)
{
	bool found;
	NumberEntry *entry = entries_insert(numbering->entries, text, &found);

	if (!found)
		entry->number = numbering->count++;
	return entry->number;
}

/* Forgets all texts: each is new from now on, and numbers go on behind those given. */
void
numbering_forget(Numbering *numbering)
{
	if (numbering->entries->size <= KEPT_ROOM)
		entries_reset(numbering->entries);
	else
	{
		MemoryContext context = numbering->entries->ctx;

		entries_destroy(numbering->entries);
		numbering->entries = entries_create(context, 32, NULL);
	}
}

/* How many numbers were given. */
int32
numbering_count(const Numbering *numbering)
{
	return numbering->count;
}

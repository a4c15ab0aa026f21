/*
 * src/answers/numbering.c
 *		Assigns numbers to texts, in the order in which they are first seen.
 *
 * A numbering keeps pointers to texts, not copies. The caller must not free a text before
 * numbering_forget() or the last use of the numbering.
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

/* numbering_forget() reuses a hash table of up to this size, and replaces a larger one. */
#define KEPT_ROOM 256

struct Numbering
{
	entries_hash *entries;
	int32 count; /* how many numbers were assigned */
};

/* Creates a numbering in a memory context. */
Numbering *
numbering_create(MemoryContext context)
{
	Numbering *numbering = MemoryContextAllocZero(context, sizeof(Numbering));

	numbering->entries = entries_create(context, 32, NULL);
	return numbering;
}

/* Returns the number of a text. A new text gets the next number, from 0 on. */
int32
numbering_number(Numbering *numbering, const char *text)
{
	bool found;
	NumberEntry *entry = entries_insert(numbering->entries, text, &found);

	if (!found)
		entry->number = numbering->count++;
	return entry->number;
}

/* Forgets all texts, so that each counts as new. Numbers are not assigned a second time. */
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

/* Returns how many numbers were assigned. */
int32
numbering_count(const Numbering *numbering)
{
	return numbering->count;
}

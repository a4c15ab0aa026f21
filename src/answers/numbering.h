/*
 * src/answers/numbering.h
 *		Assigns numbers to texts, in the order in which they are first seen.
 */
#ifndef NGESHARE_ANSWERS_NUMBERING_H
#define NGESHARE_ANSWERS_NUMBERING_H

#include "postgres.h"

typedef struct Numbering Numbering;

extern Numbering *numbering_create(MemoryContext context);
extern int32 numbering_number(Numbering *numbering, const char *text);
extern void numbering_forget(Numbering *numbering);
extern int32 numbering_count(const Numbering *numbering);

#endif

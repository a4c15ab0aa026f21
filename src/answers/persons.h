/*
 * src/answers/persons.h
 *		Numbers members, so that a person has one number in all groups of one facilitator.
 */
#ifndef NGESHARE_ANSWERS_PERSONS_H
#define NGESHARE_ANSWERS_PERSONS_H

#include "answers/facts.h"

extern void *persons_make_array(Size element, int count);
extern int *persons_by_facilitator(const Facts *facts, int **from);
extern void persons_number(Facts *facts, char **names, MemoryContext context);

#endif

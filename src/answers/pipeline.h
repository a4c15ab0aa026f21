/*
 * src/answers/pipeline.h
 *		Links: which group continued as which group of the next course.
 */
#ifndef NGESHARE_ANSWERS_PIPELINE_H
#define NGESHARE_ANSWERS_PIPELINE_H

#include "answers/facts.h"

/* How many members two groups a and b have, and how many of these are in both. */
typedef struct Sharing
{
	int32 a;
	int32 b;
	int32 shared;
} Sharing;

/* A possible link from group a to b, in one period in which the counts of members stay the same. */
typedef struct Link
{
	const StudyGroup *a;
	const StudyGroup *b;
	Sharing members;
	Timestamp from;
	Timestamp to;
} Link;

typedef void (*LinkHandler)(const Link *link, void *context);

/* pipeline.c */
extern bool pipeline_are_kin(const Sharing *members);
extern void pipeline_find_links(const Facts *facts, LinkHandler handle, void *context);

/* sharing.c */
extern int32 sharing_count_common(const StudyGroup *a, const StudyGroup *b);
extern void sharing_for_each_time(const StudyGroup *a, const StudyGroup *b, Timestamp from,
                                  LinkHandler handle, void *context);

#endif

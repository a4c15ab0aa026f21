/*
 * src/analytics/pipeline.h
 *		The same group goes on: links from a course to the next.
 */
#ifndef NGESHARE_ANALYTICS_PIPELINE_H
#define NGESHARE_ANALYTICS_PIPELINE_H

#include "analytics/facts.h"

/* Group a went on as group b; both are places in Facts.groups. */
typedef struct Link
{
	int a;
	int b;
	int32 shared_members;
	int32 days_between;
} Link;

typedef struct Links
{
	Link *links;
	int count;
	int room;
} Links;

extern bool pipeline_are_kin(const StudyGroup *a, const StudyGroup *b, int32 shared);
extern Links *pipeline_find_links(const Facts *facts);

#endif

/*
 * src/answers/silences.h
 *		How long groups were silent between their meetings, by course and moment.
 */
#ifndef NGESHARE_ANSWERS_SILENCES_H
#define NGESHARE_ANSWERS_SILENCES_H

#include "answers/past.h"

/* What the forecast is about: whether a group meets again within so many days. */
#define SILENCES_FORECAST_DAYS 28

/* Silences of one course that lasted so many days: those that ended with a meeting, those that
 * last, and all that lasted at least so long. */
typedef struct SilenceCount
{
	int32 days;
	int64 resumed;
	int64 lasting;
	int64 silences;
} SilenceCount;

/* The counts of one course at one moment, by days. */
typedef struct SilenceTable
{
	int count;
	SilenceCount *counts;
} SilenceTable;

/* A silence as some moments see it. */
typedef struct Silence
{
	int course;
	DateADT begins;
	DateADT ends;   /* the day of the next meeting, or the moment's day */
	bool has_ended; /* with a meeting */
	int moment;     /* the first that sees it end, or the one until which it lasts */
} Silence;

typedef void (*SilenceHandler)(const Silence *silence, void *context);

typedef struct Silences Silences;

extern Silences *silences_create(const Moment *moments, int moment_count);
extern void silences_walk(const Silences *silences, const GroupPast *past, SilenceHandler handle,
                          void *context);
extern void silences_count(Silences *silences, const Silence *silence);
extern void silences_add_group(const GroupPast *past, void *silences);
extern SilenceTable *silences_tables(Silences *silences, int course_count);
extern double silences_share(const SilenceTable *table, int32 days);
extern int silences_chance(const SilenceTable *table, int32 days);

#endif

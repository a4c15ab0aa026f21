/*
 * src/answers/silences.h
 *		Counts how long groups were silent between their meetings, by course and moment.
 */
#ifndef NGESHARE_ANSWERS_SILENCES_H
#define NGESHARE_ANSWERS_SILENCES_H

#include "answers/past.h"

/* A forecast is the chance that a silent group meets again within this many days. */
#define SILENCES_FORECAST_DAYS 28

/* The silences of one course that are "days" long: those that ended with a meeting, and those that
 * still last. "silences" counts all silences that are at least as long. */
typedef struct SilenceCount
{
	int32 days;
	int64 resumed;
	int64 lasting;
	int64 silences;
} SilenceCount;

/* The counts of one course at one moment, sorted by days. */
typedef struct SilenceTable
{
	int count;
	SilenceCount *counts;
} SilenceTable;

/* A silence that lasts at one moment, or that has ended from one moment on. */
typedef struct Silence
{
	int course;
	DateADT begins;
	DateADT ends;   /* the day of the next meeting; if it lasts, the moment's day */
	bool has_ended; /* by a meeting; else it lasts at the moment */
	int moment;     /* index of the first moment that counts it as ended, or at which it lasts */
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

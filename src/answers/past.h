/*
 * src/answers/past.h
 *		What a group was at any instant: its meetings, and its status by them.
 */
#ifndef NGESHARE_ANSWERS_PAST_H
#define NGESHARE_ANSWERS_PAST_H

#include "answers/facts.h"
#include "answers/rows.h"
#include "answers/status.h"

/* The first of the columns of group_timeline that a walk asks for beside its own. */
#define PAST_MORE 10

/* An instant, and its local day. */
typedef struct Moment
{
	Timestamp at;
	DateADT day;
} Moment;

/* A curriculum group through all times. Timestamps are UTC, days local. */
typedef struct GroupPast
{
	Datum id; /* a text; it lives as long as the row */
	int course;
	int32 max_episodes;
	Timestamp created_at;
	DateADT planned_on;
	Timestamp graduated_at; /* infinity for never */
	DateADT graduated_on;
	int count;      /* of meetings, in order of time */
	Timestamp *at;  /* when each began */
	DateADT *day;   /* the last day that it had met on by then */
	int32 *reached; /* the episode reached by then */
	Row row;        /* more columns, from PAST_MORE on */
} GroupPast;

typedef void (*PastHandler)(const GroupPast *past, void *context);

extern Moment past_moment(TimestampTz at);
extern void
past_walk(const Facts *facts, const char *more_columns, PastHandler handle, void *context);
extern int past_met_by(const GroupPast *past, Timestamp at, int from);
extern Status past_status(const GroupPast *past, Moment moment, int met);

#endif

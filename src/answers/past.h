/*
 * src/answers/past.h
 *		The meetings and the status of a group at any instant.
 */
#ifndef NGESHARE_ANSWERS_PAST_H
#define NGESHARE_ANSWERS_PAST_H

#include "answers/facts.h"
#include "answers/rows.h"
#include "answers/status.h"

/* The number of the first column of GroupPast.row that more_columns of past_walk() has added. */
#define PAST_MORE 10

/* An instant and its local day. */
typedef struct Moment
{
	Timestamp at;
	DateADT day;
} Moment;

/* The whole history of a curriculum group. Timestamps are UTC, days are local. */
typedef struct GroupPast
{
	Datum id; /* a text, valid as long as the row */
	int course;
	int32 max_episodes;
	Timestamp created_at;
	DateADT planned_on;
	Timestamp graduated_at; /* infinity for never */
	DateADT graduated_on;
	int count;      /* number of meetings, which are in order of time */
	Timestamp *at;  /* the first attendance of each meeting */
	DateADT *day;   /* at each meeting: the latest meeting day so far */
	int32 *reached; /* at each meeting: the furthest episode so far */
	Row row;        /* has the columns that a handler asked for, from PAST_MORE on */
} GroupPast;

typedef void (*PastHandler)(const GroupPast *past, void *context);

extern Moment past_moment(TimestampTz at);
extern void
past_walk(const Facts *facts, const char *more_columns, PastHandler handle, void *context);
extern int past_met_by(const GroupPast *past, Timestamp at, int from);
extern Status past_status(const GroupPast *past, Moment moment, int met);

#endif

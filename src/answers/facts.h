/*
 * src/answers/facts.h
 *		What C reads of the curriculum groups, with the times at which it became so.
 */
#ifndef NGESHARE_ANSWERS_FACTS_H
#define NGESHARE_ANSWERS_FACTS_H

#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* A course; they are in the order of the curriculum. */
typedef struct Course
{
	char *name;
	int32 sequence_order;
	int32 max_episodes;
} Course;

/* Somebody who is a member from one instant on and before another. */
typedef struct Member
{
	int32 person; /* a number: the same in all groups of one facilitator, and in no others */
	Timestamp from;
	Timestamp to;
} Member;

/* A curriculum group. Timestamps are UTC, days local. */
typedef struct StudyGroup
{
	char *id;
	int course; /* its place in Facts.courses */
	Timestamp created_at;
	DateADT planned_on;
	bool has_met;
	Timestamp first_at; /* its first attendance, where it has met */
	DateADT started_on;
	bool has_graduated;
	Timestamp graduated_at; /* this and the next mean something where it has graduated */
	DateADT graduated_on;
	char *facilitator_id; /* NULL where there is none */
	int32 facilitator;    /* a number of its own, -1 where there is none */
	Timestamp facilitator_since;
	int32 member_count;
	Member *members; /* sorted by person; loaded only for groups with a facilitator */
} StudyGroup;

typedef struct Facts
{
	Course *courses;
	int course_count;
	StudyGroup *groups;
	int group_count;
	int facilitator_count;
	int person_count;
} Facts;

extern Facts *facts_load_courses(void);
extern int facts_course_of(const Facts *facts, int32 sequence_order);
extern Facts *facts_load(ArrayType *facilitators);
extern Facts *facts_load_as_of(TimestampTz as_of);
extern TimestampTz facts_as_of_argument(FunctionCallInfo fcinfo, int argument);
extern void facts_check_snapshot(void);
extern void facts_use_link_rules(void);
extern void facts_answer_as_of(TimestampTz as_of);

#endif

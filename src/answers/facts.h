/*
 * src/answers/facts.h
 *		The curriculum groups as C structures, with the instants at which facts became true.
 */
#ifndef NGESHARE_ANSWERS_FACTS_H
#define NGESHARE_ANSWERS_FACTS_H

#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/date.h"
#include "utils/timestamp.h"

/* A course of the curriculum. */
typedef struct Course
{
	char *name;
	int32 sequence_order;
	int32 max_episodes;
} Course;

/* A person who is a member of a group at each instant t with from <= t < to. */
typedef struct Member
{
	int32 person; /* identifies the person among the groups of one facilitator */
	Timestamp from;
	Timestamp to;
} Member;

/* A curriculum group. Timestamps are UTC, days local. */
typedef struct StudyGroup
{
	char *id;
	int course; /* index into Facts.courses */
	Timestamp created_at;
	DateADT planned_on;
	bool has_met;
	Timestamp first_at; /* the first attendance; only valid if has_met */
	DateADT started_on;
	bool has_graduated;
	Timestamp graduated_at; /* only valid if has_graduated, like graduated_on */
	DateADT graduated_on;
	char *facilitator_id; /* NULL without a facilitator */
	int32 facilitator;    /* the facilitator's number, from 0 on; -1 without one */
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

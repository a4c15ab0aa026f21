/*
 * src/analytics/facts.h
 *		What is known of every curriculum group as of one instant.
 */
#ifndef NGESHARE_ANALYTICS_FACTS_H
#define NGESHARE_ANALYTICS_FACTS_H

#include "postgres.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "utils/date.h"
#include "utils/timestamp.h"

typedef enum GroupStatus
{
	STATUS_GRADUATED,
	STATUS_ACTIVE,
	STATUS_NOT_STARTED,
	STATUS_STALLED
} GroupStatus;

/* A row of course_config; courses stand in the curriculum's sequence. */
typedef struct Course
{
	char *name;
	int32 sequence_order;
	int32 max_episodes;
} Course;

/* A curriculum group that exists as of the instant. Timestamps are UTC, days local. */
typedef struct StudyGroup
{
	char *id;
	char *name;
	int course; /* its place in Facts.courses */
	Timestamp created_at;

	/* Meetings: the dates mean something where has_met and has_graduated say so */
	bool has_met;
	bool has_graduated;
	DateADT first_meeting;
	DateADT last_meeting;
	Timestamp graduated_at;
	DateADT graduated_on;
	int32 total_meetings;
	int32 max_episode_reached;
	DateADT started_on;
	int32 days_inactive;
	GroupStatus status;

	/* People; NULL where there is none */
	char *facilitator_id;
	char *facilitator_name;
	char *facilitator_contact;
	bool facilitator_is_deleted;
	int32 facilitator_count;
	int32 member_count;
	int32 *members; /* sorted numbers of persons, only where they were asked for */
} StudyGroup;

typedef struct Facts
{
	TimestampTz as_of;
	DateADT today; /* the local day of as_of */
	Course *courses;
	int course_count;
	StudyGroup *groups;
	int group_count;
} Facts;

extern TimestampTz facts_as_of_argument(FunctionCallInfo fcinfo, int argument);
extern Facts *facts_load(TimestampTz as_of, bool with_members);
extern Datum facts_percentage(int64 part, int64 whole);

/* status.c */
extern void status_decide(Facts *facts, StudyGroup *group, Timestamp planned_start);
extern bool status_is_rescuable(const Facts *facts, const StudyGroup *group);
extern const char *status_name(GroupStatus status);

#endif

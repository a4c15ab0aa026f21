/*
 * src/answers/status.h
 *		The status of a group.
 */
#ifndef NGESHARE_ANSWERS_STATUS_H
#define NGESHARE_ANSWERS_STATUS_H

#include "postgres.h"

#include "utils/date.h"

typedef enum Status
{
	STATUS_GRADUATED,
	STATUS_STALLED,
	STATUS_ACTIVE,
	STATUS_NOT_STARTED,
	STATUS_COUNT
} Status;

extern int32 status_days_inactive(DateADT today, DateADT since);
extern DateADT status_stalls_on(DateADT since);
extern Status
status_of(bool has_met, int32 max_episode_reached, int32 max_episodes, int32 days_inactive);
extern text *status_name(Status status);
extern bool status_is_rescuable(Status status, int32 max_episode_reached, int32 max_episodes);
extern const char *status_risk(Status status, int32 days_inactive, int32 total_meetings,
                               DateADT first_meeting, DateADT last_meeting);

#endif

-- From 1.0 to 1.1, what the steps can't do by themselves and has to be done before them.

-- The index knows all that statuses need. Settled rows are made anew by every update.
DROP INDEX ngeshare.settled_group_settled_from_idx;
CREATE INDEX ON ngeshare.settled_group (settled_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting, graduated_on);
CREATE INDEX ON ngeshare.settled_group (last_at);

ALTER TABLE ngeshare.unsettled
    ADD COLUMN user_id    text,
    ADD COLUMN hangout_id text;

-- Each deleted row is looked for in the tables that point to its own.
CREATE INDEX "HangoutEpisode_hangout" ON public."HangoutEpisode" ("hangoutId");
CREATE INDEX "HangoutGroup_hangout" ON public."HangoutGroup" ("hangoutId");
CREATE INDEX "UserHangoutGroupAttendance_episode"
    ON public."UserHangoutGroupAttendance" ("hangoutEpisodeId");
CREATE INDEX "UserHangoutGroupAttendance_user" ON public."UserHangoutGroupAttendance" ("userId");

-- Archived rows are in the mirror's own columns now, in tables that inherit from these.
ALTER TABLE IF EXISTS ngeshare.removed_row ALTER COLUMN content DROP NOT NULL;
ALTER TABLE ngeshare.attendance_backup DROP CONSTRAINT attendance_backup_check;
SELECT ngeshare.upgrade_drop('ngeshare.put_back(text,jsonb[],boolean)'::regprocedure);

-- Rows of staging are found by their number.
ALTER TABLE ngeshare.stage_user ADD PRIMARY KEY (stage_no);
ALTER TABLE ngeshare.stage_hangout ADD PRIMARY KEY (stage_no);
ALTER TABLE ngeshare.stage_hangout_episode ADD PRIMARY KEY (stage_no);
ALTER TABLE ngeshare.stage_hangout_group ADD PRIMARY KEY (stage_no);
ALTER TABLE ngeshare.stage_user_hangout_group ADD PRIMARY KEY (stage_no);
ALTER TABLE ngeshare.stage_attendance ADD PRIMARY KEY (stage_no);

-- Differences are numbered. Every run lists them again.
SELECT ngeshare.upgrade_drop('ngeshare.difference'::regclass);

-- A past has what stands for its group as well: the parts make the table, the end of the update its rows.
SELECT ngeshare.upgrade_drop('ngeshare.settled_past'::regclass);

-- A seat has its user's attendance as well, and its index another order: as above.
SELECT ngeshare.upgrade_drop('ngeshare.settled_seat'::regclass);

-- Keys that a comparison is working with; the next one makes them again.
SELECT ngeshare.upgrade_drop('ngeshare.stage_key'::regclass);

-- A question to production names the shape of its answer.
SELECT ngeshare.upgrade_drop('ngeshare.ask_of_tables(text)'::regprocedure);
SELECT ngeshare.upgrade_drop('ngeshare.ask_production(text)'::regprocedure);

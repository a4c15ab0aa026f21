-- From 1.0 to 1.1, what the steps can't do by themselves and has to be done before them.

-- The index knows all that statuses need. Settled rows are made anew by every update.
DROP INDEX ngeshare.settled_group_settled_from_idx;
CREATE INDEX ON ngeshare.settled_group (settled_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting, graduated_on);
CREATE INDEX ON ngeshare.settled_group (last_at);

ALTER TABLE ngeshare.unsettled
    ADD COLUMN user_id    text,
    ADD COLUMN hangout_id text;

-- A past has what stands for its group as well: the parts make the table, the end of the update its rows.
SELECT ngeshare.upgrade_drop('ngeshare.settled_past'::regclass);

-- A seat has its user's attendance as well, and its index another order: as above.
SELECT ngeshare.upgrade_drop('ngeshare.settled_seat'::regclass);

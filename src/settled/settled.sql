-- What is settled of a group: all that the rules say of it that no later instant
-- changes, kept as rows so that a read computes none of it. A write to the mirror
-- marks the groups that it touches; a read computes those anew, and
-- ngeshare.settle() writes them down.

CREATE TABLE ngeshare.settled_group
(
    settled_from        timestamp NOT NULL,
    members_from        timestamp NOT NULL,
    created_at          timestamp NOT NULL,
    planned_on          date      NOT NULL,
    sequence_order      integer   NOT NULL,
    max_episodes        integer   NOT NULL,
    max_episode_reached integer   NOT NULL,
    total_meetings      integer   NOT NULL,
    foreign_days        integer   NOT NULL,
    member_count        integer   NOT NULL,
    facilitator_count   integer   NOT NULL,
    last_meeting        date,
    first_meeting       date,
    graduated_on        date,
    first_at            timestamp,
    last_at             timestamp,
    graduated_at        timestamp,
    facilitator_since   timestamp,
    facilitator_left    timestamp,
    group_id            text      NOT NULL PRIMARY KEY,
    course_name         text      NOT NULL,
    group_name          text      NOT NULL,
    facilitator_id      text,
    facilitator_name    text,
    facilitator_contact text
);
-- All that statuses need is in it.
CREATE INDEX ON ngeshare.settled_group (settled_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting, graduated_on);
CREATE INDEX ON ngeshare.settled_group (facilitator_id);
-- Few groups have attendance that is yet to come.
CREATE INDEX ON ngeshare.settled_group (last_at);
COMMENT ON TABLE ngeshare.settled_group IS
'A row a curriculum group: what is so from settled_from on, the last instant (UTC) at which anything of it changed but its members; member_count from members_from on, when they last did. Earlier instants: ngeshare.settled_past. foreign_days: local days with attendance at another hangout''s episode; first_at, last_at: its first and last attendance; facilitator_left: when the facilitator''s user was soft-deleted.';

CREATE TABLE ngeshare.settled_past
(
    group_id          text        NOT NULL PRIMARY KEY,
    created_at        timestamp   NOT NULL,
    first_at          timestamp,
    graduated_at      timestamp,
    facilitator_since timestamp,
    sequence_order    integer     NOT NULL,
    planned_on        date        NOT NULL,
    first_meeting     date,
    graduated_on      date,
    facilitator_id    text,
    meeting_at        timestamp[] NOT NULL,
    meeting_day       date[]      NOT NULL,
    meeting_total     integer[]   NOT NULL,
    meeting_reached   integer[]   NOT NULL,
    foreign_at        timestamp[] NOT NULL,
    member            text[]      NOT NULL,
    member_from       timestamp[] NOT NULL,
    member_to         timestamp[] NOT NULL,
    member_left       timestamp[] NOT NULL,
    facilitator_at    timestamp[] NOT NULL
);
COMMENT ON TABLE ngeshare.settled_past IS
'How a curriculum group came to where it is, a row a group: at each meeting_at (in order) the last day that it had met on, the days so far and the episode reached so far; when each foreign day began; who (ngeshare.person_key()) was a member from when to when, in order of from; when members became facilitators, in order; when each facilitator first was one, in order. width_bucket() tells how much of it an instant has seen. What stands before is the same as in ngeshare.settled_group: who walks through the past of all groups joins nothing.';

CREATE TABLE ngeshare.settled_seat
(
    exists_from   timestamp NOT NULL,
    joined_at     timestamp NOT NULL,
    completed_at  timestamp,
    deleted_at    timestamp,
    course_number integer,
    is_first      boolean   NOT NULL,
    role          text      NOT NULL,
    group_id      text      NOT NULL,
    user_id       text,
    user_name     text      NOT NULL,
    attended_at   timestamp[]
);
CREATE INDEX ON ngeshare.settled_seat (group_id);
-- In the order of ngeshare.seat_by_user, and of who groups settled seats by user.
CREATE INDEX ON ngeshare.settled_seat (user_id, user_name, deleted_at);
CREATE INDEX ON ngeshare.settled_seat (user_id) WHERE role = 'FACILITATOR';
COMMENT ON TABLE ngeshare.settled_seat IS
'A row a membership record that counts, of all groups. exists_from: when both it and its group exist; course_number: the place of its group''s course in the curriculum from 0 on, NULL outside of it; completed_at: when its group graduated with this person in it; deleted_at: when its user was soft-deleted; is_first: whether it is the earliest of its person and role there; attended_at: when its user attended its group, as far as the raw rows know, in order; NULL where never. Timestamps are UTC.';

CREATE TABLE ngeshare.settled_link
(
    valid_from            timestamp NOT NULL,
    valid_to              timestamp NOT NULL,
    graduated_on          date      NOT NULL,
    days_between          integer   NOT NULL,
    shared_member_count   integer   NOT NULL,
    smaller_member_count  integer   NOT NULL,
    group_a_id            text      NOT NULL,
    group_b_id            text      NOT NULL,
    course_a              text      NOT NULL,
    course_b              text      NOT NULL,
    shared_facilitator_id text      NOT NULL,
    PRIMARY KEY (group_a_id, group_b_id, valid_from)
);
CREATE INDEX ON ngeshare.settled_link (group_b_id);
COMMENT ON TABLE ngeshare.settled_link IS
'A link from a group (which graduated on graduated_on) to the one that it went on as, a row for each time in which it counts its members the same: from valid_from (UTC) on, and before valid_to.';

CREATE TABLE ngeshare.settled_state
(
    singleton     boolean NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    zone          text    NOT NULL,
    link_settings text    NOT NULL
);
COMMENT ON TABLE ngeshare.settled_state IS
'What the settled rows go by: the zone of their days, and the settings of their links. No row: nothing is settled.';

CREATE TABLE ngeshare.unsettled
(
    group_id   text,
    user_id    text,
    hangout_id text
);
COMMENT ON TABLE ngeshare.unsettled IS
'What somebody wrote to since it was settled, as often as that: a group, a user or a hangout; a row of NULLs stands for all.';

CREATE FUNCTION ngeshare.marked_groups()
RETURNS text[]
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
BEGIN
    -- A function, and no view: every answer asks for it some times, and would be planned as
    -- often. The planner asks as well, and so knows how many there are.
    IF NOT EXISTS (SELECT 1 FROM ngeshare.unsettled) THEN
        RETURN '{}';
    END IF;
    RETURN ARRAY(
        SELECT group_id
        FROM ngeshare.unsettled
        WHERE group_id IS NOT NULL
        UNION
        SELECT pointing.group_id
        FROM (
            SELECT DISTINCT user_id
            FROM ngeshare.unsettled
            WHERE user_id IS NOT NULL
        ) AS mark
        CROSS JOIN LATERAL (
            -- By the index, however many users the planner expects.
            SELECT "hangoutGroupId" AS group_id
            FROM public."UserHangoutGroup"
            WHERE "userId" = mark.user_id
            OFFSET 0
        ) AS pointing
        WHERE pointing.group_id IS NOT NULL
        UNION
        SELECT pointing.group_id
        FROM (
            SELECT DISTINCT hangout_id
            FROM ngeshare.unsettled
            WHERE hangout_id IS NOT NULL
        ) AS mark
        CROSS JOIN LATERAL (
            -- No look at any group where no hangout is marked.
            SELECT id AS group_id
            FROM public."HangoutGroup"
            WHERE "hangoutId" = mark.hangout_id
            OFFSET 0
        ) AS pointing);
END
$$;
COMMENT ON FUNCTION ngeshare.marked_groups() IS
'The groups that the marks stand for, each once: those marked, those with a record of a marked user, those of a marked hangout. Where a mark stands for all they are not all here.';

CREATE FUNCTION ngeshare.settled_part(asked_at timestamp DEFAULT ngeshare.asked_at())
RETURNS text
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A function for the same reason. Asking for the instant refuses another zone than the
    -- history's; nothing else here depends on it.
    RETURN CASE
        WHEN (SELECT zone FROM ngeshare.settled_state) IS DISTINCT FROM ngeshare.reporting_zone() THEN 'NONE'
        WHEN NOT EXISTS (SELECT 1 FROM ngeshare.unsettled) THEN 'ALL'
        WHEN EXISTS (SELECT 1 FROM ngeshare.unsettled WHERE num_nonnulls(group_id, user_id, hangout_id) = 0) THEN 'NONE'
        ELSE 'SOME'
    END;
END
$$;
COMMENT ON FUNCTION ngeshare.settled_part(timestamp) IS
'How much of what an answer needs stands in the settled rows: ALL; SOME, all but ngeshare.marked_groups(); or NONE. Errors as for ngeshare.asked_at().';

CREATE VIEW ngeshare.settling AS
SELECT
    ngeshare.settled_part() AS part,
    coalesce(state.link_settings = today.link_settings, false) AS has_links,
    today.link_settings
FROM (
    SELECT concat_ws(' ',
        ngeshare.setting('link_early_days'),
        ngeshare.setting('link_days'),
        ngeshare.setting('link_min_shared'),
        ngeshare.setting('link_min_overlap_pct')) AS link_settings
) AS today
LEFT JOIN ngeshare.settled_state AS state ON true
OFFSET 0;
COMMENT ON VIEW ngeshare.settling IS
'One row: ngeshare.settled_part(); whether the settled links go by the settings of today, and those settings.';

CREATE VIEW ngeshare.unsettled_group AS
SELECT
    CASE
        WHEN part = 'NONE' THEN ARRAY(SELECT id FROM public."HangoutGroup")
        ELSE ngeshare.marked_groups()
    END AS ids
FROM ngeshare.settled_part() AS part
WHERE part <> 'ALL';
COMMENT ON VIEW ngeshare.unsettled_group IS
'The groups that a read has to compute, in one row; no row where there are none. Some of them may be outside the curriculum or gone.';

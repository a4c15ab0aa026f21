-- The snapshot: the tables that all answers read. A refresh updates them in one transaction, so
-- readers see the state before or after the refresh. parallel_workers = 0 prevents parallel scans:
-- starting workers takes longer than most answers, and a page requests several answers at once.

CREATE TABLE ngeshare.snapshot_state
(
    singleton     boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    generation    bigint      NOT NULL DEFAULT 0,
    zone          text        NOT NULL,
    window_start  timestamp,
    link_settings text        NOT NULL DEFAULT '',
    made_at       timestamptz NOT NULL DEFAULT now(),
    refresh_ms    bigint,
    run_id        bigint,
    known_until   timestamptz
);
COMMENT ON TABLE ngeshare.snapshot_state IS
'The state of the snapshot, in one row; no row before the first refresh. generation grows with '
'each refresh that changed a row, the zone or the link settings. zone: the time zone of its local '
'days. window_start (UTC): the start of the window of raw attendance, NULL before the first sync. '
'link_settings: the settings that its links were computed with. run_id: the last sync that '
'refreshed it. known_until: the clock of the last successful sync, which is the API''s default '
'instant.';

-- ngeshare.group_current renames the columns up to facilitator_contact by position, so a new column
-- comes last. These columns are ordered by decreasing alignment, to save padding.
CREATE TABLE ngeshare.group_snapshot
(
    valid_from            timestamp NOT NULL,
    members_valid_from    timestamp NOT NULL,
    created_at            timestamp NOT NULL,
    first_at              timestamp,
    last_at               timestamp,
    facilitator_since     timestamp,
    graduated_at          timestamp,
    facilitator_left      timestamp,
    last_meeting_at       timestamp,
    planned_on            date      NOT NULL,
    sequence_order        integer   NOT NULL,
    max_episodes          integer   NOT NULL,
    max_episode_reached   integer   NOT NULL,
    total_meetings        integer   NOT NULL,
    foreign_days          integer   NOT NULL,
    member_count          integer   NOT NULL,
    facilitator_count     integer   NOT NULL,
    last_meeting          date,
    first_meeting         date,
    graduated_on          date,
    facilitator_id        text,
    facilitator_name      text,
    facilitator_contact   text,
    group_id              text      NOT NULL PRIMARY KEY,
    course_name           text      NOT NULL,
    group_name            text      NOT NULL,
    place_key             uuid      NOT NULL,
    written_city          text,
    written_province      text
) WITH (parallel_workers = 0);
-- An index-only scan of this index finds the present status of every group.
CREATE INDEX ON ngeshare.group_snapshot (valid_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting,
        graduated_on);
CREATE INDEX ON ngeshare.group_snapshot (facilitator_id);
-- Finds the few groups that have attendance in the future.
CREATE INDEX ON ngeshare.group_snapshot (last_at);
COMMENT ON TABLE ngeshare.group_snapshot IS
'One row per curriculum group, with its state from valid_from (UTC) on, the last instant at which '
'the group was created, a meeting began or a facilitator joined. member_count is true from '
'members_valid_from on. For earlier instants there is ngeshare.group_timeline. foreign_days: local '
'days with attendance at an episode of another hangout. first_at, last_at: the group''s first and '
'last attendance, the future included. last_meeting_at: the first attendance on the day of '
'last_meeting. facilitator_left: when the facilitator''s user was soft-deleted. written_city, '
'written_province: this group''s own spelling, from which each refresh computes '
'ngeshare.place_snapshot.';

CREATE TABLE ngeshare.group_timeline
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
    place_key         uuid        NOT NULL,
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
) WITH (parallel_workers = 0);
COMMENT ON TABLE ngeshare.group_timeline IS
'One row per curriculum group, with the ordered events from which its state at any earlier instant '
'is derived. For each meeting_at there are meeting_day, the last day with a meeting so far; '
'meeting_total, the number of days so far; and meeting_reached, the episode reached so far. '
'foreign_at: the first attendance of each day at an episode of another hangout. member: the '
'members (ngeshare.person_key()), each from member_from to member_to, ordered by member_from. '
'member_left: when members became facilitators, in order. facilitator_at: when each facilitator '
'began, in order. width_bucket() gives the number of events up to an instant. The columns before '
'meeting_at repeat ngeshare.group_snapshot, so that full scans avoid a join larger than work_mem.';

CREATE TABLE ngeshare.group_meeting
(
    group_id    text        NOT NULL PRIMARY KEY,
    first_at    timestamp[] NOT NULL,
    day         date[]      NOT NULL,
    attendances bigint[]    NOT NULL,
    is_own      boolean[]   NOT NULL,
    episode_id  text[]      NOT NULL
) WITH (parallel_workers = 0);
COMMENT ON TABLE ngeshare.group_meeting IS
'The meetings of each curriculum group that has met, one row per group. The arrays have one '
'element per local day and episode, ordered by first_at (UTC). is_own: whether the episode is one '
'of the group''s own hangout.';

CREATE TABLE ngeshare.membership
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
    record_id     text      NOT NULL PRIMARY KEY,
    attended_at   timestamp[]
) WITH (parallel_workers = 0);
CREATE INDEX ON ngeshare.membership (group_id);
-- For answers about people, which read the rows by user. The first membership with a role is found
-- without reading the table.
CREATE INDEX ON ngeshare.membership (user_id, joined_at) INCLUDE (role, exists_from);
CREATE INDEX ON ngeshare.membership (user_id) WHERE role = 'FACILITATOR';
COMMENT ON TABLE ngeshare.membership IS
'The membership records that answers count, of all groups, one row per record. record_id: '
'UserHangoutGroup.id. exists_from: when both the record and its group exist. course_number: the '
'position of the group''s course in the curriculum, counted from 0; NULL outside the curriculum. '
'completed_at: when the group graduated, if the person had joined by then. deleted_at: when the '
'user was soft-deleted. is_first: whether it is the earliest record of the person with this role '
'in the group. attended_at: when the user attended the group within the window of raw attendance, '
'in order; NULL if never. Timestamps are in UTC.';

CREATE TABLE ngeshare.group_link
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
) WITH (parallel_workers = 0);
CREATE INDEX ON ngeshare.group_link (group_b_id);
COMMENT ON TABLE ngeshare.group_link IS
'Which group (A, graduated on graduated_on) continued as which group of the next course (B), one '
'row per pair and period. In a period, from valid_from up to but not including valid_to (UTC), the '
'numbers of members do not change.';

CREATE TABLE ngeshare.place_snapshot
(
    place_key uuid NOT NULL PRIMARY KEY,
    city      text,
    province  text
);
COMMENT ON TABLE ngeshare.place_snapshot IS
'The places of curriculum groups (ngeshare.place_key()) in the spelling that answers show, which '
'is the one that most groups have, one row per place.';

CREATE TABLE ngeshare.course_snapshot
(
    course_name    text    NOT NULL PRIMARY KEY,
    max_episodes   integer NOT NULL,
    sequence_order integer NOT NULL
);
COMMENT ON TABLE ngeshare.course_snapshot IS
'The rows of course_config as they were at the last refresh of all groups.';

CREATE TABLE ngeshare.episode_snapshot
(
    episode_id text NOT NULL PRIMARY KEY,
    hangout_id text NOT NULL,
    title      text NOT NULL,
    episode    integer NOT NULL
);
CREATE INDEX ON ngeshare.episode_snapshot (hangout_id);
COMMENT ON TABLE ngeshare.episode_snapshot IS
'The titles and numbers of the episodes as they were at the last refresh.';

CREATE TABLE ngeshare.stale_key
(
    stale_no   bigint NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id   text,
    user_id    text,
    hangout_id text
);
COMMENT ON TABLE ngeshare.stale_key IS
'The keys that were written to the mirror or to ngeshare.meeting_past since the last refresh, each '
'once per statement that wrote it: a group, a user or a hangout. A row of NULLs stands for '
'everything. Writers only insert, and never look whether a key is already there, because a refresh '
'may delete that row before the writer commits.';

-- A refresh replaces rows, so the tables need frequent autovacuum. vacuum_truncate is off because
-- truncating the end of a table takes an ACCESS EXCLUSIVE lock, which would make readers wait.
DO $$
DECLARE
    snapshot text;
BEGIN
    FOREACH snapshot IN ARRAY ARRAY[
        'group_snapshot', 'group_timeline', 'group_meeting', 'membership', 'group_link']
    LOOP
        EXECUTE format('ALTER TABLE ngeshare.%I SET (autovacuum_vacuum_scale_factor = 0.02,'
            ' autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02,'
            ' vacuum_truncate = off)', snapshot);
    END LOOP;
END
$$;

SELECT pg_extension_config_dump('ngeshare.snapshot_state', '');
SELECT pg_extension_config_dump('ngeshare.group_snapshot', '');
SELECT pg_extension_config_dump('ngeshare.group_timeline', '');
SELECT pg_extension_config_dump('ngeshare.group_meeting', '');
SELECT pg_extension_config_dump('ngeshare.membership', '');
SELECT pg_extension_config_dump('ngeshare.group_link', '');
SELECT pg_extension_config_dump('ngeshare.place_snapshot', '');
SELECT pg_extension_config_dump('ngeshare.course_snapshot', '');
SELECT pg_extension_config_dump('ngeshare.episode_snapshot', '');

CREATE FUNCTION ngeshare.can_answer()
RETURNS boolean
LANGUAGE plpgsql
STABLE
PARALLEL SAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kept text := (SELECT zone FROM ngeshare.snapshot_state);
BEGIN
    PERFORM ngeshare.check_zone(kept);
    IF kept IS NULL THEN
        -- A nested IF, because PostgreSQL locks all tables of a condition before it evaluates the
        -- condition, and answers should not lock the mirror's tables.
        IF EXISTS (SELECT 1 FROM public."HangoutGroup")
            OR EXISTS (SELECT 1 FROM public."UserHangoutGroup") THEN
            RAISE object_not_in_prerequisite_state
                USING MESSAGE = 'the mirror has rows, but the snapshot that answers read was never '
                                'made',
                      HINT = 'SELECT ngeshare_refresh();';
        END IF;
    END IF;
    RETURN true;
END
$$;
COMMENT ON FUNCTION ngeshare.can_answer() IS
'Returns true, or raises 55000 if answers would be wrong: if ngeshare.timezone is not the '
'snapshot''s time zone, or if the mirror has rows but no refresh has made the snapshot yet. Each '
'answer calls it once per statement.';

CREATE VIEW ngeshare.course AS
SELECT
    course_name,
    max_episodes,
    sequence_order,
    (row_number() OVER (ORDER BY sequence_order) - 1)::integer AS course_number
FROM (
    SELECT course_name, max_episodes, sequence_order
    FROM ngeshare.course_snapshot
    UNION ALL
    SELECT course_name, max_episodes, sequence_order
    FROM public.course_config
    WHERE NOT EXISTS (SELECT 1 FROM ngeshare.snapshot_state)
) AS listed;
COMMENT ON VIEW ngeshare.course IS
'The courses of the snapshot, or those of course_config before the first refresh. course_number: '
'the position in the curriculum, counted from 0.';

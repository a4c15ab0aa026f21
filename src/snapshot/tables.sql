-- The snapshot: the tables that all answers read. A refresh brings them up to the mirror in one
-- transaction, so readers see the state before it or after it. They are read by one process each
-- (parallel_workers = 0): to start workers takes longer than most answers, and a page asks several
-- answers at once.

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
'What the snapshot was made with, in one row; no row before the first refresh. generation grows '
'with each refresh that changed a row. zone: the zone of its local days. window_start (UTC): the '
'start of the window of raw attendance, NULL before the first sync. link_settings: the settings '
'that its links follow. run_id: the last sync that refreshed it; known_until: the clock of the '
'last successful sync, which the API answers as of.';

-- Columns whose value depends on the instant come first (ngeshare.group_current renames them), but
-- for the order that alignment asks for. A new column comes last.
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
-- An index-only scan of it finds every status as of now.
CREATE INDEX ON ngeshare.group_snapshot (valid_from)
    INCLUDE (planned_on, sequence_order, max_episodes, max_episode_reached, last_meeting,
        graduated_on);
CREATE INDEX ON ngeshare.group_snapshot (facilitator_id);
-- Few groups have attendance in the future.
CREATE INDEX ON ngeshare.group_snapshot (last_at);
COMMENT ON TABLE ngeshare.group_snapshot IS
'One row per curriculum group, true from valid_from (UTC) on: the last instant at which anything '
'of the group changed but its members. member_count is true from members_valid_from on. '
'ngeshare.group_timeline tells earlier instants. foreign_days: local days with attendance at an '
'episode of another hangout. first_at, last_at: its first and last attendance, the future '
'included. facilitator_left: when the facilitator''s user was soft-deleted. written_city and '
'written_province: this group''s own spelling, from which each refresh makes '
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
'One row per curriculum group: the ordered events from which any earlier instant is read. At each '
'meeting_at: the last day that the group had met on, the number of days so far and the episode '
'reached so far. foreign_at: when each foreign day began. member: who (ngeshare.person_key()) was '
'a member from when to when, in the order of member_from. member_left: when members became '
'facilitators; facilitator_at: when each facilitator first was one; both in order. width_bucket() '
'gives the number of events up to an instant. The columns before meeting_at repeat '
'ngeshare.group_snapshot, so that full scans avoid a join larger than work_mem.';

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
'One row per curriculum group that has met: its meetings, one array element per local day and '
'episode, in the order of first_at (UTC). is_own: whether the episode is one of the group''s own '
'hangout.';

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
-- In the order in which answers about people group the rows by user.
CREATE INDEX ON ngeshare.membership (user_id, user_name, deleted_at);
CREATE INDEX ON ngeshare.membership (user_id) WHERE role = 'FACILITATOR';
COMMENT ON TABLE ngeshare.membership IS
'One row per membership record that counts, of all groups. record_id: UserHangoutGroup.id. '
'exists_from: when both the record and its group exist. course_number: the place of the group''s '
'course in the curriculum, from 0 on; NULL outside the curriculum. completed_at: when the group '
'graduated with this person in it. deleted_at: when the user was soft-deleted. is_first: whether '
'it is the earliest record of its person and role there. attended_at: when the user attended the '
'group within the window of raw attendance, in order; NULL where never. Timestamps are UTC.';

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
'Which group (A, which graduated on graduated_on) continued as which (B). One row per link and '
'time in which it counts its members the same: from valid_from on and before valid_to (UTC).';

CREATE TABLE ngeshare.place_snapshot
(
    place_key uuid NOT NULL PRIMARY KEY,
    city      text,
    province  text
);
COMMENT ON TABLE ngeshare.place_snapshot IS
'One row per place of a curriculum group (ngeshare.place_key()), in the spelling that is shown: '
'the one that most groups have.';

CREATE TABLE ngeshare.course_snapshot
(
    course_name    text    NOT NULL PRIMARY KEY,
    max_episodes   integer NOT NULL,
    sequence_order integer NOT NULL
);
COMMENT ON TABLE ngeshare.course_snapshot IS
'course_config as it was at the last refresh.';

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
'Keys that were written since the last refresh, as often as they were: a group, a user or a '
'hangout; a row of NULLs stands for everything. A writer only appends, and never looks whether a '
'key is there: it might be another writer''s that is not committed yet.';

-- A refresh replaces rows, so the tables need their vacuum soon. Truncating a table's end takes a
-- lock that readers would wait for.
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
        -- An IF of its own: PostgreSQL locks what a condition names before it looks at kept.
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
'Always true; each answer asks it once per statement. 55000 where ngeshare.timezone is not the '
'zone of the snapshot, and where the mirror has rows and no refresh has made the snapshot yet.';

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
'The courses of the snapshot, or of course_config before the first refresh. course_number: the '
'place in the curriculum, from 0 on.';

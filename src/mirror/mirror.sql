-- The mirror: production's six tables under production's own names, so that SQL
-- written for production runs in this database unchanged. A column that refers to a table
-- outside these six keeps its values and has no foreign key.
--
-- The CHECK constraints of the six tables are on the timestamps whose local days answers use. Each
-- must have a local day in every time zone, so it must be finite and not too close to the limits of
-- its type.

CREATE FUNCTION ngeshare.has_local_day(at timestamp)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN at IS NULL OR at BETWEEN timestamp '4713-01-03 00:00:00 BC'
    AND timestamp '294276-12-29 00:00:00';
COMMENT ON FUNCTION ngeshare.has_local_day(timestamp) IS
'Whether a timestamp has a local day in every time zone, which the mirror requires of the '
'timestamps that answers use; true for NULL.';

CREATE TABLE public."User"
(
    id           text                                   NOT NULL PRIMARY KEY,
    "createdAt"  timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"  timestamp(3)                           NOT NULL,
    email        text,
    "lastLogin"  timestamp(3),
    "lastActive" timestamp(3),
    "deletedAt"  timestamp(3)
);
COMMENT ON TABLE public."User" IS
'Mirror of production''s users. A user with deletedAt set is soft-deleted, and still counts in the '
'history.';

CREATE TABLE public."Hangout"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    name               text                                   NOT NULL,
    description        text,
    type               text                                   NOT NULL,
    price              double precision                       NOT NULL,
    "circleProfileId"  text                                   NOT NULL,
    visibility         text DEFAULT 'PUBLIC'                  NOT NULL,
    "hangoutProgramId" text,
    "pictureId"        text
);
COMMENT ON TABLE public."Hangout" IS
'Mirror of production''s hangouts. A hangout whose name is exactly a course_config.course_name is '
'a course.';

CREATE TABLE public."HangoutEpisode"
(
    id          text                                   NOT NULL PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    "hangoutId" text                                   NOT NULL
        REFERENCES public."Hangout" ON UPDATE CASCADE ON DELETE RESTRICT,
    "order"     integer DEFAULT 1                      NOT NULL
);
COMMENT ON TABLE public."HangoutEpisode" IS
'Mirror of production''s episodes. "order" is the episode''s number within its hangout.';

CREATE TABLE public."HangoutGroup"
(
    id          text                                   NOT NULL PRIMARY KEY,
    "createdAt" timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt" timestamp(3)                           NOT NULL,
    name        text                                   NOT NULL,
    description text,
    status      text                                   NOT NULL,
    day         integer,
    time        timestamp(3),
    "hangoutId" text
        REFERENCES public."Hangout" ON UPDATE CASCADE ON DELETE SET NULL,
    "imageId"   text,
    "endDate"   timestamp(3),
    "startDate" timestamp(3),
    city        text,
    province    text,
    CONSTRAINT "HangoutGroup_createdAt_usable" CHECK (ngeshare.has_local_day("createdAt")),
    CONSTRAINT "HangoutGroup_startDate_usable" CHECK (ngeshare.has_local_day("startDate"))
);
COMMENT ON TABLE public."HangoutGroup" IS
'Mirror of production''s groups. No answer but v_data_quality uses the columns status and endDate; '
'v_group_status has the group''s status.';

CREATE TABLE public."UserHangoutGroup"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "createdAt"        timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "updatedAt"        timestamp(3)                           NOT NULL,
    "joinedAt"         timestamp(3),
    status             text                                   NOT NULL,
    "hangoutGroupRole" text                                   NOT NULL,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup" ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text
        REFERENCES public."User" ON UPDATE CASCADE ON DELETE SET NULL,
    "publicId"         text,
    "userEmail"        text,
    "orderId"          text,
    CONSTRAINT "UserHangoutGroup_joinedAt_usable" CHECK (ngeshare.has_local_day("joinedAt"))
);
COMMENT ON TABLE public."UserHangoutGroup" IS
'Mirror of production''s memberships. Answers about groups and people count only records that have '
'the role MEMBER or FACILITATOR, a joinedAt from 2000-01-01 UTC on, and a user or an email '
'address.';

CREATE TABLE public."UserHangoutGroupAttendance"
(
    id                 text                                   NOT NULL PRIMARY KEY,
    "attendedAt"       timestamp(3) DEFAULT CURRENT_TIMESTAMP NOT NULL,
    "hangoutEpisodeId" text                                   NOT NULL
        REFERENCES public."HangoutEpisode" ON UPDATE CASCADE ON DELETE RESTRICT,
    "hangoutGroupId"   text                                   NOT NULL
        REFERENCES public."HangoutGroup" ON UPDATE CASCADE ON DELETE RESTRICT,
    "userId"           text                                   NOT NULL
        REFERENCES public."User" ON UPDATE CASCADE ON DELETE RESTRICT,
    CONSTRAINT "UserHangoutGroupAttendance_attendedAt_usable"
        CHECK (ngeshare.has_local_day("attendedAt"))
);
COMMENT ON TABLE public."UserHangoutGroupAttendance" IS
'Mirror of production''s attendance in the window of raw attendance. The window starts at the '
'local midnight 45 days (ngeshare.attendance_window_days) before the successful sync that preceded '
'the last one, and has no end. Earlier attendance is kept as meetings in ngeshare.meeting_past.';

-- The project's requirements, which are not in this repository, ask for these three indexes.
CREATE INDEX "UserHangoutGroupAttendance_group_attendedAt"
    ON public."UserHangoutGroupAttendance" ("hangoutGroupId", "attendedAt");
CREATE INDEX "UserHangoutGroup_group_role"
    ON public."UserHangoutGroup" ("hangoutGroupId", "hangoutGroupRole");
CREATE INDEX "UserHangoutGroup_user_joinedAt"
    ON public."UserHangoutGroup" ("userId", "joinedAt");

-- Indexes for the other foreign keys: when a row is deleted, PostgreSQL looks for rows that
-- reference it.
CREATE INDEX "HangoutEpisode_hangout" ON public."HangoutEpisode" ("hangoutId");
CREATE INDEX "HangoutGroup_hangout" ON public."HangoutGroup" ("hangoutId");
CREATE INDEX "UserHangoutGroupAttendance_episode"
    ON public."UserHangoutGroupAttendance" ("hangoutEpisodeId");
CREATE INDEX "UserHangoutGroupAttendance_user" ON public."UserHangoutGroupAttendance" ("userId");

CREATE TABLE public.course_config
(
    course_name    text    NOT NULL PRIMARY KEY,
    max_episodes   integer NOT NULL CHECK (max_episodes > 0),
    sequence_order integer NOT NULL UNIQUE
);
COMMENT ON TABLE public.course_config IS
'The curriculum, one row per course. Edit it to add, rename or resize a course; the answers follow '
'with the next refresh.';
COMMENT ON COLUMN public.course_config.course_name IS
'The course''s name. A Hangout of exactly this name teaches the course.';
COMMENT ON COLUMN public.course_config.max_episodes IS
'The number of the course''s last episode; a group that reaches it has graduated.';
COMMENT ON COLUMN public.course_config.sequence_order IS
'The course''s position in the curriculum: the next course is the one with the next larger number.';

-- The WHERE clause is for the update from 1.1, which must not change the courses:
-- course_default exists then.
INSERT INTO public.course_config (course_name, max_episodes, sequence_order)
SELECT course_name, max_episodes, sequence_order
FROM (VALUES
    ('Ngeshare Sesi Aqidah', 9, 1),
    ('Ngeshare Sesi Hijrah', 9, 2),
    ('Ngeshare Sesi Sejarah', 11, 3),
    ('Ngeshare Sesi Dakwah', 7, 4)
) AS standard (course_name, max_episodes, sequence_order)
WHERE to_regclass('ngeshare.course_default') IS NULL;

-- CREATE EXTENSION fills course_config before a dump's rows are restored, so a
-- restored row replaces a default that conflicts with it.
CREATE TABLE ngeshare.course_default AS TABLE public.course_config;
COMMENT ON TABLE ngeshare.course_default IS
'The four courses that CREATE EXTENSION puts into course_config. pg_dump includes only rows of '
'course_config that differ from them.';

CREATE FUNCTION ngeshare.restore_course()
RETURNS trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM public.course_config AS config
    USING ngeshare.course_default AS standard
    WHERE config = ROW(standard.*)::public.course_config
      AND (config.course_name = new.course_name OR config.sequence_order = new.sequence_order);
    RETURN new;
END
$$;
COMMENT ON FUNCTION ngeshare.restore_course() IS
'Trigger function. When a dump restores a row of course_config, it deletes the unchanged default '
'course with the same name or position first.';

CREATE TRIGGER restore_course
    BEFORE INSERT ON public.course_config
    FOR EACH ROW
    WHEN (ngeshare.is_restoring())
    EXECUTE FUNCTION ngeshare.restore_course();
-- ALWAYS, because ngeshare.before_write() sets session_replication_role to replica when the same
-- transaction restores the mirror's tables first.
ALTER TABLE public.course_config ENABLE ALWAYS TRIGGER restore_course;

-- The production database that the mirror's rows came from: one row, which the first sync inserts.
CREATE TABLE ngeshare.source
(
    singleton    boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    source_id    text        NOT NULL,
    transactions bigint      NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ngeshare.source IS
'The production database that the mirror''s rows came from, in one row. source_id consists of the '
'system identifier (unknown if the login may not read it), the oid of the database and the oids of '
'the six tables. transactions is the greatest number of begun transactions that a sync has read '
'from production. A sync refuses another database while the mirror or the meeting history has '
'rows. It refuses the same database if its count is smaller, because then it was restored from a '
'backup or has lost its last transactions.';

CREATE FUNCTION ngeshare.identity_sql()
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_identity_sql'
LANGUAGE C
IMMUTABLE;
COMMENT ON FUNCTION ngeshare.identity_sql() IS
'The SQL expression that, on production, computes the identity that ngeshare.source.source_id '
'holds.';

CREATE FUNCTION ngeshare.columns_sql()
RETURNS text
AS 'MODULE_PATHNAME', 'ngeshare_columns_sql'
LANGUAGE C
IMMUTABLE;
COMMENT ON FUNCTION ngeshare.columns_sql() IS
'The SQL query that, on production, lists the columns of schema public. base_oid is the oid of the '
'column''s type without domains. fits_text: whether a text column of the mirror can hold the type '
'although it is another one (varchar, uuid, an enum, or citext in any schema).';

CREATE FUNCTION ngeshare.is_same_source(known text, seen text)
RETURNS boolean
AS 'MODULE_PATHNAME', 'ngeshare_is_same_source'
LANGUAGE C
IMMUTABLE
STRICT;
COMMENT ON FUNCTION ngeshare.is_same_source(text, text) IS
'Whether two identities (as in ngeshare.source.source_id) may be of the same database: the oid of '
'the database is equal, and so is the system identifier or, if that is unknown in one of them, the '
'oid of at least one table. Oids of tables that are unknown in one of them are not compared.';

SELECT pg_extension_config_dump('public."User"', '');
SELECT pg_extension_config_dump('public."Hangout"', '');
SELECT pg_extension_config_dump('public."HangoutEpisode"', '');
SELECT pg_extension_config_dump('public."HangoutGroup"', '');
SELECT pg_extension_config_dump('public."UserHangoutGroup"', '');
SELECT pg_extension_config_dump('public."UserHangoutGroupAttendance"', '');
SELECT pg_extension_config_dump('ngeshare.source', '');
SELECT pg_extension_config_dump('public.course_config',
    'WHERE NOT EXISTS (SELECT 1 FROM ngeshare.course_default AS standard'
    ' WHERE standard.course_name = course_config.course_name'
    ' AND standard.max_episodes = course_config.max_episodes'
    ' AND standard.sequence_order = course_config.sequence_order)');

CREATE VIEW ngeshare.mirror_table AS
SELECT
    table_no,
    table_name,
    format('public.%I', table_name)::regclass AS relation,
    stamp,
    format('ngeshare.%I', archive)::regclass AS archive
FROM (
    VALUES
        (1, 'User', 'updatedAt', 'removed_user'),
        (2, 'Hangout', 'updatedAt', 'removed_hangout'),
        (3, 'HangoutEpisode', 'updatedAt', 'removed_hangout_episode'),
        (4, 'HangoutGroup', 'updatedAt', 'removed_hangout_group'),
        (5, 'UserHangoutGroup', 'updatedAt', 'removed_user_hangout_group'),
        (6, 'UserHangoutGroupAttendance', 'attendedAt', 'removed_attendance')
) AS mirrored (table_no, table_name, stamp, archive);
COMMENT ON VIEW ngeshare.mirror_table IS
'The six tables of the mirror, parents before their children, with the timestamp column (stamp) in '
'whose order a sync pulls changed rows, and the table of the archive for deleted rows.';

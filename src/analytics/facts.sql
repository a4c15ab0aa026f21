CREATE FUNCTION ngeshare.group_facts(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_id               text,
    group_name             text,
    course_name            text,
    sequence_order         integer,
    max_episodes           integer,
    created_at             timestamptz,
    status                 text,
    max_episode_reached    integer,
    progress_pct           numeric,
    total_meetings         integer,
    first_meeting_date     date,
    last_meeting_date      date,
    graduated_on           date,
    started_on             date,
    days_inactive          integer,
    facilitator_id         text,
    facilitator_name       text,
    facilitator_contact    text,
    facilitator_is_deleted boolean,
    facilitator_count      integer,
    member_count           integer,
    is_rescuable           boolean
)
AS 'MODULE_PATHNAME', 'ngeshare_group_facts'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION ngeshare.group_facts(timestamptz) IS
'Everything that the views say of a curriculum group, a row a group. is_rescuable: stalled, with at least ngeshare.rescue_min_pct percent of its course behind it.';

CREATE FUNCTION ngeshare_group_status(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_id            text,
    course_name         text,
    status              text,
    progress_pct        numeric,
    days_inactive       integer,
    group_name          text,
    sequence_order      integer,
    max_episodes        integer,
    max_episode_reached integer,
    total_meetings      integer,
    first_meeting_date  date,
    last_meeting_date   date,
    graduated_on        date,
    started_on          date,
    facilitator_id      text,
    facilitator_name    text,
    member_count        integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 10000;
COMMENT ON FUNCTION ngeshare_group_status(timestamptz) IS
'The status of every curriculum group as of an instant, a row a group: GRADUATED, ACTIVE (a meeting in the last 28 days), NOT_STARTED (never met, planned within the last 28 days or later) or STALLED. Days are local days of ngeshare.timezone; the 28 is ngeshare.active_days. Errors: 22004 for NULL, 22008 for an infinite instant, 55000 in another zone than the history''s.';

CREATE FUNCTION ngeshare_pipeline(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    group_a_id            text,
    course_a              text,
    group_b_id            text,
    course_b              text,
    shared_facilitator_id text,
    shared_member_count   integer,
    overlap_pct           numeric,
    days_between          integer
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 5000;
COMMENT ON FUNCTION ngeshare_pipeline(timestamptz) IS
'Which groups went on as which, as of an instant, a row a link: the same facilitator, at least 2 shared members who are at least 50 % of the smaller group, the next course, and its first meeting from 30 days before to 90 days after the graduation. Settings: ngeshare.link_min_shared, link_min_overlap_pct, link_early_days, link_days. Errors as for ngeshare_group_status().';

CREATE FUNCTION ngeshare_funnel(as_of timestamptz DEFAULT ngeshare_as_of())
RETURNS TABLE
(
    sequence_order            integer,
    course_name               text,
    groups_total              integer,
    groups_started            integer,
    graduated                 integer,
    active                    integer,
    stalled                   integer,
    not_started               integer,
    graduation_rate           numeric,
    continued                 integer,
    continuation_rate         numeric,
    awaiting                  integer,
    settled_continuation_rate numeric
)
AS 'MODULE_PATHNAME'
LANGUAGE C
STABLE
PARALLEL RESTRICTED
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 100000
ROWS 4;
COMMENT ON FUNCTION ngeshare_funnel(timestamptz) IS
'The curriculum as a funnel, as of an instant, a row a course in its sequence, courses without groups too. Rates are percentages, NULL where there is nothing to divide by. The last course has nothing to go on to: its four continuation columns are NULL. Errors as for ngeshare_group_status().';

-- ngeshare_explain_group() returns one group's facts with their reasons, ngeshare_member_journey()
-- one person's groups in the order of joining. Both set ngeshare.as_of to their argument while they
-- run.

CREATE FUNCTION ngeshare.status_reason
(
    status              text,
    has_met             boolean,
    days_inactive       integer,
    planned_start       date,
    max_episode_reached integer,
    max_episodes        integer,
    graduated_on        date
)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
RETURN CASE
    WHEN status = 'GRADUATED' THEN
        format('it reached episode %s of %s, the last one first on %s', max_episode_reached,
            max_episodes, graduated_on)
    WHEN has_met THEN
        format('it reached episode %s of %s and last met %s days ago; up to %s count as active',
            max_episode_reached, max_episodes, days_inactive, ngeshare.setting('active_days'))
    ELSE
        format('it has never met, and was to start on %s, %s days ago; up to %s count as not '
               'started',
            planned_start, days_inactive, ngeshare.setting('active_days'))
END;
COMMENT ON FUNCTION ngeshare.status_reason(text, boolean, integer, date, integer, integer, date) IS
'A sentence that says why a group has its status.';

CREATE FUNCTION public.ngeshare_explain_group
(
    group_id text,
    as_of    timestamptz DEFAULT public.ngeshare_as_of()
)
RETURNS TABLE
(
    fact    text,
    value   text,
    because text
)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
COST 1000000
ROWS 20
AS $$
DECLARE
    wanted ALIAS FOR group_id;
    known  record;
BEGIN
    PERFORM ngeshare.answer_as_of(as_of);
    IF wanted IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = '"group_id" must not be NULL';
    END IF;
    SELECT * INTO known FROM ngeshare.group_fact AS listed WHERE listed.group_id = wanted;
    IF NOT FOUND THEN
        RAISE invalid_parameter_value
            USING MESSAGE = format('no curriculum group "%s" exists as of %s', wanted, as_of),
                  HINT = 'SELECT group_id, group_name FROM v_group_summary lists those that exist '
                         'as of ngeshare_as_of().';
    END IF;
    RETURN QUERY VALUES
        ('group_name', known.group_name, 'HangoutGroup.name'),
        ('course_name', known.course_name,
            format('the name of its hangout; it graduates at episode %s', known.max_episodes)),
        ('status', known.status,
            ngeshare.status_reason(known.status, known.first_meeting_date IS NOT NULL,
            known.days_inactive, known.started_on, known.max_episode_reached, known.max_episodes,
                known.graduated_on)),
        ('progress_pct', known.progress_pct::text,
            format('episode %s of %s is the furthest of its own hangout that somebody attended',
                known.max_episode_reached, known.max_episodes)),
        ('total_meetings', known.total_meetings::text,
            CASE WHEN known.first_meeting_date IS NULL THEN 'days with attendance'
                 ELSE format('days with attendance, from %s to %s', known.first_meeting_date,
                     known.last_meeting_date) END),
        ('started_on', known.started_on::text,
            CASE WHEN known.first_meeting_date IS NULL THEN 'its planned start, as it has never met'
                 ELSE 'its first meeting' END),
        ('facilitator_id', known.facilitator_id,
            CASE WHEN known.facilitator_id IS NULL THEN 'it has no FACILITATOR record of a user'
                 ELSE format('%s: of %s user(s) with a FACILITATOR record the first to join%s',
                     known.facilitator_name,
                     known.facilitator_count, CASE WHEN known.facilitator_is_deleted
                         THEN '; deleted since' END) END),
        ('member_count', known.member_count::text,
            'distinct persons with a MEMBER record and no FACILITATOR record there'),
        ('is_rescuable', CASE WHEN known.is_rescuable THEN 'yes' ELSE 'no' END,
            format('the rescue list has STALLED groups from %s %% of their course on',
                ngeshare.setting('rescue_min_pct')));
    RETURN QUERY
        SELECT
            CASE WHEN link.group_a_id = wanted THEN 'went_on_as' ELSE 'came_from' END,
            CASE WHEN link.group_a_id = wanted THEN link.group_b_id ELSE link.group_a_id END,
            format('%s, %s days after the graduation, with the same facilitator and %s shared '
                   'members, %s %% of the smaller group',
                CASE WHEN link.group_a_id = wanted THEN link.course_b ELSE link.course_a END,
                link.days_between, link.shared_member_count, link.overlap_pct)
        FROM public.v_curriculum_pipeline AS link
        WHERE wanted IN (link.group_a_id, link.group_b_id)
        ORDER BY 1 DESC, link.days_between, link.group_a_id COLLATE "C",
            link.group_b_id COLLATE "C";
    RETURN QUERY
        SELECT 'anomaly', odd.kind, odd.detail
        FROM public.v_anomalies AS odd
        WHERE odd.group_id = wanted
        ORDER BY odd.kind COLLATE "C";
END
$$;
COMMENT ON FUNCTION public.ngeshare_explain_group(text, timestamptz) IS
'Explains one curriculum group as of an instant, one row per fact with its reason: its status, '
'progress, facilitator and members, the groups that it went on as or came from, and its anomalies. '
'Errors: 22023 for a group that does not exist at that instant or is outside the curriculum, 22004 '
'for NULL. The argument as_of and its errors are as for ngeshare_group_status().';

CREATE FUNCTION public.ngeshare_member_journey
(
    user_id text,
    as_of   timestamptz DEFAULT public.ngeshare_as_of()
)
RETURNS TABLE
(
    group_id           text,
    group_name         text,
    course_name        text,
    role               text,
    joined_at          timestamptz,
    status             text,
    progress_pct       numeric,
    first_meeting_date date,
    last_meeting_date  date,
    graduated_on       date,
    is_completed       boolean,
    facilitator_id     text,
    facilitator_name   text
)
LANGUAGE plpgsql
STABLE
PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
COST 1000000
ROWS 5
AS $$
DECLARE
    wanted ALIAS FOR user_id;
BEGIN
    PERFORM ngeshare.answer_as_of(as_of);
    IF wanted IS NULL THEN
        RAISE null_value_not_allowed USING MESSAGE = '"user_id" must not be NULL';
    END IF;
    IF NOT EXISTS (SELECT 1 FROM ngeshare.membership AS known WHERE known.user_id = wanted) THEN
        -- A user without a membership that counts has no row in ngeshare.membership.
        IF NOT EXISTS (SELECT 1 FROM public."User" AS someone WHERE someone.id = wanted) THEN
            RAISE invalid_parameter_value
                USING MESSAGE = format('the mirror has no user "%s"', wanted),
                      HINT = 'SELECT user_id, user_name FROM v_member_journey lists those who are '
                             'or were members of a curriculum group.';
        END IF;
    END IF;
    RETURN QUERY
        SELECT
            fact.group_id,
            fact.group_name,
            fact.course_name,
            concat_ws(', ', CASE WHEN membership.member_at IS NOT NULL THEN 'MEMBER' END,
                CASE WHEN membership.facilitator_at IS NOT NULL THEN 'FACILITATOR' END),
            least(membership.member_at, membership.facilitator_at) AT TIME ZONE 'UTC',
            fact.status,
            fact.progress_pct,
            fact.first_meeting_date,
            fact.last_meeting_date,
            fact.graduated_on,
            coalesce(fact.status = 'GRADUATED'
                AND membership.member_at <= fact.graduated_at, false),
            fact.facilitator_id,
            fact.facilitator_name
        FROM (
            SELECT
                record.group_id,
                min(record.joined_at) FILTER (WHERE record.role = 'MEMBER') AS member_at,
                min(record.joined_at) FILTER (WHERE record.role = 'FACILITATOR') AS facilitator_at
            FROM ngeshare.membership_as_of AS record
            WHERE record.user_id = wanted
            GROUP BY record.group_id
        ) AS membership
        JOIN ngeshare.group_fact AS fact ON fact.group_id = membership.group_id
        ORDER BY least(membership.member_at, membership.facilitator_at), fact.group_id COLLATE "C";
END
$$;
COMMENT ON FUNCTION public.ngeshare_member_journey(text, timestamptz) IS
'The groups of one user as of an instant, one row per curriculum group in the order of joining, no '
'matter whether the user joined as a member or as a facilitator. is_completed: the group has '
'graduated, and the user had joined it as a member by then. A user without a curriculum group has '
'no row. Errors: 22023 for a user whom the mirror does not have, 22004 for NULL. The argument '
'as_of and its errors are as for ngeshare_group_status().';

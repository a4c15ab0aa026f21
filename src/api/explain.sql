-- One group's facts with their reasons, and one person's way, by GET.

CREATE TYPE api.group_explanation AS
(
    fact    text,
    value   text,
    because text
);
COMMENT ON TYPE api.group_explanation IS
'A fact about a group and its reason.
A row of rpc/explain_group.';
COMMENT ON COLUMN api.group_explanation.fact IS
'What is told: a column of group_status, went_on_as, came_from or anomaly.';
COMMENT ON COLUMN api.group_explanation.value IS
'Its value.';
COMMENT ON COLUMN api.group_explanation.because IS
'Why it is so, in a sentence.';

CREATE TYPE api.journey_step AS
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
);
COMMENT ON TYPE api.journey_step IS
'A group on a person''s way.
A row of rpc/member_journey.';
COMMENT ON COLUMN api.journey_step.group_id IS
'HangoutGroup.id.';
COMMENT ON COLUMN api.journey_step.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.journey_step.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN api.journey_step.role IS
'MEMBER, FACILITATOR, or both.';
COMMENT ON COLUMN api.journey_step.joined_at IS
'When they first joined it.';
COMMENT ON COLUMN api.journey_step.status IS
'Its status, as in group_status.';
COMMENT ON COLUMN api.journey_step.progress_pct IS
'Percent of the course reached, at most 100, one decimal.';
COMMENT ON COLUMN api.journey_step.first_meeting_date IS
'The day of its first attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.last_meeting_date IS
'The day of its last attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.graduated_on IS
'The day it graduated; NULL if it has not.';
COMMENT ON COLUMN api.journey_step.is_completed IS
'Whether it has graduated and they had joined as a member by then.';
COMMENT ON COLUMN api.journey_step.facilitator_id IS
'Its facilitator''s user id; NULL where it has none.';
COMMENT ON COLUMN api.journey_step.facilitator_name IS
'The facilitator''s email, or id where there is none.';

CREATE FUNCTION api.explain_group(group_id text)
RETURNS SETOF api.group_explanation
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 1000000
ROWS 20
AS $$
DECLARE
    message text;
BEGIN
    RETURN QUERY SELECT told.fact, told.value, told.because
        FROM public.ngeshare_explain_group(group_id, public.ngeshare_as_of()) AS told;
EXCEPTION
    WHEN invalid_parameter_value THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        PERFORM ngeshare.refuse_request(404, 'NG404', message, NULL,
            'GET /group_status lists those that do.');
END
$$;
COMMENT ON FUNCTION api.explain_group(text) IS
'Why a group has its status, one row per fact with its reason.
Status, progress, start, facilitator, members, links and anomalies as of As-Of. Errors: 404 NG404 '
'for a group that does not exist then, or is outside the curriculum.';

CREATE FUNCTION api.member_journey(user_id text)
RETURNS SETOF api.journey_step
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
COST 1000000
ROWS 5
AS $$
DECLARE
    message text;
BEGIN
    RETURN QUERY SELECT step.*
        FROM public.ngeshare_member_journey(user_id, public.ngeshare_as_of()) AS step;
EXCEPTION
    WHEN invalid_parameter_value THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
        PERFORM ngeshare.refuse_request(404, 'NG404', message, NULL,
            'GET /members lists those who were ever a member.');
END
$$;
COMMENT ON FUNCTION api.member_journey(text) IS
'One user''s whole way through the curriculum, one row per group in the order of joining.
As a member or as its facilitator, as of As-Of; no row for a user without a group. Errors: 404 '
'NG404 for an unknown user.';

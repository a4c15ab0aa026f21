-- Functions for GET: one group's facts with their reasons, and one person's groups in order.

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
'What the row is about: a column of group_status, or "went_on_as", "came_from" or "anomaly".';
COMMENT ON COLUMN api.group_explanation.value IS
'The value of the fact.';
COMMENT ON COLUMN api.group_explanation.because IS
'A phrase that says why the fact has this value.';

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
'A group that a user joined.
A row of rpc/member_journey.';
COMMENT ON COLUMN api.journey_step.group_id IS
'The group''s id (HangoutGroup.id).';
COMMENT ON COLUMN api.journey_step.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN api.journey_step.course_name IS
'The course that the group takes: the name of its hangout.';
COMMENT ON COLUMN api.journey_step.role IS
'The user''s role in the group: "MEMBER", "FACILITATOR", or "MEMBER, FACILITATOR" for both.';
COMMENT ON COLUMN api.journey_step.joined_at IS
'When the user first joined the group.';
COMMENT ON COLUMN api.journey_step.status IS
'The group''s status, as in group_status.';
COMMENT ON COLUMN api.journey_step.progress_pct IS
'Episodes reached as a percentage of the course''s episodes, at most 100, one decimal.';
COMMENT ON COLUMN api.journey_step.first_meeting_date IS
'The local day of the group''s first attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.last_meeting_date IS
'The local day of the group''s last attendance; NULL if it never met.';
COMMENT ON COLUMN api.journey_step.graduated_on IS
'The local day on which the group graduated; NULL if it has not.';
COMMENT ON COLUMN api.journey_step.is_completed IS
'Whether the group has graduated and the user had joined it as a member by then.';
COMMENT ON COLUMN api.journey_step.facilitator_id IS
'The user id of the group''s facilitator; NULL if it has none.';
COMMENT ON COLUMN api.journey_step.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';

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
            'GET /group_status lists those that exist at that instant.');
END
$$;
COMMENT ON FUNCTION api.explain_group(text) IS
'Why a group has its status, one row per fact with its reason.
Status, progress, start, facilitator, members, the groups that it went on as or came from, and '
'anomalies, as of As-Of. Errors: 404 NG404 for a group that does not exist at that instant or is '
'outside the curriculum.';

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
            'GET /members lists those who are or were members of a curriculum group.');
END
$$;
COMMENT ON FUNCTION api.member_journey(text) IS
'The groups of one user, one row per curriculum group in the order of joining.
Groups that the user joined as a member or as a facilitator, as of As-Of; no row for a user '
'without a curriculum group. Errors: 404 NG404 for a user whom the mirror does not have.';

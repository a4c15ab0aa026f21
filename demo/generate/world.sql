-- demo.generate(), the function that generates all rows.

CREATE FUNCTION demo.empty_all()
RETURNS void
LANGUAGE sql
AS $$
    TRUNCATE public."User", public."Hangout", public."HangoutEpisode", public."HangoutGroup",
             public."UserHangoutGroup", public."UserHangoutGroupAttendance",
             public."CircleProfile", public."HangoutProgram", public."Image", public."Order";
    TRUNCATE demo.world, demo.hangout, demo.episode, demo.circle_plan, demo.group_plan,
        demo.member_plan,
             demo.boundary_group, demo.boundary_user, demo.boundary_member, demo.boundary_attendance
        RESTART IDENTITY;
$$;

COMMENT ON FUNCTION demo.empty_all() IS 'Empties the six tables, the four stubs and every plan';


CREATE FUNCTION demo.make_ordinary(groups integer, seed integer, clock timestamp, today date)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    circles integer;
BEGIN
    IF groups = 0 THEN
        RETURN;
    END IF;

    PERFORM demo.plan_circles(seed, groups);
    SELECT count(*) INTO circles FROM demo.circle_plan;
    PERFORM demo.plan_groups(seed, today);
    PERFORM demo.plan_members(seed);
    PERFORM demo.plan_facilitators(seed, circles);
    PERFORM demo.plan_odd_members(seed, clock);
    ANALYZE demo.circle_plan, demo.group_plan, demo.member_plan;

    PERFORM demo.make_groups(seed, clock);
    PERFORM demo.make_people(seed, clock);
    PERFORM demo.make_memberships(seed, clock);
    PERFORM demo.make_attendance(seed, today);
    PERFORM demo.make_visits(seed, today, circles);
    PERFORM demo.make_odd_attendance(seed, clock, today);
END
$$;

COMMENT ON FUNCTION demo.make_ordinary(integer, integer, timestamp, date) IS
'Plans and writes the ordinary groups and their people';


CREATE FUNCTION demo.generate(groups integer, seed integer, as_of timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
SET jit = off
SET work_mem = '128MB'
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    clock    timestamp(3) := date_trunc('milliseconds', as_of AT TIME ZONE 'UTC');
    today    date := (clock + interval '7 hours')::date;
    boundary integer;
BEGIN
    IF (groups >= 0 AND seed IS NOT NULL AND isfinite(as_of)) IS NOT TRUE THEN
        RAISE EXCEPTION 'demo.generate needs a count of groups, a seed and a finite instant'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;

    PERFORM demo.empty_all();
    PERFORM demo.take_keys_off();
    INSERT INTO demo.world (groups, seed, as_of, clock, today)
        VALUES (groups, seed, as_of, clock, today);

    PERFORM demo.make_stubs(seed);
    PERFORM demo.plan_hangouts(seed);
    PERFORM demo.plan_episodes(seed);
    PERFORM demo.make_courses(seed, clock);
    boundary := demo.make_boundary(groups, seed, clock);
    PERFORM demo.make_ordinary(groups - boundary, seed, clock, today);

    PERFORM demo.put_keys_back();
    ANALYZE public."User", public."Hangout", public."HangoutEpisode", public."HangoutGroup",
            public."UserHangoutGroup", public."UserHangoutGroupAttendance";
END
$$;

COMMENT ON FUNCTION demo.generate(integer, integer, timestamptz) IS
    'Replaces all rows by a world of so many groups as of an instant; the same three arguments '
    'give the same rows';

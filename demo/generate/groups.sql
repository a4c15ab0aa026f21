-- Generates the groups. A circle is a set of people who go from course to course together; for each
-- course that a circle takes there is one group.

CREATE FUNCTION demo.circle_length(seed integer, circle_no integer, first_course integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN least(
    CASE
        WHEN demo.chance(seed, 'four groups', 0.03, circle_no) THEN 4
        WHEN demo.chance(seed, 'three groups', 0.07, circle_no) THEN 3
        WHEN demo.chance(seed, 'two groups', 0.22, circle_no) THEN 2
        ELSE 1
    END,
    CASE WHEN first_course IS NULL THEN 2 ELSE 5 - first_course END);

COMMENT ON FUNCTION demo.circle_length(integer, integer, integer) IS
    'How many groups a circle has had: never past the last course, and at most two outside the '
    'curriculum';


CREATE FUNCTION demo.circle_size(seed integer, circle_no integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.chance(seed, 'empty circle', 0.006, circle_no) THEN 0
        WHEN demo.chance(seed, 'large circle', 0.015, circle_no)
            THEN 7 + demo.pick(seed, 'large size', 6, circle_no)
        ELSE ('{1,2,2,2,2,3,3,3,3,3,3,3,4,4,4,4,4,4,5,5,5,5,6}'::integer[])
            [1 + demo.pick(seed, 'size', 23, circle_no)]
    END;

COMMENT ON FUNCTION demo.circle_size(integer, integer) IS
'How many members a circle has: mostly 2 to 5, seldom 0, 1 or up to 12';


CREATE FUNCTION demo.circle_state(seed integer, circle_no integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.random01(seed, 'state', circle_no) < 0.18 THEN 'active'
        WHEN demo.random01(seed, 'state', circle_no) < 0.24 THEN 'not started'
        WHEN demo.random01(seed, 'state', circle_no) < 0.34 THEN 'graduated'
        WHEN demo.random01(seed, 'state', circle_no) < 0.41 THEN 'never met'
        ELSE 'stalled'
    END;

COMMENT ON FUNCTION demo.circle_state(integer, integer) IS
'The state of a circle''s last group; its earlier groups have graduated';


CREATE FUNCTION demo.facilitator_of(seed integer, circle_no integer)
RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN circle_no > 12 AND demo.chance(seed, 'alumnus', 0.4, circle_no / 3)
            THEN (1 + demo.pick(seed, 'alumnus of', circle_no / 3 * 2, circle_no / 3)) * 64::bigint
                + 1
        ELSE 1000000000 + circle_no / 3
    END;

COMMENT ON FUNCTION demo.facilitator_of(integer, integer) IS
    'A facilitator leads about three circles; four in ten were the first member of an earlier '
    'circle';


CREATE FUNCTION demo.plan_circles(seed integer, groups integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.circle_plan
        (circle_no, groups_before, length, first_course, variant, state, ended, pace, size,
            place_no, start_time, facilitator)
    SELECT circle_no,
           groups_before,
           least(length, groups - groups_before),
           first_course,
           1 + demo.pick(seed, 'variant', 3, circle_no),
           demo.circle_state(seed, circle_no),
           CASE
               WHEN demo.circle_state(seed, circle_no) IN ('active', 'not started')
                   THEN 1 + demo.pick(seed, 'ended lately', 28, circle_no)
               ELSE 29 + 640 * (groups - groups_before) / groups
                   + demo.pick(seed, 'ended', 60, circle_no)
           END,
           ('{7,7,7,7,7,7,7,14,14,5}'::integer[])[1 + demo.pick(seed, 'pace', 10, circle_no)],
           demo.circle_size(seed, circle_no),
           demo.pick(seed, 'place', 24, circle_no),
           ('{05:00,06:15,09:00,13:00,16:00,19:30,19:45,20:00,20:30,22:40}'::time[])
               [1 + demo.pick(seed, 'hour', 10, circle_no)],
           demo.facilitator_of(seed, circle_no)
    FROM (
        SELECT circle_no,
               first_course,
               demo.circle_length(seed, circle_no, first_course) AS length,
               (sum(demo.circle_length(seed, circle_no, first_course)) OVER (ORDER BY circle_no)
                   - demo.circle_length(seed, circle_no, first_course))::integer AS groups_before
        FROM (
            SELECT circle_no,
                   CASE
                       WHEN demo.chance(seed, 'outside the curriculum', 0.07, circle_no) THEN NULL
                       ELSE ('{1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2,2,3,4}'::integer[])
                           [1 + demo.pick(seed, 'first course', 20, circle_no)]
                   END AS first_course
            FROM generate_series(1, groups) AS circle_no) AS begun) AS counted
    WHERE groups_before < groups;
END;

COMMENT ON FUNCTION demo.plan_circles(integer, integer) IS
    'Plans circles until they have the given number of groups. Circles with higher numbers ended '
    'later, except for those that are active or not started';


CREATE FUNCTION demo.hangout_of(seed integer, circle_no integer, step integer, first_course integer,
    variant integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN first_course IS NULL
            THEN nullif(13 + demo.pick(seed, 'other hangout', 9, circle_no), 21)
        WHEN step > 1 AND first_course + step <= 4
            AND demo.chance(seed, 'skipped course', 0.04, circle_no)
            THEN (first_course + step - 1) * 3 + variant
        ELSE (first_course + step - 2) * 3 + variant
    END;

COMMENT ON FUNCTION demo.hangout_of(integer, integer, integer, integer, integer) IS
    'The hangout of a circle''s n-th group, NULL for some outside the curriculum; one circle in 25 '
    'skips its second course';


CREATE FUNCTION demo.episode_reached(seed integer, group_no integer, state text, episodes integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN state = 'graduated' THEN episodes
        WHEN state IN ('not started', 'never met') THEN 0
        WHEN demo.chance(seed, 'stopped at the peak', 0.3, group_no) THEN least(4, episodes - 1)
        ELSE 1 + demo.pick(seed, 'reached', episodes - 1, group_no)
    END;

COMMENT ON FUNCTION demo.episode_reached(integer, integer, text, integer) IS
    'The last episode that a group has attended; many stop at the fourth';


CREATE FUNCTION demo.gap_after(seed integer, group_no integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.random01(seed, 'gap', group_no) < 0.03
            THEN -31 - demo.pick(seed, 'gap days', 20, group_no)
        WHEN demo.random01(seed, 'gap', group_no) < 0.08
            THEN -30 + demo.pick(seed, 'gap days', 30, group_no)
        WHEN demo.random01(seed, 'gap', group_no) < 0.90
            THEN demo.pick(seed, 'gap days', 91, group_no)
        ELSE 91 + demo.pick(seed, 'gap days', 90, group_no)
    END;

COMMENT ON FUNCTION demo.gap_after(integer, integer) IS
    'Days from a graduation to the circle''s next start: some early, most within 90, some late';


CREATE FUNCTION demo.meetings_of(seed integer, group_no integer, reached integer)
RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN reached = 0 THEN 0
        ELSE greatest(1, reached + ('{0,0,0,0,0,1,1,2,-1,-2}'::integer[])
            [1 + demo.pick(seed, 'more meetings', 10, group_no)])
    END;

COMMENT ON FUNCTION demo.meetings_of(integer, integer, integer) IS
    'How many meetings a group needed to reach an episode: mostly one per episode; some groups '
    'repeat episodes, some skip them';


CREATE FUNCTION demo.created_at(seed integer, group_no integer, state text, started integer,
    today date)
RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN demo.local_time(
        today,
        CASE
            WHEN state = 'not started' AND demo.chance(seed, 'created in the future', 0.08,
                group_no)
                THEN -1 - demo.pick(seed, 'created', 20, group_no)
            WHEN state = 'not started' THEN started
            WHEN demo.chance(seed, 'created late', 0.01, group_no) THEN started - 10
            ELSE started + 2 + demo.pick(seed, 'created', 18, group_no)
        END,
        '07:00')
    + demo.pick(seed, 'created ms', 39600000, group_no) * interval '1 ms';

COMMENT ON FUNCTION demo.created_at(integer, integer, text, integer, date) IS
    'A group''s "createdAt": days before its first meeting, for one group in a hundred after it, '
    'for a few even after as_of';


CREATE FUNCTION demo.start_date(seed integer, group_no integer, state text, started integer,
    today date, start_time time)
RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN
    CASE
        WHEN demo.random01(seed, 'start date', group_no) < 0.25 THEN NULL
        WHEN demo.random01(seed, 'start date', group_no) < 0.27
            THEN demo.local_time(today, started + 150, start_time)
        WHEN demo.random01(seed, 'start date', group_no) < 0.29
            THEN demo.local_time(today, -14, start_time)
        WHEN state = 'not started' THEN demo.local_time(today, started - 7, start_time)
        ELSE demo.local_time(today, started, start_time)
    END;

COMMENT ON FUNCTION demo.start_date(integer, integer, text, integer, date, time) IS
    'A group''s "startDate": a quarter has none, some lie long before the group or in the future';


CREATE FUNCTION demo.plan_groups(seed integer, today date)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.group_plan
        (group_no, circle_no, step, state, hangout_no, meets_at, reached, meetings, started, ended,
            pace, start_time, created_at, start_date, id)
    WITH taken AS (
        SELECT circle_plan.*,
               step,
               groups_before + step AS group_no,
               CASE WHEN step < length THEN 'graduated' ELSE state END AS group_state,
               CASE
                   WHEN step = length THEN 0
                   WHEN state IN ('active', 'not started')
                       THEN abs(demo.gap_after(seed, groups_before + step))
                   ELSE demo.gap_after(seed, groups_before + step)
               END AS gap,
               demo.hangout_of(seed, circle_no, step, first_course, variant) AS hangout_no
        FROM demo.circle_plan
        CROSS JOIN LATERAL generate_series(1, length) AS step
    ), progress AS (
        SELECT taken.*,
               meets_at.hangout_no AS meets_at,
               demo.episode_reached(seed, group_no, group_state, episodes) AS reached
        FROM taken
        JOIN demo.hangout AS meets_at ON meets_at.hangout_no = coalesce(taken.hangout_no, 1)
    ), lasting AS (
        SELECT progress.*,
               demo.meetings_of(seed, group_no, reached) AS meetings,
               greatest(0, demo.meetings_of(seed, group_no, reached) - 1) * pace AS duration
        FROM progress
    ), dated AS (
        SELECT lasting.*,
               (ended + sum(gap + duration) OVER (PARTITION BY circle_no
                   ORDER BY step DESC))::integer AS first_day
        FROM lasting
    )
    SELECT group_no, circle_no, step, group_state, hangout_no, meets_at, reached, meetings,
           first_day,
           first_day - duration,
           pace,
           start_time,
           demo.created_at(seed, group_no, group_state, first_day, today),
           demo.start_date(seed, group_no, group_state, first_day, today, start_time),
           demo.cuid(seed, 'group', group_no)
    FROM dated;
END;

COMMENT ON FUNCTION demo.plan_groups(integer, date) IS
    'The groups of all circles, dated backwards from the last meeting of each circle''s last group';


CREATE FUNCTION demo.make_groups(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."HangoutGroup"
        (id, "createdAt", "updatedAt", name, description, status, day, time, "hangoutId", "imageId",
            "endDate", "startDate", city, province)
    SELECT group_plan.id,
           created_at,
           demo.touched(seed, 'group', created_at, clock, group_no),
           demo.group_name(seed, group_no, circle_no, place_no),
           CASE WHEN demo.chance(seed, 'described', 0.3, group_no)
               THEN E'Kajian pekanan.\nTerbuka, "gratis"; ' || demo.place(place_no, 1) END,
           ('{ACTIVE,ACTIVE,ACTIVE,ACTIVE,ACTIVE,COMPLETED,COMPLETED,DRAFT,CANCELLED,active}'
               ::text[])
               [1 + demo.pick(seed, 'group status', 10, group_no)],
           CASE WHEN demo.chance(seed, 'has a day', 0.9, group_no)
               THEN demo.pick(seed, 'day', 7, circle_no) END,
           CASE WHEN demo.chance(seed, 'has a time', 0.8, group_no)
               THEN timestamp '1970-01-01' + (group_plan.start_time - interval '7 hours') END,
           hangout.id,
           CASE WHEN demo.chance(seed, 'has an image', 0.2, group_no)
               THEN demo.cuid(seed, 'image', 1 + group_no % 50) END,
           CASE WHEN demo.chance(seed, 'has an end', 0.2, group_no)
               THEN created_at + interval '120 days' END,
           start_date,
           CASE WHEN demo.chance(seed, 'has a place', 0.9, group_no)
               THEN demo.written_city(place_no, group_no % 200) END,
           CASE WHEN demo.chance(seed, 'has a place', 0.9, group_no)
               THEN demo.written_province(place_no, group_no % 200) END
    FROM demo.group_plan
    JOIN demo.circle_plan USING (circle_no)
    LEFT JOIN demo.hangout USING (hangout_no);
END;

COMMENT ON FUNCTION demo.make_groups(integer, timestamp) IS 'Writes "HangoutGroup" from its plan';

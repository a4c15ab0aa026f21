-- The reference's answers on places (the requirements' section 7), in the terms of answers.sql.
-- courses.sql must be loaded first.

BEGIN;

-- The requirements' section 7: place --------------------------------------------------------------

-- Normalizes a place's name: "White space is blank, tab, CR and LF; it is collapsed to one blank
-- first, then trimmed; an empty place is NULL."
CREATE FUNCTION reference.tidy_place(place text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT NULLIF(btrim(regexp_replace(place, E'[ \t\r\n]+', ' ', 'g'), ' '), '')
$$;

-- "Place text is as now, whatever as_of." So this function returns all curriculum groups that
-- production has now, also those made after as_of. "Places are compared in lower case."
CREATE FUNCTION reference.place_of_now()
RETURNS TABLE (
    group_id text, province_spelling text, city_spelling text, province_key text, city_key text
) LANGUAGE sql STABLE AS $$
    SELECT gathering.group_id,
           reference.tidy_place(row.province),
           reference.tidy_place(row.city),
           lower(reference.tidy_place(row.province)),
           lower(reference.tidy_place(row.city))
    FROM reference.group_of('infinity') AS gathering
    JOIN public."HangoutGroup" AS row ON row.id = gathering.group_id
$$;

-- "A province is shown in the spelling that most curriculum groups of now have; tie: the
-- smallest in byte order."
CREATE FUNCTION reference.province_shown()
RETURNS TABLE (province_key text, province text) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (place.province_key) place.province_key, place.province_spelling
    FROM reference.place_of_now() AS place
    WHERE place.province_key IS NOT NULL
    GROUP BY place.province_key, place.province_spelling
    ORDER BY place.province_key,
             count(*) DESC,
             place.province_spelling COLLATE "C"
$$;

-- A city is shown "in that [spelling] of most groups of now of that city in that province (no
-- province counts as one); tie: the smallest in byte order."
CREATE FUNCTION reference.city_shown()
RETURNS TABLE (province_key text, city_key text, city text) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (place.province_key, place.city_key)
           place.province_key, place.city_key, place.city_spelling
    FROM reference.place_of_now() AS place
    WHERE place.city_key IS NOT NULL
    GROUP BY place.province_key, place.city_key, place.city_spelling
    ORDER BY place.province_key, place.city_key,
             count(*) DESC,
             place.city_spelling COLLATE "C"
$$;

-- Returns the place of each group in the spelling that is shown.
CREATE FUNCTION reference.place_of()
RETURNS TABLE (group_id text, city text, province text) LANGUAGE sql STABLE AS $$
    SELECT place.group_id, city_shown.city, province_shown.province
    FROM reference.place_of_now() AS place
    LEFT JOIN reference.province_shown() AS province_shown
           ON province_shown.province_key = place.province_key
    LEFT JOIN reference.city_shown() AS city_shown
           ON city_shown.city_key = place.city_key
          AND city_shown.province_key IS NOT DISTINCT FROM place.province_key
$$;

-- The columns that the requirements' section 7 adds: "In this order after all older columns:
-- v_group_summary and v_group_status get city, province."
CREATE FUNCTION reference.added_to_v_group_summary(as_of timestamptz)
RETURNS TABLE (group_id text, city text, province text) LANGUAGE sql STABLE STRICT AS $$
    SELECT gathering.group_id, place.city, place.province
    FROM reference.group_of(as_of) AS gathering
    JOIN reference.place_of() AS place ON place.group_id = gathering.group_id
$$;

-- "v_place: province, city, groups_total, active, stalled, not_started, graduated, to_rescue,
-- at_risk, graduation_rate, facilitators (distinct facilitator_id), members (distinct persons); one
-- row per province and city with a curriculum group, NULLs too."
CREATE FUNCTION reference.v_place(as_of timestamptz)
RETURNS TABLE (
    province text, city text, groups_total integer, active integer, stalled integer,
    not_started integer, graduated integer, to_rescue integer, at_risk integer,
    graduation_rate numeric, facilitators integer, members integer
) LANGUAGE sql STABLE STRICT AS $$
    WITH fate AS MATERIALIZED (
        SELECT place.province, place.city, place.group_id, state.status, facilitator.facilitator_id,
               place.group_id IN (
                   SELECT rescue.group_id FROM reference.v_rescue_list(as_of) AS rescue)
                       AS to_rescue,
               place.group_id IN (
                   SELECT risk.group_id FROM reference.v_at_risk(as_of) AS risk) AS at_risk
        FROM reference.added_to_v_group_summary(as_of) AS place
        JOIN reference.status_of(as_of) AS state ON state.group_id = place.group_id
        LEFT JOIN reference.facilitator_of(as_of) AS facilitator
               ON facilitator.group_id = place.group_id
    ),
    people AS (
        SELECT fate.province, fate.city, count(DISTINCT member.person) AS members
        FROM fate
        LEFT JOIN reference.member_of(as_of) AS member ON member.group_id = fate.group_id
        GROUP BY fate.province, fate.city
    ),
    counted AS (
        SELECT fate.province, fate.city,
               count(*) AS groups_total,
               count(*) FILTER (WHERE fate.status = 'ACTIVE') AS active,
               count(*) FILTER (WHERE fate.status = 'STALLED') AS stalled,
               count(*) FILTER (WHERE fate.status = 'NOT_STARTED') AS not_started,
               count(*) FILTER (WHERE fate.status = 'GRADUATED') AS graduated,
               count(*) FILTER (WHERE fate.to_rescue) AS to_rescue,
               count(*) FILTER (WHERE fate.at_risk) AS at_risk,
               count(DISTINCT fate.facilitator_id) AS facilitators
        FROM fate
        GROUP BY fate.province, fate.city
    )
    SELECT counted.province, counted.city, counted.groups_total::integer, counted.active::integer,
           counted.stalled::integer, counted.not_started::integer, counted.graduated::integer,
           counted.to_rescue::integer, counted.at_risk::integer,
           round(100.0 * counted.graduated / counted.groups_total, 1),
           counted.facilitators::integer,
           people.members::integer
    FROM counted
    JOIN people ON people.province IS NOT DISTINCT FROM counted.province
               AND people.city IS NOT DISTINCT FROM counted.city
$$;

-- Returns whether two "lower-cased names of at least 5 characters differ by one letter added,
-- dropped, changed or swapped with its neighbour".
CREATE FUNCTION reference.differ_by_one_letter(a text, b text)
RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT length(a) >= 5 AND length(b) >= 5 AND a <> b AND EXISTS (
        SELECT 1
        FROM generate_series(1, GREATEST(length(a), length(b))) AS place
        WHERE left(a, place - 1) || substr(a, place + 1) = b
           OR left(b, place - 1) || substr(b, place + 1) = a
           OR left(a, place - 1) || substr(b, place, 1) || substr(a, place + 1) = b
           OR left(a, place - 1) || substr(a, place + 1, 1) || substr(a, place, 1)
                  || substr(a, place + 2) = b)
$$;

-- "finding place_spelling: two different places of one province, or two provinces, whose names
-- differ by one letter; a city with and without a province; a place with more than one spelling.
-- One row per pair; rows: the groups of the rarer one." Only places of curriculum groups count
-- ("All answers are about curriculum groups only"). Each other spelling of a place is paired with
-- the spelling that is shown. column_name is 'city' for two names or spellings of cities, and
-- 'province' for two of provinces or for a missing province.
CREATE FUNCTION reference.place_spelling()
RETURNS TABLE (column_name text, one text, other text, rows bigint) LANGUAGE sql STABLE AS $$
    WITH place AS MATERIALIZED (SELECT * FROM reference.place_of_now()),
    province AS (
        SELECT place.province_key AS key, shown.province, count(*) AS groups
        FROM place
        JOIN reference.province_shown() AS shown ON shown.province_key = place.province_key
        GROUP BY place.province_key, shown.province
    ),
    city AS (
        SELECT place.province_key, place.city_key AS key, shown.city, count(*) AS groups
        FROM place
        JOIN reference.city_shown() AS shown
          ON shown.city_key = place.city_key
         AND shown.province_key IS NOT DISTINCT FROM place.province_key
        GROUP BY place.province_key, place.city_key, shown.city
    ),
    pair AS (
        SELECT 'city' AS column_name, a.city AS a, b.city AS b, LEAST(a.groups, b.groups) AS rows
        FROM city AS a
        JOIN city AS b ON b.province_key IS NOT DISTINCT FROM a.province_key
        WHERE a.key COLLATE "C" < b.key
          AND reference.differ_by_one_letter(a.key, b.key)
        UNION ALL
        SELECT 'province', a.province, b.province, LEAST(a.groups, b.groups)
        FROM province AS a
        CROSS JOIN province AS b
        WHERE a.key COLLATE "C" < b.key
          AND reference.differ_by_one_letter(a.key, b.key)
        UNION ALL
        SELECT 'province', a.city, province.province, LEAST(a.groups, b.groups)
        FROM city AS a
        JOIN city AS b ON b.key = a.key
        JOIN province ON province.key = b.province_key
        WHERE a.province_key IS NULL
        UNION ALL
        SELECT 'city', place.city_spelling, city.city, count(*)
        FROM place
        JOIN city ON city.key = place.city_key
                 AND city.province_key IS NOT DISTINCT FROM place.province_key
        WHERE place.city_spelling <> city.city
        GROUP BY place.province_key, place.city_spelling, city.city
        UNION ALL
        SELECT 'province', place.province_spelling, province.province, count(*)
        FROM place
        JOIN province ON province.key = place.province_key
        WHERE place.province_spelling <> province.province
        GROUP BY place.province_spelling, province.province
    )
    SELECT pair.column_name,
           LEAST(pair.a COLLATE "C", pair.b COLLATE "C"),
           GREATEST(pair.a COLLATE "C", pair.b COLLATE "C"),
           pair.rows
    FROM pair
$$;

COMMIT;

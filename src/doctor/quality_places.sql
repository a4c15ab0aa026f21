-- The finding place_spelling of v_data_quality.

CREATE FUNCTION ngeshare.quality_of_places()
RETURNS TABLE (finding text, table_name text, column_name text, rows bigint, example_id text,
    hint text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    WITH written AS (
        SELECT
            ngeshare.place_name(grp.city) AS city,
            ngeshare.place_name(grp.province) AS province,
            count(*) AS groups,
            min(grp.id COLLATE "C") AS example_id
        FROM public."HangoutGroup" AS grp
        -- Only curriculum groups, because answers show no places of other groups.
        JOIN public."Hangout" AS hangout ON hangout.id = grp."hangoutId"
        JOIN public.course_config AS course ON course.course_name = hangout.name
        GROUP BY grp.city, grp.province
    ), spelling AS MATERIALIZED (
        -- Cities are compared with cities of the same province, provinces with all provinces.
        SELECT 'province' AS part, '' AS province, lower(province) AS name, province AS spelling,
            sum(groups)::bigint AS groups, min(example_id) AS example_id
        FROM written
        WHERE province IS NOT NULL
        GROUP BY written.province
        UNION ALL
        SELECT 'city', coalesce(lower(province), ''), lower(city), city, sum(groups)::bigint,
            min(example_id)
        FROM written
        WHERE city IS NOT NULL
        GROUP BY coalesce(lower(province), ''), city
    ), place AS MATERIALIZED (
        SELECT
            part,
            province,
            name,
            (array_agg(spelling ORDER BY groups DESC, spelling COLLATE "C"))[1] AS shown,
            sum(groups)::bigint AS groups,
            min(example_id) AS example_id
        FROM spelling
        GROUP BY part, province, name
    ), without_letter AS (
        -- rest: the name without the letter at position, or the whole name at position 0. Two names
        -- that differ by one letter have a rest in common. Only such names are compared.
        SELECT
            place.*,
            position,
            substr(name, position, 1) AS letter,
            CASE WHEN position = 0 THEN name ELSE overlay(name PLACING ''
                FROM position FOR 1) END AS rest
        FROM place
        CROSS JOIN LATERAL generate_series(0, length(name)) AS position
        WHERE length(name) BETWEEN 5 AND 100
    ), near AS (
        SELECT DISTINCT
            one.part, one.name AS one_name, one.shown AS one_shown, one.groups AS one_groups,
                one.example_id AS one_id,
            other.name AS other_name, other.shown AS other_shown, other.groups AS other_groups,
                other.example_id AS other_id,
            one.province
        FROM without_letter AS one
        JOIN without_letter AS other USING (part, province, rest)
        WHERE one.name COLLATE "C" < other.name COLLATE "C"
          AND (
              -- The three cases: a letter added or dropped, one changed, two neighbours swapped.
              (one.position = 0) <> (other.position = 0)
              OR one.position = other.position
              OR (abs(one.position - other.position) = 1 AND one.letter = other.letter))
    ), pair AS (
        SELECT
            part,
            least(one_groups, other_groups) AS groups,
            CASE WHEN one_groups < other_groups THEN one_id ELSE other_id END AS example_id,
            CASE WHEN one_groups < other_groups THEN one_shown ELSE other_shown END AS value,
            format('is nearly "%s"', left(CASE WHEN one_groups < other_groups THEN other_shown
                ELSE one_shown END, 200)) AS is_like
        FROM near
        UNION ALL
        SELECT spelling.part, spelling.groups, spelling.example_id, spelling.spelling,
            format('is "%s", written in another way', left(place.shown, 200))
        FROM spelling
        JOIN place USING (part, province, name)
        WHERE spelling.spelling COLLATE "C" <> place.shown COLLATE "C"
        UNION ALL
        SELECT
            'province',
            least(bare.groups, full_place.groups),
            CASE WHEN full_place.groups < bare.groups THEN full_place.example_id
                ELSE bare.example_id END,
            bare.shown,
            format('has no province in some groups, and in others "%s"', left(province.shown, 200))
        FROM place AS bare
        JOIN place AS full_place ON full_place.part = 'city' AND full_place.name = bare.name
            AND full_place.province <> ''
        JOIN place AS province ON province.part = 'province' AND province.name = full_place.province
        WHERE bare.part = 'city'
          AND bare.province = ''
    )
    SELECT
        'place_spelling', 'HangoutGroup', part, groups, example_id,
        format('value "%s" %s: if they are one place, correct it on production.', left(value, 200),
            is_like)
    FROM pair
$$;
COMMENT ON FUNCTION ngeshare.quality_of_places() IS
'The finding place_spelling of v_data_quality, one row per pair of names of curriculum groups'' '
'places that may mean one place: names of 5 to 100 characters that differ by one letter or by two '
'swapped neighbours, one name in two spellings, or a city with and without a province. rows is the '
'number of groups with the rarer name.';

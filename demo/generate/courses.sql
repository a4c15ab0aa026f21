-- Generates hangouts, their episodes, and rows of the other tables that the six tables reference.

CREATE FUNCTION demo.make_stubs(seed integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."CircleProfile" (id)
    SELECT demo.cuid(seed, 'circle profile', n)
    FROM generate_series(1, 3) AS n;

    INSERT INTO public."HangoutProgram" (id)
    SELECT demo.cuid(seed, 'program', n)
    FROM generate_series(1, 3) AS n;

    INSERT INTO public."Image" (id)
    SELECT demo.cuid(seed, 'image', n)
    FROM generate_series(1, 50) AS n;

    INSERT INTO public."Order" (id)
    SELECT demo.cuid(seed, 'order', n)
    FROM generate_series(1, 500) AS n;
END;

COMMENT ON FUNCTION demo.make_stubs(integer) IS
'Writes rows of the four tables that the six tables reference';


CREATE FUNCTION demo.plan_hangouts(seed integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.hangout (hangout_no, code, name, course_no, episodes, id)
    SELECT (course_no - 1) * 3 + variant,
           lower(word) || CASE WHEN variant > 1 THEN '-' || variant::text ELSE '' END,
           'Ngeshare Sesi ' || word,
           course_no,
           demo.course_length(course_no),
           demo.cuid(seed, 'hangout', (course_no - 1) * 3 + variant)
    FROM unnest('{Aqidah,Hijrah,Sejarah,Dakwah}'::text[]) WITH ORDINALITY AS course (word, no)
    CROSS JOIN LATERAL (SELECT no::integer) AS counted (course_no)
    CROSS JOIN generate_series(1, 3) AS variant;

    INSERT INTO demo.hangout (hangout_no, code, name, course_no, episodes, id)
    SELECT hangout_no, code, name, NULL, episodes, demo.cuid(seed, 'hangout', hangout_no)
    FROM (VALUES
        (13, 'ramadhan', 'Ngeshare Spesial Ramadhan', 5),
        (14, 'parenting', 'Ngeshare Kelas Parenting', 8),
        (15, 'quran', 'Ngaji Qur''an "Pekanan", Ba''da Maghrib', 12),
        (16, 'lower-case', 'ngeshare sesi aqidah', 9),
        (17, 'trailing-space', 'Ngeshare Sesi Aqidah ', 9),
        (18, 'two-spaces', 'Ngeshare Sesi  Hijrah', 9),
        (19, 'upper-case', 'NGESHARE SESI DAKWAH', 7),
        (20, 'no-break-space', U&'Ngeshare Sesi\00A0Sejarah', 11)
    ) AS other (hangout_no, code, name, episodes);
END;

COMMENT ON FUNCTION demo.plan_hangouts(integer) IS
    'Plans three hangouts per course, three outside the curriculum, and five whose names are '
    'nearly those of a course';


CREATE FUNCTION demo.plan_episodes(seed integer)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO demo.episode (hangout_no, ord, copy, id)
    SELECT hangout_no, ord, copy, demo.cuid(seed, 'episode', hangout_no, ord * 10 + copy)
    FROM (
        SELECT hangout_no, ord, 1 AS copy
        FROM demo.hangout
        CROSS JOIN LATERAL generate_series(1, episodes) AS ord
        UNION ALL
        SELECT hangout_no, ord, copy
        FROM demo.hangout
        CROSS JOIN LATERAL (VALUES (-1, 1), (0, 1), (3, 2), (episodes, 2), (episodes + 1, 1),
            (episodes + 3, 1)) AS odd (ord, copy)
        WHERE code LIKE '%-3') AS planned;
END;

COMMENT ON FUNCTION demo.plan_episodes(integer) IS
    'Plans the episodes of every hangout, and for the third variant of each course also episodes '
    'with unusual orders';


CREATE FUNCTION demo.make_courses(seed integer, clock timestamp)
RETURNS void
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO public."Hangout"
        (id, "createdAt", "updatedAt", name, description, type, price, "circleProfileId",
            visibility, "hangoutProgramId", "pictureId")
    SELECT id,
           clock - interval '1400 days' + hangout_no * interval '37 hours',
           clock - interval '300 days' + hangout_no % 4 * interval '9 days',
           name,
           CASE WHEN hangout_no % 3 > 0 THEN 'Deskripsi ' || code END,
           CASE WHEN course_no IS NULL THEN 'EVENT' ELSE 'COURSE' END,
           CASE WHEN hangout_no % 5 = 0 THEN 49999.99 ELSE 0 END,
           demo.cuid(seed, 'circle profile', 1 + hangout_no % 3),
           CASE WHEN hangout_no % 7 = 0 THEN 'PRIVATE' ELSE 'PUBLIC' END,
           CASE WHEN course_no IS NOT NULL THEN demo.cuid(seed, 'program', 1 + hangout_no % 3) END,
           CASE WHEN hangout_no % 2 = 0 THEN demo.cuid(seed, 'image', hangout_no) END
    FROM demo.hangout;

    INSERT INTO public."HangoutEpisode" (id, "createdAt", "updatedAt", name, description,
        "hangoutId", "order")
    SELECT episode.id,
           clock - interval '1390 days' + (hangout_no * 40 + ord) * interval '1 hour',
           clock - interval '299 days' + CASE WHEN ord % 4 = 0 THEN ord * interval '1 day'
               ELSE interval '0' END,
           'Episode ' || ord::text || CASE WHEN copy > 1 THEN ' (ulang)' ELSE '' END,
           CASE WHEN ord % 3 = 0 THEN 'Bahan <i>' || code || '</i>' END,
           hangout.id,
           ord
    FROM demo.episode
    JOIN demo.hangout USING (hangout_no);
END;

COMMENT ON FUNCTION demo.make_courses(integer, timestamp) IS
'Writes "Hangout" and "HangoutEpisode" from their plans';

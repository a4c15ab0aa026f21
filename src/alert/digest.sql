-- The weekly digest says what changed, whom to contact first and how fresh the data is. It is sent
-- through the outbox, like an alert.

CREATE FUNCTION ngeshare.as_of_is_set()
RETURNS boolean
AS 'MODULE_PATHNAME', 'ngeshare_as_of_is_set'
LANGUAGE C
STABLE;
COMMENT ON FUNCTION ngeshare.as_of_is_set() IS
'Whether the user has chosen ngeshare.as_of; false if it is empty, or if the API set it for a '
'request without the header As-Of.';

CREATE FUNCTION ngeshare.digest_until()
RETURNS timestamptz
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN ngeshare.as_of_is_set() THEN public.ngeshare_as_of()
        ELSE coalesce((SELECT known_until FROM ngeshare.snapshot_state), now())
    END
$$;
COMMENT ON FUNCTION ngeshare.digest_until() IS
'The instant that the weekly digest is given for: ngeshare.as_of if the user has set it, else the '
'clock of the last successful sync, or now() before the first.';

CREATE VIEW ngeshare.digest_word AS
SELECT word, language, text
FROM (VALUES
    ('title', 'en', 'ngeShare, %1$s to %2$s'),
    ('title', 'id', 'ngeShare, %1$s sampai %2$s'),
    ('NEW', 'en', 'New groups: %1$s'),
    ('NEW', 'id', 'Grup baru: %1$s'),
    ('STARTED', 'en', 'Met for the first time: %1$s'),
    ('STARTED', 'id', 'Bertemu untuk pertama kali: %1$s'),
    ('RESUMED', 'en', 'Met again after a long silence: %1$s'),
    ('RESUMED', 'id', 'Bertemu lagi setelah lama diam: %1$s'),
    ('STALLED', 'en', 'Stalled: %1$s'),
    ('STALLED', 'id', 'Menjadi macet: %1$s'),
    ('GRADUATED', 'en', 'Graduated: %1$s'),
    ('GRADUATED', 'id', 'Lulus: %1$s'),
    ('no changes', 'en', 'No group has changed.'),
    ('no changes', 'id', 'Tidak ada grup yang berubah.'),
    ('contact', 'en', 'Contact these first:'),
    ('contact', 'id', 'Hubungi dulu grup-grup ini:'),
    ('nobody', 'en', 'Nobody needs to be contacted now.'),
    ('nobody', 'id', 'Saat ini tidak ada yang perlu dihubungi.'),
    ('group', 'en', '%1$s. %2$s (%3$s): silent for %4$s days, %5$s to go. %6$s'),
    ('group', 'id', '%1$s. %2$s (%3$s): sudah %4$s hari tidak bertemu, kurang %5$s lagi. %6$s'),
    ('one episode', 'en', '1 episode'),
    ('one episode', 'id', '1 episode'),
    ('episodes', 'en', '%1$s episodes'),
    ('episodes', 'id', '%1$s episode'),
    ('chance', 'en', 'Chance to meet within 28 days: %1$s%%. '),
    ('chance', 'id', 'Peluang bertemu dalam 28 hari: %1$s%%. '),
    ('no contact', 'en', 'No address is known.'),
    ('no contact', 'id', 'Alamatnya tidak diketahui.'),
    ('more', 'en', 'and %1$s more'),
    ('more', 'id', 'dan %1$s lagi'),
    ('fresh', 'en', 'As of %1$s, %2$s (%3$s).'),
    ('fresh', 'id', 'Keadaan per %1$s pukul %2$s (%3$s).'),
    ('stale', 'en', 'Beware: the last successful sync was %1$s days ago.'),
    ('stale', 'id', 'Perhatian: sinkronisasi terakhir yang berhasil sudah %1$s hari yang lalu.'),
    ('never', 'en', 'Beware: no sync has succeeded yet.'),
    ('never', 'id', 'Perhatian: belum pernah ada sinkronisasi yang berhasil.'),
    ('link', 'en', 'All of it: %1$s'),
    ('link', 'id', 'Selengkapnya: %1$s'),
    ('months', 'en',
        'January February March April May June July August September October November December'),
    ('months', 'id',
        'Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember')
) AS said (word, language, text);
COMMENT ON VIEW ngeshare.digest_word IS
'The texts of the weekly digest, one row per text and language; format() fills in the values.';

CREATE FUNCTION ngeshare.say(word text, details text[] DEFAULT '{}')
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format(text, VARIADIC $2)
    FROM ngeshare.digest_word AS said
    WHERE said.word = $1
      AND said.language = coalesce(nullif(current_setting('ngeshare.language', true), ''), 'id')
      AND array_position($2, NULL) IS NULL
$$;
COMMENT ON FUNCTION ngeshare.say(text, text[]) IS
'A text of the weekly digest in ngeshare.language, with the details filled in; NULL if a detail is '
'NULL.';

CREATE FUNCTION ngeshare.say_name(name text, most integer)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT ngeshare.alert_text(btrim(regexp_replace(name, '[[:space:]]+', ' ', 'g')), most)
$$;
COMMENT ON FUNCTION ngeshare.say_name(text, integer) IS
'A name as the weekly digest shows it: on one line, escaped, and cut to the given number of '
'characters.';

CREATE FUNCTION ngeshare.say_day(day date)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s %s %s', extract(day FROM day),
        split_part(ngeshare.say('months'), ' ', extract(month FROM day)::integer), extract(year
            FROM day))
$$;
COMMENT ON FUNCTION ngeshare.say_day(date) IS
'A day as the weekly digest writes it in ngeshare.language, such as 31 March 2026 or 31 Maret '
'2026.';

CREATE FUNCTION ngeshare.say_number(number numeric)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE current_setting('ngeshare.language', true)
        WHEN 'en' THEN number::text
        ELSE replace(number::text, '.', ',')
    END
$$;
COMMENT ON FUNCTION ngeshare.say_number(numeric) IS
'A number with the decimal sign of ngeshare.language: a point in English, a comma in Indonesian.';

CREATE FUNCTION ngeshare.digest_changes(since timestamptz, until timestamptz)
RETURNS SETOF text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH kind AS (
        SELECT
            listed.change,
            count(*) AS groups,
            -- The names of the three groups that changed last.
            (array_agg(ngeshare.say_name(changed.group_name, 80)
                ORDER BY changed.changed_on DESC, changed.group_id COLLATE "C"))[1:3] AS names
        FROM unnest(ARRAY['GRADUATED', 'RESUMED', 'STARTED', 'NEW', 'STALLED']) AS listed (change)
        JOIN public.ngeshare_status_changes(since, until) AS changed
            ON changed.change = listed.change
        GROUP BY listed.change
    )
    SELECT ngeshare.say(change, ARRAY[groups::text])
        || format(' (%s)', concat_ws(', ', VARIADIC names
        || CASE WHEN groups > 3 THEN ngeshare.say('more', ARRAY[(groups - 3)::text]) END))
    FROM kind
    ORDER BY array_position(ARRAY['GRADUATED', 'RESUMED', 'STARTED', 'NEW', 'STALLED'], change)
$$;
COMMENT ON FUNCTION ngeshare.digest_changes(timestamptz, timestamptz) IS
'The lines of the weekly digest on changes of status between two instants: one line per kind of '
'change, with the names of the three latest groups.';

CREATE FUNCTION ngeshare.digest_groups()
RETURNS TABLE (line text, place bigint)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        ngeshare.say('group',
            ARRAY[row_number() OVER ()::text,
            ngeshare.say_name(group_name, 80),
            concat_ws(', ', ngeshare.say_name(course_name, 60), ngeshare.say_name(city, 40)),
            days_inactive::text,
            CASE episodes_remaining
                WHEN 1 THEN ngeshare.say('one episode')
                ELSE ngeshare.say('episodes', ARRAY[episodes_remaining::text])
            END,
            coalesce(ngeshare.say('chance', ARRAY[ngeshare.say_number(resume_28_days_pct)]), '')
                || coalesce(ngeshare.say_name(facilitator_contact, 100),
                    ngeshare.say('no contact'))]),
        row_number() OVER ()
    FROM (
        SELECT *
        FROM public.v_rescue_list
        WHERE contact_state IN ('NEW', 'DUE')
        ORDER BY days_inactive, group_id COLLATE "C"
    ) AS waiting
$$;
COMMENT ON FUNCTION ngeshare.digest_groups() IS
'The groups to contact, as lines of the weekly digest in the order of the rescue list: groups that '
'nobody has contacted since their last meeting, and groups whose next contact is due.';

CREATE FUNCTION ngeshare.digest_end(until timestamptz)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(E'\n',
        ngeshare.say('fresh', ARRAY[ngeshare.say_day(at::date),
            to_char(at, CASE current_setting('ngeshare.language', true) WHEN 'en' THEN 'HH24:MI'
                ELSE 'HH24.MI' END),
            ngeshare.reporting_zone()]),
        CASE
            WHEN success IS NULL THEN ngeshare.say('never')
            WHEN now() - success > ngeshare.stale_after() THEN
                ngeshare.say('stale', ARRAY[floor(extract(epoch
                    FROM now() - success) / 86400)::text])
        END,
        ngeshare.say('link',
            ARRAY[ngeshare.alert_text(nullif(current_setting('ngeshare.page_url', true), ''),
                300)]))
    FROM (SELECT until AT TIME ZONE ngeshare.reporting_zone() AS at,
        ngeshare.last_success() AS success) AS known
$$;
COMMENT ON FUNCTION ngeshare.digest_end(timestamptz) IS
'The last lines of the weekly digest: how fresh the data is, and a link to the page if '
'ngeshare.page_url is set.';

CREATE FUNCTION ngeshare.make_digest(since timestamptz, until timestamptz, is_given boolean)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
SET ngeshare.as_of_is_default = off
AS $$
DECLARE
    head    text;
    tail    text;
    lines   text[];
    waiting bigint;
    shown   integer;
    message text;
BEGIN
    PERFORM ngeshare.answer_as_of(until);
    PERFORM set_config('ngeshare.as_of_is_default', (NOT is_given)::text, true);
    head := ngeshare.say('title',
            ARRAY[ngeshare.say_day(ngeshare.local_day(since AT TIME ZONE 'UTC',
                ngeshare.reporting_zone())),
            ngeshare.say_day(ngeshare.local_day(until AT TIME ZONE 'UTC',
                ngeshare.reporting_zone()))])
        || E'\n\n'
        || coalesce((SELECT string_agg(line, E'\n')
            FROM ngeshare.digest_changes(since, until) AS line),
            ngeshare.say('no changes'))
        || E'\n\n';
    tail := E'\n' || ngeshare.digest_end(until);
    SELECT coalesce(array_agg(line ORDER BY place) FILTER (WHERE place <= 10), '{}'), count(*)
    INTO lines, waiting
    FROM ngeshare.digest_groups();
    IF waiting = 0 THEN
        RETURN head || ngeshare.say('nobody') || E'\n' || tail;
    END IF;
    FOR shown IN REVERSE cardinality(lines) .. 0 LOOP
        message := head || ngeshare.say('contact') || E'\n'
            || array_to_string(lines[:shown]
                || CASE WHEN waiting > shown
                    THEN ngeshare.say('more', ARRAY[(waiting - shown)::text]) END, E'\n')
            || E'\n' || tail;
        EXIT WHEN length(message) < 4000;
    END LOOP;
    RETURN message;
END
$$;
COMMENT ON FUNCTION ngeshare.make_digest(timestamptz, timestamptz, boolean) IS
'The text of the weekly digest, of fewer than 4,000 characters. If it would be longer, the last '
'groups to contact are left out. is_given: the user has chosen the instant "until"; if false, '
'follow-ups count up to the real clock.';

CREATE FUNCTION public.ngeshare_digest
(
    since       timestamptz DEFAULT ngeshare.digest_until() - interval '168 hours',
    OUT message text,
    OUT payload jsonb
)
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    message := ngeshare.make_digest(since, ngeshare.digest_until(), ngeshare.as_of_is_set());
    payload := jsonb_build_object('text', message);
END
$$;
COMMENT ON FUNCTION public.ngeshare_digest(timestamptz) IS
'The weekly digest: the changes of status since the instant "since" (by default a week before the '
'instant that the digest is given for), at most ten groups to contact with their contact and '
'chance, how fresh the data is, and a link to the page. It is returned as text (message) and as '
'JSON for a webhook that takes Slack''s format (payload). It is written in ngeshare.language (id '
'or en), has fewer than 4,000 characters, and is given as of ngeshare.as_of or, if that is not '
'set, the last successful sync (before the first, now). Errors: 22004 for NULL, 22008 for an '
'infinite instant, 22023 if "since" is later than the instant that the digest is given for.';

CREATE FUNCTION ngeshare.send_digest()
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added bigint;
BEGIN
    IF NOT ngeshare.has_alert_url() THEN
        RETURN NULL;
    END IF;
    INSERT INTO ngeshare.alert_outbox (kind, payload)
    SELECT 'digest', payload
    -- The argument has the exact type, so that no function of a user in public matches better.
    FROM public.ngeshare_digest(ngeshare.digest_until() - interval '168 hours')
    RETURNING alert_id INTO added;
    PERFORM ngeshare.alert_start_delivery();
    RETURN added;
END
$$;
COMMENT ON FUNCTION ngeshare.send_digest() IS
'Puts the weekly digest into the outbox, starts its delivery and returns its id. If '
'ngeshare.alert_url is empty, it does nothing and returns NULL. The job of '
'ngeshare_schedule_digest() calls it.';

CREATE FUNCTION public.ngeshare_schedule_digest(cron text)
RETURNS bigint
LANGUAGE plpgsql
VOLATILE
STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    job bigint;
BEGIN
    PERFORM ngeshare.need_pg_cron();
    EXECUTE 'SELECT cron.schedule(''ngeshare_digest'', $1, ''SELECT ngeshare.send_digest()'')'
    INTO job
    USING cron;
    RETURN job;
END
$$;
COMMENT ON FUNCTION public.ngeshare_schedule_digest(text) IS
'Schedules the weekly digest through pg_cron and returns the job''s id. The schedule is in cron''s '
'notation (''0 0 * * 1'' is Monday at midnight, by pg_cron''s clock) and replaces an earlier one. '
'The digest is sent to the webhook in ngeshare.alert_url. ngeshare_unschedule() ends it. Errors: '
'55000 if pg_cron is not installed in this database (the hint says how to install it), and '
'pg_cron''s own errors for an invalid schedule.';

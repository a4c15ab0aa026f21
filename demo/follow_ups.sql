-- Adds invented follow-ups on the groups of the local database, after its first sync. The same seed
-- and the same groups give the same follow-ups. If there is a follow-up already, the script adds
-- none. Run it as the extension's owner:
--   psql -d ngeshare -v seed=1 -f follow_ups.sql
-- It writes to the table directly, because the extension's functions note follow-ups only at the
-- current time.

\set ON_ERROR_STOP on
\if :{?seed}
\else
\set seed 1
\endif

BEGIN;
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE FUNCTION pg_temp.draw(seed integer, topic text, key text)
RETURNS double precision
LANGUAGE sql
IMMUTABLE
RETURN (hashtextextended((topic || ' ' || key) COLLATE "C", seed) & 4503599627370495)
    ::double precision / 4503599627370496;

CREATE FUNCTION pg_temp.pick(seed integer, topic text, key text, VARIADIC choices text[])
RETURNS text
LANGUAGE sql
IMMUTABLE
RETURN choices[1 + floor(pg_temp.draw(seed, topic, key) * cardinality(choices))::integer];

-- The silences of each group that are long enough for a follow-up, and whether they have ended.
CREATE TEMPORARY TABLE silence ON COMMIT DROP AS
WITH clock AS (
    SELECT known_until AS at, ngeshare.local_day(known_until AT TIME ZONE 'UTC', zone) AS today
    FROM ngeshare.snapshot_state
), meeting AS (
    SELECT DISTINCT group_id, graduated_on, day
    FROM ngeshare.group_timeline
    CROSS JOIN unnest(meeting_day) AS day
    CROSS JOIN clock
    WHERE day <= clock.today
)
SELECT
    group_id,
    day AS begins,
    coalesce(next_day, clock.today) AS ends,
    next_day IS NOT NULL AS has_ended,
    clock.at,
    group_id || ' ' || day AS key
FROM (
    SELECT *, lead(day) OVER (PARTITION BY group_id ORDER BY day) AS next_day
    FROM meeting
) AS met
CROSS JOIN clock
WHERE (graduated_on IS NULL OR day < graduated_on)
  AND coalesce(next_day, clock.today) - day > CASE WHEN next_day IS NULL THEN 14 ELSE 29 END;

-- The days of the contacts. In a silence of more than 29 days, the contact is within 45 days after
-- the group stalled. In a shorter silence, it is before the group stalls. Four in ten contacts are
-- followed by a second one.
CREATE TEMPORARY TABLE contact ON COMMIT DROP AS
WITH first_one AS (
    SELECT
        *,
        begins + CASE WHEN ends - begins <= 29 THEN 14 ELSE 29 END
            + floor(pg_temp.draw(:seed, 'day', key) * least(
                ends - begins - CASE WHEN ends - begins <= 29 THEN 14 ELSE 29 END, 45)
            )::integer AS noted_on,
        1 AS number
    FROM silence
    WHERE pg_temp.draw(:seed, 'is contacted', key)
        < CASE WHEN has_ended THEN 0.8 WHEN ends - begins <= 29 THEN 0.3 ELSE 0.5 END
), second_one AS (
    SELECT group_id, begins, ends, has_ended, at, key || ' again',
        noted_on + 7 + floor(pg_temp.draw(:seed, 'later', key) * 20)::integer,
        2
    FROM first_one
    WHERE pg_temp.draw(:seed, 'again', key) < 0.4
)
SELECT * FROM first_one
UNION ALL
SELECT * FROM second_one;

WITH outcome AS (
    SELECT
        contact.*,
        grp.group_name,
        -- Groups that do meet within 28 days announce it more often.
        CASE WHEN has_ended AND ends - noted_on <= 28
            THEN pg_temp.pick(:seed, 'outcome', key, 'will_meet', 'will_meet', 'will_meet',
                'will_meet', 'no_answer', 'paused')
            ELSE pg_temp.pick(:seed, 'outcome', key, 'no_answer', 'no_answer', 'no_answer',
                'no_answer', 'paused', 'paused',
                'will_meet', 'will_meet', 'wrong_contact', 'closed')
        END AS outcome,
        (noted_on + make_interval(
            mins => 480 + floor(pg_temp.draw(:seed, 'minute', key) * 720)::integer))
            AT TIME ZONE ngeshare.reporting_zone() AS noted_at
    FROM contact
    JOIN ngeshare.group_snapshot AS grp ON grp.group_id = contact.group_id
    WHERE NOT has_ended OR noted_on < ends
), told AS (
    SELECT
        *,
        CASE outcome
            WHEN 'will_meet' THEN pg_temp.pick(:seed, 'note', key, 'Kumpul lagi Sabtu ini.',
                'Sudah sepakat jadwal baru.', 'Fasilitator siap lanjut pekan depan.', '')
            WHEN 'no_answer' THEN pg_temp.pick(:seed, 'note', key, 'Belum dibalas.',
                'Telepon tidak diangkat, coba lagi sore.', '', '')
            WHEN 'paused' THEN pg_temp.pick(:seed, 'note', key, 'Libur dulu sampai ujian selesai.',
                'Menunggu fasilitator pulang kampung.', 'Dua anggota sedang pindah kota.', '')
            WHEN 'wrong_contact' THEN pg_temp.pick(:seed, 'note', key,
                'Alamat surel ini sudah tidak dipakai.', 'Nomornya milik orang lain.')
            ELSE pg_temp.pick(:seed, 'note', key, 'Sepakat berhenti; anggota ikut kelompok lain.',
                'Fasilitator mundur, tidak ada pengganti.')
        END AS note,
        CASE outcome
            WHEN 'will_meet' THEN 7
            WHEN 'no_answer' THEN 5
            WHEN 'paused' THEN 30
        END AS wait_days,
        pg_temp.pick(:seed, 'who', key, 'siti', 'siti', 'budi', 'rahma', 'Ibu Ani') AS noted_by
    FROM outcome
    WHERE noted_at < at
)
INSERT INTO ngeshare.follow_up
    (group_id, group_name, noted_at, noted_by, is_verified, login, channel, outcome, note, next_on,
     withdrawn_at, withdrawn_by, withdrawal_is_verified)
SELECT
    group_id,
    group_name,
    noted_at,
    noted_by,
    noted_by <> 'Ibu Ani',
    CASE WHEN noted_by = 'Ibu Ani' THEN 'authenticator' ELSE noted_by END,
    pg_temp.pick(:seed, 'channel', key, 'whatsapp', 'whatsapp', 'whatsapp', 'phone', 'email',
        'in_person', 'other'),
    outcome,
    note,
    CASE WHEN pg_temp.draw(:seed, 'has next', key) < 0.5 THEN noted_on + wait_days END,
    CASE WHEN is_withdrawn THEN noted_at + interval '10 minutes' END,
    CASE WHEN is_withdrawn THEN noted_by END,
    CASE WHEN is_withdrawn THEN noted_by <> 'Ibu Ani' END
FROM told
CROSS JOIN LATERAL (SELECT pg_temp.draw(:seed, 'withdrawn', key) < 0.03) AS mistake (is_withdrawn)
WHERE NOT EXISTS (SELECT 1 FROM ngeshare.follow_up)
ORDER BY noted_at, group_id COLLATE "C", number;

COMMIT;

-- The planner needs to know how many groups have follow-ups.
ANALYZE ngeshare.follow_up;

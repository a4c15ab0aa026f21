-- The answers that Home and the pages of figures show, kept by the sync as of its
-- clock, so that nobody computes them on a page load.

CREATE TABLE ngeshare.kept_answer
(
    singleton           boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    asked_at            timestamp   NOT NULL,
    settings            text        NOT NULL,
    clock               timestamptz NOT NULL,
    future_from         timestamp[] NOT NULL,
    future_until        timestamp[] NOT NULL,
    home                ngeshare.computed_home[],
    home_before         ngeshare.computed_home_before[],
    funnel              ngeshare.computed_funnel[],
    drop_off            ngeshare.computed_drop_off[],
    cohort              ngeshare.computed_cohort[],
    facilitator_growth  ngeshare.computed_facilitator_growth[],
    facilitator_monthly ngeshare.computed_facilitator_monthly[],
    time_to_graduate    ngeshare.computed_time_to_graduate[],
    graduation_days     ngeshare.computed_graduation_days[]
);
COMMENT ON TABLE ngeshare.kept_answer IS
'The rows of some views of api as of asked_at (UTC), under these settings, made at clock. The groups with attendance that was yet to come then: from when to when (UTC) each is a FUTURE_ATTENDANCE, which goes by the real clock. No row: nothing is kept.';

CREATE TABLE ngeshare.kept_rescue (LIKE ngeshare.computed_rescue_list);
COMMENT ON TABLE ngeshare.kept_rescue IS
'The rows of api.rescue_list, made with kept_answer and holding as long as it: thousands, so they are rows and no array.';

CREATE VIEW ngeshare.keeping AS
SELECT
    kept.clock IS NOT NULL AS holds,
    kept.clock IS NOT NULL AND ngeshare.sync_now() >= kept.clock AS home_holds,
    today.settings
FROM (
    SELECT concat_ws(' ',
        ngeshare.reporting_zone(),
        ngeshare.setting('active_days'),
        ngeshare.setting('rescue_min_pct'),
        ngeshare.setting('link_early_days'),
        ngeshare.setting('link_days'),
        ngeshare.setting('link_min_shared'),
        ngeshare.setting('link_min_overlap_pct')) AS settings
) AS today
LEFT JOIN ngeshare.kept_answer AS kept ON kept.settings = today.settings
 AND kept.asked_at = ngeshare.as_of_utc()
 AND NOT EXISTS (SELECT 1 FROM ngeshare.unsettled);
COMMENT ON VIEW ngeshare.keeping IS
'One row: whether the kept answers hold for who asks now, and home''s, whose anomalies go by the real clock; and the settings that decide today.';

CREATE VIEW ngeshare.future_since AS
SELECT
    (count(*) FILTER (WHERE happens.now) - count(*) FILTER (WHERE happens.before))::integer AS anomalies
FROM ngeshare.kept_answer AS kept
CROSS JOIN LATERAL unnest(kept.future_from, kept.future_until) AS future (begins, ends)
CROSS JOIN (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC' AS now_utc) AS clock
CROSS JOIN LATERAL (
    SELECT
        begins <= now_utc AND ends > now_utc AS now,
        begins <= kept.clock AT TIME ZONE 'UTC' AS before
) AS happens;
COMMENT ON VIEW ngeshare.future_since IS
'One row: how many groups more (or fewer, below zero) are a FUTURE_ATTENDANCE now than when the kept answers were made.';

CREATE FUNCTION ngeshare.keep_answers(as_of timestamptz DEFAULT ngeshare.known_until())
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
SET ngeshare.as_of = ''
AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE invalid_transaction_state
            USING MESSAGE = format('answers cannot be kept in a %s transaction', upper(current_setting('transaction_isolation'))),
                  DETAIL = 'It would keep what was so before the last settling.',
                  HINT = 'Call it in a READ COMMITTED transaction.';
    END IF;
    -- Nobody settles meanwhile; settle() throws away what is kept.
    LOCK TABLE ngeshare.settled_state IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM ngeshare.kept_answer;
    DELETE FROM ngeshare.kept_rescue;
    IF as_of IS NULL THEN
        RETURN;
    END IF;
    PERFORM set_config('ngeshare.as_of', as_of::text, true);
    -- One statement: all rows are of one snapshot.
    WITH rescue AS (
        INSERT INTO ngeshare.kept_rescue
        SELECT *
        FROM ngeshare.computed_rescue_list
    )
    INSERT INTO ngeshare.kept_answer
    SELECT
        true,
        ngeshare.as_of_utc(),
        keeping.settings,
        ngeshare.sync_now(),
        future.begins,
        future.ends,
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(as_of)) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_funnel) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_drop_off) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_cohort) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_growth) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_monthly) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_time_to_graduate) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_graduation_days) AS answer)
    FROM ngeshare.keeping
    CROSS JOIN (
        SELECT
            coalesce(array_agg(created_at), '{}') AS begins,
            coalesce(array_agg(last_at), '{}') AS ends
        FROM ngeshare.group_record
        WHERE last_at > (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC')
    ) AS future;
END
$$;
COMMENT ON FUNCTION ngeshare.keep_answers(timestamptz) IS
'Keeps the answers of Home and the pages of figures as of an instant, that of the last sync unless told; NULL keeps none. Each sync does so once it has settled. It changes no answer, only how fast one is. 25000 in a transaction that is not READ COMMITTED.';

CREATE FUNCTION ngeshare.try_to_keep_answers(as_of timestamptz)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM ngeshare.keep_answers(as_of);
    RETURN NULL;
EXCEPTION
    WHEN OTHERS THEN
        PERFORM ngeshare.keep_answers(NULL);
        RETURN format('%s (%s)', sqlerrm, sqlstate);
END
$$;
COMMENT ON FUNCTION ngeshare.try_to_keep_answers(timestamptz) IS
'ngeshare.keep_answers(), or an error''s message and SQLSTATE where they cannot be kept; then none is.';

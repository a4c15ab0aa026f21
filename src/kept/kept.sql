-- The answers that Home and the pages of figures show, kept by the sync as of its
-- clock, so that nobody computes them on a page load.

CREATE TABLE ngeshare.kept_answer
(
    singleton           boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
    asked_at            timestamp   NOT NULL,
    settings            text        NOT NULL,
    clock               timestamptz NOT NULL,
    holds_until         timestamptz NOT NULL,
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
'The rows of some views of api as of asked_at (UTC), under these settings, and while the real clock is from clock on and before holds_until. No row: nothing is kept.';

CREATE TABLE ngeshare.kept_rescue (LIKE ngeshare.computed_rescue_list);
COMMENT ON TABLE ngeshare.kept_rescue IS
'The rows of api.rescue_list, made with kept_answer and holding as long as it: thousands, so they are rows and no array.';

CREATE VIEW ngeshare.keeping AS
SELECT EXISTS (
    SELECT 1
    FROM ngeshare.kept_answer AS kept
    WHERE kept.asked_at = ngeshare.as_of_utc()
      AND kept.settings = today.settings
      AND ngeshare.sync_now() >= kept.clock
      AND ngeshare.sync_now() < kept.holds_until
      AND NOT EXISTS (SELECT 1 FROM ngeshare.unsettled)
    ) AS holds,
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
) AS today;
COMMENT ON VIEW ngeshare.keeping IS
'One row: whether the kept answers hold for who asks now, and the settings that decide today.';

CREATE FUNCTION ngeshare.keep_answers(as_of timestamptz DEFAULT ngeshare.known_until())
RETURNS void
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
SET ngeshare.as_of = ''
AS $$
BEGIN
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
        -- FUTURE_ATTENDANCE goes by the real clock.
        coalesce((
            SELECT min(least(
                CASE WHEN last_at > now_utc THEN last_at END,
                CASE WHEN created_at > now_utc THEN created_at END)) AT TIME ZONE 'UTC'
            FROM ngeshare.group_record
            CROSS JOIN (SELECT ngeshare.sync_now() AT TIME ZONE 'UTC' AS now_utc) AS clock
        ), 'infinity'),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_home_before, ngeshare.month_before(as_of)) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_funnel) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_drop_off) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_cohort) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_growth) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_facilitator_monthly) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_time_to_graduate) AS answer),
        ARRAY(SELECT answer FROM ngeshare.computed(NULL::ngeshare.computed_graduation_days) AS answer)
    FROM ngeshare.keeping;
END
$$;
COMMENT ON FUNCTION ngeshare.keep_answers(timestamptz) IS
'Keeps the answers of Home and the pages of figures as of an instant, that of the last sync unless told; NULL keeps none. Each sync does so once it has settled. It changes no answer, only how fast one is.';

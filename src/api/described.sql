-- Copies the comments of columns to the columns of the same name in the views of api that have no
-- comment: from views and a table in public, and from api.home to api.home_before.

DO $$
DECLARE
    copied record;
BEGIN
    FOR copied IN
        SELECT shown.name AS view_name,
               here.attname AS column_name,
               col_description(there.attrelid, there.attnum) AS comment
        FROM (VALUES
            ('anomalies', 'public.v_anomalies'),
            ('anomalies', 'public.v_group_status'),
            ('anomaly_kinds', 'public.v_anomalies'),
            ('at_risk', 'public.v_at_risk'),
            ('cohort', 'public.v_cohort'),
            ('courses', 'public.course_config'),
            ('data_quality', 'public.v_data_quality'),
            ('drop_off', 'public.v_drop_off'),
            ('drop_off', 'public.v_curriculum_funnel'),
            ('facilitator_growth', 'public.v_facilitator_growth'),
            ('facilitator_monthly', 'public.v_facilitator_monthly'),
            ('facilitators', 'public.v_facilitator_alumni'),
            ('follow_up', 'public.v_follow_up'),
            ('follow_up_effect', 'public.v_follow_up_effect'),
            ('forecast_quality', 'public.v_forecast_quality'),
            ('funnel', 'public.v_curriculum_funnel'),
            ('graduation_outliers', 'public.v_graduation_outliers'),
            ('graduation_outliers', 'public.v_group_status'),
            ('group_status', 'public.v_group_status'),
            ('home_before', 'api.home'),
            ('member_roster', 'public.v_member_roster'),
            ('members', 'public.v_member_journey'),
            ('pipeline', 'public.v_curriculum_pipeline'),
            ('place', 'public.v_place'),
            ('rescue_list', 'public.v_rescue_list'),
            ('rescue_list', 'public.v_group_status'),
            ('resume_chance', 'public.v_resume_chance'),
            ('status_changes', 'public.v_status_changes'),
            ('status_trend', 'public.v_status_trend'),
            ('sync_health', 'public.v_sync_health'),
            ('time_to_graduate', 'public.v_time_to_graduate'),
            ('time_to_graduate', 'public.v_curriculum_funnel')
        ) AS shown (name, source)
        JOIN pg_catalog.pg_attribute AS here
          ON here.attrelid = format('api.%I', shown.name)::regclass
         AND here.attnum > 0
        JOIN pg_catalog.pg_attribute AS there
          ON there.attrelid = shown.source::regclass
         AND there.attnum > 0
         AND there.attname = here.attname
    LOOP
        IF col_description(format('api.%I', copied.view_name)::regclass, (
            SELECT attnum
            FROM pg_catalog.pg_attribute
            WHERE attrelid = format('api.%I', copied.view_name)::regclass
              AND attname = copied.column_name)) IS NULL THEN
            EXECUTE format('COMMENT ON COLUMN api.%I.%I IS %L', copied.view_name,
                copied.column_name, copied.comment);
        END IF;
    END LOOP;
END
$$;

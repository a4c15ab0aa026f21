-- This file takes away the EXECUTE rights that PostgreSQL gives to PUBLIC by default, except those
-- on public.ngeshare_as_of() and on the functions granted below. scripts/roles.sql grants rights to
-- roles, because roles belong to the cluster and not to the extension.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ngeshare FROM PUBLIC;
-- A trigger of course_config and CHECK constraints of the mirror call these functions with the
-- rights of the user who writes.
GRANT EXECUTE ON FUNCTION ngeshare.is_restoring() TO PUBLIC;
GRANT EXECUTE ON FUNCTION ngeshare.has_local_day(timestamp) TO PUBLIC;
-- The view ngeshare.meeting calls this function with the rights of the user who reads the view.
GRANT EXECUTE ON FUNCTION ngeshare.plausible_from() TO PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_connect(text) FROM PUBLIC;
REVOKE ALL ON PROCEDURE public.ngeshare_sync(text, text[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_sync_start(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_sync_cancel() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_sync_status() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_schedule(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_unschedule() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_alert_test() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_last_sync(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_validate() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_restore_attendance(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_restore_deleted(bigint) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_refresh() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_group_status(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_trend(date, date, interval, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_status_changes(timestamptz, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_pipeline(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_funnel(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_explain_group(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_member_journey(text, timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_doctor() FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_forget_person(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_digest(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_schedule_digest(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_note_follow_up(text, text, text, text, date, text)
    FROM PUBLIC;
REVOKE ALL ON FUNCTION public.ngeshare_withdraw_follow_up(bigint, text) FROM PUBLIC;
REVOKE ALL ON SCHEMA api FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA api FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA api FROM PUBLIC;

-- Makes a running PostgREST reload its schema cache.
NOTIFY pgrst, 'reload schema';

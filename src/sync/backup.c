/*
 * src/sync/backup.c
 *		Attendance as it was before a run replaced it, for
 *		ngeshare_restore_attendance().
 */
#include "sync/sync.h"

#include "ngeshare.h"
#include "sql.h"

/* Keeps the versions that staging is about to replace. */
void
sync_back_up_changed(SyncRun *run)
{
	const MirrorTable *table = &mirror_tables[MIRROR_ATTENDANCE];
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run(sql_format("INSERT INTO ngeshare.attendance_backup (run_id, row_id, kind, content)"
	                   " SELECT $1, mirror.id, 'changed', to_jsonb(mirror)"
	                   " FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	                   " JOIN ngeshare.stage_attendance AS stage ON stage.id = mirror.id"
	                   " WHERE ROW(%s) IS DISTINCT FROM ROW(%s) ON CONFLICT DO NOTHING",
	                   mirror_columns(table, "mirror.%1$I", ", "),
	                   mirror_columns(table, "stage.%1$I", ", ")),
	        &args);
}

/* Keeps the rows that are about to be deleted. */
void
sync_back_up_removed(SyncRun *run, const char *condition)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run(sql_format("INSERT INTO ngeshare.attendance_backup (run_id, row_id, kind, content)"
	                   " SELECT $1, mirror.id, 'removed', to_jsonb(mirror)"
	                   " FROM public.\"UserHangoutGroupAttendance\" AS mirror WHERE %s"
	                   " ON CONFLICT DO NOTHING",
	                   condition),
	        &args);
}

/* In a run that replaces rows, keeps which ones it adds, too: undone, they go again. */
void
sync_back_up_added(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run("INSERT INTO ngeshare.attendance_backup (run_id, row_id, kind)"
	        " SELECT $1, stage.id, 'added' FROM ngeshare.stage_attendance AS stage"
	        " WHERE EXISTS (SELECT 1 FROM ngeshare.attendance_backup WHERE run_id = $1)"
	        " AND NOT EXISTS (SELECT 1 FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	        " WHERE mirror.id = stage.id) ON CONFLICT DO NOTHING",
	        &args);
}

/* Lets go of attendance backups that are older than the last few. */
void
sync_forget_old_backups(void)
{
	SqlArgs args = {0};

	sql_add_int64(&args, ngeshare_settings.backup_keep);
	sql_run("DELETE FROM ngeshare.attendance_backup WHERE run_id < ALL (SELECT run_id"
	        " FROM ngeshare.attendance_backup GROUP BY run_id ORDER BY run_id DESC LIMIT $1)"
	        " OR $1 = 0",
	        &args);
}

/*
 * src/sync/move/backup.c
 *		Keeps rows as they were before a run deleted or replaced them: in the archive, for
 *		ngeshare_restore_deleted(), and in the backup of attendance, for
 *		ngeshare_restore_attendance().
 *
 * Rows are copied column by column. A row as one value might be larger than PostgreSQL allows.
 */
#include "sync/move/move.h"

#include "ngeshare.h"
#include "sql.h"
#include "utils/builtins.h"

#define BACKUP "replaced_attendance"

/*
 * Copies rows of the mirror into a table of the archive or of the backup. column and value: the
 * column table_name or kind of that table, and what to put into it. rest: the SQL that follows
 * "FROM ... AS mirror".
 */
static void
keep_rows(SyncRun *run, const char *archive, const char *column, const char *value,
          const MirrorTable *table, const char *rest)
{
	SqlArgs args = {0};

	sql_add_text(&args, archive);
	sql_add_text(&args, table->name);
	sql_query_row("SELECT string_agg(quote_ident(name), ', '),"
	              " string_agg('mirror.' || quote_ident(name), ', '),"
	              " (SELECT coalesce('(SELECT to_jsonb(added) FROM (SELECT '"
	              " || string_agg('mirror.' || quote_ident(added), ', ') || ') AS added)', 'NULL')"
	              " FROM unnest(ngeshare.added_columns(archive, mirror)) AS added)"
	              " FROM (SELECT format('ngeshare.%I', $1)::regclass AS archive,"
	              " format('public.%I', $2)::regclass AS mirror) AS tables"
	              " CROSS JOIN LATERAL unnest(ngeshare.own_columns(archive)) AS name"
	              " GROUP BY archive, mirror",
	              &args);
	args.count = 0;
	sql_add_int64(&args, run->run_id);
	sql_add_text(&args, value);
	sql_run(sql_format("INSERT INTO ngeshare.%s (run_id, %s, row_id, content, %s)"
	                   " SELECT $1, $2, mirror.id, %s, %s FROM public.%s AS mirror %s"
	                   " ON CONFLICT DO NOTHING",
	                   archive, column, sql_text(1), sql_text(3), sql_text(2),
	                   quote_identifier(table->name), rest),
	        &args);
}

/* Copies into the run's archive the rows of the current table that a condition selects. */
void
sync_archive(SyncRun *run, const char *condition)
{
	const MirrorTable *table = sync_at_table(run);

	keep_rows(run, table->archive, "table_name", table->name, table,
	          sql_format("WHERE %s", condition));
}

/* Copies into the backup the attendance that staging is about to change. */
void
sync_back_up_changed(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);

	keep_rows(run, BACKUP, "kind", "changed", table,
	          sql_format("JOIN ngeshare.stage_attendance AS stage ON stage.id = mirror.id"
	                     " WHERE %s",
	                     mirror_differs(table)));
}

/* Copies into the backup the attendance that is about to be deleted. */
void
sync_back_up_removed(SyncRun *run, const char *condition)
{
	keep_rows(run, BACKUP, "kind", "removed", sync_at_table(run),
	          sql_format("WHERE %s", condition));
}

/*
 * Records the ids of the rows that the run is about to add, if its backup has other rows:
 * ngeshare_restore_attendance() deletes the added rows.
 */
void
sync_back_up_added(SyncRun *run)
{
	SqlArgs args = {0};

	sql_add_int64(&args, run->run_id);
	sql_run("INSERT INTO ngeshare." BACKUP " (run_id, row_id, kind)"
	        " SELECT $1, stage.id, 'added' FROM ngeshare.stage_attendance AS stage"
	        " WHERE EXISTS (SELECT 1 FROM ngeshare.attendance_backup WHERE run_id = $1)"
	        " AND NOT EXISTS (SELECT 1 FROM public.\"UserHangoutGroupAttendance\" AS mirror"
	        " WHERE mirror.id = stage.id) ON CONFLICT DO NOTHING",
	        &args);
}

/* Deletes what the archive and the backups have kept for longer than ngeshare.archive_keep. */
static void
forget_old_archive(void)
{
	SqlArgs args = {0};

	sql_add_int64(&args, ngeshare_settings.archive_keep);
	sql_run("DELETE FROM ngeshare.removed_row"
	        " WHERE removed_at < now() - make_interval(days => $1::int)",
	        &args);
	sql_run("DELETE FROM ngeshare.removed_meeting WHERE run_id IN (SELECT run_id FROM"
	        " public.sync_run WHERE started_at < now() - make_interval(days => $1::int))",
	        &args);
	sql_run("DELETE FROM ngeshare.attendance_backup WHERE run_id IN (SELECT run_id FROM"
	        " public.sync_run WHERE started_at < now() - make_interval(days => $1::int))",
	        &args);
}

/*
 * Deletes old rows of the archive, and all backups of attendance except the last
 * ngeshare.backup_keep ones.
 */
void
sync_forget_old_backups(void)
{
	SqlArgs args = {0};

	forget_old_archive();

	sql_add_int64(&args, ngeshare_settings.backup_keep);
	sql_run("DELETE FROM ngeshare.attendance_backup WHERE $1 = 0 OR run_id < (SELECT min(run_id)"
	        " FROM (SELECT run_id FROM ngeshare.attendance_backup GROUP BY run_id"
	        " ORDER BY run_id DESC LIMIT $1) AS last_runs)",
	        &args);
}

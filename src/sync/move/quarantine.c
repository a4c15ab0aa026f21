/*
 * src/sync/move/quarantine.c
 *		Puts rows that cannot be mirrored into quarantine, and takes them out again.
 *
 * A row goes into quarantine if its parent is not in the mirror, if a required value is NULL, if a
 * timestamp has no local day, if the mirror refuses the row, if it can't be fetched, or if its id
 * is NULL or not unique. It does not stop the sync of its table. It is kept with the reason, and
 * each run tries it again, except a row whose id is NULL or not unique. Of such a row, and of a row
 * that can't be fetched or is too large for jsonb, only the key and the stamp (updatedAt, or
 * attendedAt) are kept. Any other row is kept whole.
 */
#include "sync/move/move.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/*
 * Returns a query for the ids (column row_id) of a table's rows that have to leave the mirror or
 * have left it: they are gone from production, or in quarantine.
 */
char *
sync_leaving(const MirrorTable *table)
{
	char *name = quote_literal_cstr(table->name);

	return sql_format("SELECT gone.row_id FROM ngeshare.difference AS gone"
	                  " WHERE gone.table_name = %1$s AND gone.kind IN ('extra', 'kept')"
	                  " UNION SELECT held.row_id FROM ngeshare.quarantine AS held"
	                  " WHERE held.table_name = %1$s",
	                  name);
}

/* Returns whether any row of a table has to leave the mirror or has left it. */
bool
sync_has_left(const MirrorTable *table)
{
	return sql_query_row(sql_format("%s LIMIT 1", sync_leaving(table)), NULL);
}

/*
 * Returns SQL for FROM: a parent table's rows that stay in the mirror and that children may point
 * to.
 */
static char *
staying(const MirrorTable *table)
{
	const char *name = quote_identifier(table->name);

	if (!sync_has_left(table))
		return sql_format("public.%s", name);
	return sql_format("(SELECT stays.id FROM public.%s AS stays WHERE NOT EXISTS"
	                  " (SELECT 1 FROM (%s) AS leaving WHERE leaving.row_id = stays.id))",
	                  name, sync_leaving(table));
}

/*
 * Returns the columns of staging that are NOT NULL in the mirror, as an SQL list; NULL if there
 * are none.
 */
static char *
needed_columns(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_text(&args, table->stage);
	sql_query_row("SELECT string_agg(format('stage.%I', attname), ', ' ORDER BY attnum)"
	              " FROM pg_catalog.pg_attribute"
	              " WHERE attrelid = format('public.%I', $1)::regclass AND attnotnull"
	              " AND attnum > 0 AND NOT attisdropped AND attname IN (SELECT staged.attname"
	              " FROM pg_catalog.pg_attribute AS staged"
	              " WHERE staged.attrelid = format('ngeshare.%I', $2)::regclass)",
	              &args);
	return sql_text(1);
}

/*
 * Returns an SQL expression for the reason why a staged row can't be mirrored. It is NULL if the
 * row can be.
 */
static char *
rejection(const MirrorTable *table)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql,
	                 "CASE WHEN num_nulls(%s) > 0 THEN 'a value that has to be there is NULL'",
	                 needed_columns(table));
	if (table->unusable != NULL)
		appendStringInfo(&sql, " WHEN %s THEN 'a timestamp that the rules need has no local day'",
		                 table->unusable);
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		appendStringInfo(&sql,
		                 " WHEN stage.%1$s IS NOT NULL AND %2$s.id IS NULL"
		                 " THEN format('%%s %%L has no row in %%s', %3$s, stage.%1$s, %4$s)",
		                 quote_identifier(parent->column), quote_identifier(parent->table),
		                 quote_literal_cstr(parent->column), quote_literal_cstr(parent->table));
	appendStringInfoString(&sql, " END");
	return sql.data;
}

/* Returns the joins to the parent tables that the expression of rejection() uses. */
static char *
parent_joins(const MirrorTable *table)
{
	StringInfoData sql;

	initStringInfo(&sql);
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		appendStringInfo(&sql, " LEFT JOIN %1$s AS %2$s ON %2$s.id = stage.%3$s",
		                 staying(&mirror_tables[mirror_table_index(parent->table)]),
		                 quote_identifier(parent->table), quote_identifier(parent->column));
	return sql.data;
}

/*
 * Returns a condition on a row: it fits into one jsonb value, whose limit is 268,435,455 bytes for
 * all of its values. The condition leaves room to spare. It reads only the lengths of the values.
 */
static char *
fits_in_jsonb(const MirrorTable *table, const char *alias)
{
	char *format = sql_format("coalesce(octet_length(%s.%%1$I::text), 0)::bigint", alias);

	return sql_format("%s < 100000000", mirror_columns(table, format, " + "));
}

/*
 * Moves the staged rows that a query selects into quarantine. The query has the columns id,
 * stage_no and reason, and one row per id; its parameters begin with $3. Older staged versions of
 * a row are deleted as well: a first load may have staged an id more than once. Of a row that is
 * too large for jsonb, only the key and the stamp are kept, and each run fetches the row again.
 */
static void
quarantine(SyncRun *run, const MirrorTable *table, const char *rejected, const SqlArgs *parameters,
           bool is_refused)
{
	SqlArgs args = {0};
	int64 rows;

	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	sql_add_all(&args, parameters);
	rows = sql_run(
	    sql_format(
	        "WITH rejected AS MATERIALIZED (%1$s), taken AS ("
	        " DELETE FROM ngeshare.%2$s AS stage USING rejected"
	        " WHERE stage.id = rejected.id AND stage.stage_no <= rejected.stage_no"
	        " RETURNING stage.*, rejected.reason, %3$s AS is_whole)"
	        " INSERT INTO ngeshare.quarantine AS held (table_name, row_id, reason,"
	        " content, source_hash, is_whole, is_refused, first_run_id, last_run_id)"
	        " SELECT $1, id, reason, CASE WHEN is_whole"
	        " THEN to_jsonb(taken) - '{stage_no,source_hash,reason,is_whole}'::text[]"
	        " ELSE jsonb_build_object('id', id, %4$s, taken.%5$s) END,"
	        " coalesce(source_hash, %6$s), is_whole, is_whole AND %7$s, $2, $2"
	        " FROM (SELECT DISTINCT ON (id) * FROM taken ORDER BY id, stage_no DESC) AS taken"
	        " ON CONFLICT (table_name, md5(row_id)) DO UPDATE SET reason = excluded.reason,"
	        " content = excluded.content, source_hash = excluded.source_hash,"
	        " is_whole = excluded.is_whole, is_refused = excluded.is_refused,"
	        " last_run_id = excluded.last_run_id",
	        rejected, table->stage, fits_in_jsonb(table, "stage"), quote_literal_cstr(table->stamp),
	        quote_identifier(table->stamp), content_row_hash(table, "taken"),
	        is_refused ? "true" : "false"),
	    &args);
	sync_analyze_work("quarantine", rows);
}

/*
 * Moves into quarantine the staged rows that can't be mirrored, so that the others can be merged.
 */
void
sync_quarantine_unfit(SyncRun *run, const MirrorTable *table)
{
	SqlArgs none = {0};

	quarantine(run, table,
	           sql_format("SELECT DISTINCT ON (id) id, stage_no, reason"
	                      " FROM (SELECT stage.id, stage.stage_no, %s AS reason"
	                      " FROM ngeshare.%s AS stage%s) AS judged WHERE reason IS NOT NULL"
	                      " ORDER BY id, stage_no DESC",
	                      rejection(table), table->stage, parent_joins(table)),
	           &none, false);
}

/*
 * Copies into quarantine the mirror's rows that can't stay because one of their parents leaves.
 * ids is a query for the ids of the rows to check. Leaves out rows that production no longer has.
 */
void
sync_quarantine_mirrored(SyncRun *run, const MirrorTable *table, const char *ids)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_int64(&args, run->run_id);
	sql_run(sql_format("INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content,"
	                   " source_hash, is_whole, first_run_id, last_run_id)"
	                   " SELECT $1, id, reason, CASE WHEN %s"
	                   " THEN to_jsonb(judged) - 'reason'"
	                   " ELSE jsonb_build_object('id', id, %s, judged.%s) END, %s, %s, $2, $2"
	                   " FROM (SELECT %s, %s AS reason FROM public.%s AS stage%s"
	                   " WHERE stage.id IN (%s)) AS judged"
	                   " WHERE reason IS NOT NULL AND NOT EXISTS (SELECT 1"
	                   " FROM ngeshare.difference AS gone WHERE gone.table_name = $1"
	                   " AND gone.kind = 'extra' AND gone.row_id = judged.id)"
	                   " ON CONFLICT DO NOTHING",
	                   fits_in_jsonb(table, "judged"), quote_literal_cstr(table->stamp),
	                   quote_identifier(table->stamp), content_row_hash(table, "judged"),
	                   fits_in_jsonb(table, "judged"), mirror_columns(table, "stage.%1$I", ", "),
	                   rejection(table), quote_identifier(table->name), parent_joins(table), ids),
	        &args);
}

/* Deletes from quarantine the rows of a table that production no longer has. */
void
sync_forget_quarantined(const MirrorTable *table)
{

	mirror_run(table, "DELETE FROM ngeshare.quarantine AS held USING ngeshare.difference AS gone"
	                  " WHERE held.table_name = $1 AND gone.table_name = $1 AND gone.kind = 'extra'"
	                  " AND gone.row_id = held.row_id");
}

/*
 * Moves into quarantine a staged row that the mirror refused, with the error message as the
 * reason.
 */
void
sync_quarantine_staged(SyncRun *run, const MirrorTable *table, int64 stage_no, const char *reason)
{
	SqlArgs parameters = {0};

	sql_add_int64(&parameters, stage_no);
	sql_add_text(&parameters, remote_without_secrets(reason));
	quarantine(run, table,
	           sql_format("SELECT id, stage_no, $4 AS reason FROM ngeshare.%s WHERE stage_no = $3",
	                      table->stage),
	           &parameters, true);
}

/* Returns an array of one text, as text. */
static char *
array_of(const char *text)
{
	SqlArgs args = {0};

	sql_add_text(&args, text);
	sql_query_row("SELECT ARRAY[$1]::text", &args);
	return sql_text(1);
}

/*
 * Puts into quarantine a row that can't be fetched or stored, with its key and its stamp only.
 * Each run tries again to fetch it. Does nothing if production no longer has the row.
 */
void
sync_quarantine_by_key(SyncRun *run, const MirrorTable *table, const char *id)
{
	SqlArgs args = {0};
	RemoteRows *rows = remote_rows(
	    run->lasting.remote,
	    sql_format(
	        "SELECT %1$s::text, %2$s FROM public.%3$s AS source WHERE %4$s"
	        " ORDER BY %2$s LIMIT 1",
	        content_stamp(table), content_row_hash(table, "source"), quote_identifier(table->name),
	        keys_listed(&run->lasting.production->keys[table - mirror_tables], array_of(id))),
	    "text? int", 0, 1);

	if (rows->count == 1)
	{
		sql_add_text(&args, table->name);
		sql_add_text(&args, id);
		sql_add_text(&args, remote_without_secrets(run->lasting.row_error));
		sql_add_text(&args, remote_text(rows, 0, 0));
		sql_add_int64(&args, remote_int64(rows, 0, 1));
		sql_add_int64(&args, run->run_id);
		sql_add_text(&args, table->stamp);
		sql_run("INSERT INTO ngeshare.quarantine (table_name, row_id, reason, content,"
		        " source_hash, first_run_id, last_run_id, is_whole) VALUES ($1, $2, $3,"
		        " jsonb_build_object('id', $2, $7, $4), $5, $6, $6, false)"
		        " ON CONFLICT (table_name, md5(row_id)) DO UPDATE SET reason = excluded.reason,"
		        " content = excluded.content, source_hash = excluded.source_hash,"
		        " is_whole = false, is_refused = false, last_run_id = excluded.last_run_id",
		        &args);
		sync_log_refused(run, run->lasting.row_sqlstate, run->lasting.row_error, id);
	}
}

/*
 * Puts into quarantine production's rows without an id, and all but one of the rows with the same
 * id. Each gets a key there that is the id of no row (content.c).
 */
void
sync_quarantine_surplus(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	SqlArgs args = {0};

	if (sync_at_state(run)->content.surplus == NULL)
		return;
	sync_clear("stage_key");
	remote_copy(run->lasting.remote, sync_at_state(run)->content.surplus, "stage_key",
	            list_make3(makeString("row_id"), makeString("hash"), makeString("stamp")));
	sql_add_text(&args, table->name);
	sql_add_text(&args, table->stamp);
	sql_add_int64(&args, run->run_id);
	sql_run("INSERT INTO ngeshare.quarantine AS held (table_name, row_id, reason, content,"
	        " source_hash, first_run_id, last_run_id, is_whole, is_refused)"
	        " SELECT $1, row_id, CASE WHEN row_id ~ '^#\\d+ -?\\d+$' THEN 'the id is NULL'"
	        " ELSE 'production has several rows with this id, and only one can be here' END,"
	        " jsonb_build_object('id', row_id, $2, stamp), hash, $3, $3, false, true"
	        " FROM ngeshare.stage_key ON CONFLICT (table_name, md5(row_id)) DO UPDATE"
	        " SET content = excluded.content, source_hash = excluded.source_hash,"
	        " last_run_id = excluded.last_run_id",
	        &args);
	sync_count_quarantined(run, table);
}

/* Deletes from quarantine the rows that were merged into the mirror from staging. */
void
sync_release(const MirrorTable *table)
{

	mirror_run(table,
	           sql_format("DELETE FROM ngeshare.quarantine AS held USING ngeshare.%s AS stage"
	                      " WHERE held.table_name = $1 AND held.row_id = stage.id",
	                      table->stage));
}

/* Deletes the older versions of rows that were staged more than once. */
void
sync_keep_latest(const MirrorTable *table)
{
	sql_run(sql_format("DELETE FROM ngeshare.%1$s AS older USING ("
	                   "SELECT id, max(stage_no) AS stage_no FROM ngeshare.%1$s"
	                   " GROUP BY id HAVING count(*) > 1) AS newest"
	                   " WHERE older.id = newest.id AND older.stage_no < newest.stage_no",
	                   table->stage),
	        NULL);
}

/*
 * Stages a table's quarantined rows again, except rows of which only the key is kept; returns how
 * many. Versions that are pulled later replace them.
 */
int64
sync_stage_quarantined(const MirrorTable *table)
{
	char *columns = mirror_columns(table, "%1$I", ", ");

	return mirror_run(table,
	                  sql_format("INSERT INTO ngeshare.%s (%s, source_hash) SELECT %s, source_hash"
	                             " FROM ngeshare.quarantine AS held CROSS JOIN LATERAL"
	                             " jsonb_populate_record(NULL::public.%s, held.content) AS kept"
	                             " WHERE held.table_name = $1 AND held.is_whole",
	                             table->stage, columns, mirror_columns(table, "kept.%1$I", ", "),
	                             quote_identifier(table->name)));
}

/*
 * Returns whether some of a table's rows are in quarantine by their keys only, and have to be
 * fetched again.
 */
bool
sync_has_unfetched(const MirrorTable *table)
{

	return mirror_query_row(table, "SELECT 1 FROM ngeshare.quarantine WHERE table_name = $1"
	                               " AND NOT is_whole AND NOT is_refused");
}

/*
 * Counts a table's rows in quarantine. The run reports the number at its end, when its deletes are
 * done.
 */
void
sync_count_quarantined(SyncRun *run, const MirrorTable *table)
{

	mirror_query_row(table, "SELECT count(*) FROM ngeshare.quarantine WHERE table_name = $1");
	run->at.tables[table - mirror_tables].waiting = sql_int64(1);
}

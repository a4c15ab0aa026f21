/*
 * src/sync/compare/pieces.c
 *		Writes the lists of ids in ngeshare.difference, and reads them in pieces.
 *
 * A statement to production contains the ids of one piece. A piece has a limited number of ids and
 * bytes, so no statement grows with the number of rows that differ. A piece is read by the primary
 * key, from the end of the piece before it, so the time to read a whole list is proportional to
 * its length.
 */
#include "sync/compare/compare.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/* The most bytes of ids in one piece, unless the piece is a single, longer id. */
#define PIECE_BYTES (8 * 1024 * 1024)

/*
 * Compares the ids and hashes of the rows in some buckets. Lists in ngeshare.difference the rows
 * that the mirror lacks (missing), that differ (changed) and that production lacks (extra);
 * returns how many they are.
 */
int64
sync_find_differences(SyncRun *run, const char *buckets)
{
	const Content *content = &sync_at_state(run)->content;
	SqlArgs args = {0};

	sync_clear("stage_key");
	remote_copy(run->lasting.remote,
	            sql_format("SELECT id, hash FROM (%s) AS source",
	                       digest_rows_in(content, content->source_rows, buckets)),
	            "stage_key", list_make2(makeString("row_id"), makeString("hash")));
	sql_add_text(&args, content->name);
	return sql_run(
	    sql_format(
	        "INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	        " SELECT $1, coalesce(source.row_id, here.id),"
	        " CASE WHEN here.id IS NULL THEN 'missing'"
	        " WHEN source.row_id IS NULL THEN 'extra' ELSE 'changed' END"
	        " FROM ngeshare.stage_key AS source FULL JOIN (SELECT id, hash FROM (%s) AS rows)"
	        " AS here ON here.id = source.row_id"
	        " WHERE source.hash IS DISTINCT FROM here.hash OR here.id IS NULL"
	        " OR source.row_id IS NULL",
	        digest_rows_in(content, content->local_rows, buckets)),
	    &args);
}

/*
 * Replaces *piece with the piece after it in a table's list. The parameter "rows" is the most rows
 * of a piece, and "kinds" is an SQL list, for IN, of kinds of difference. Returns false after the
 * last piece.
 */
bool
sync_next_piece(const MirrorTable *table, const char *kinds, int rows, SyncPiece *piece)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_int64(&args, piece->range.last);
	sql_add_int64(&args, rows);
	sql_query_row(
	    sql_format("SELECT array_agg(row_id ORDER BY difference_no)::text, max(difference_no),"
	               " count(*), min(row_id) FROM (SELECT row_id, difference_no,"
	               " sum(octet_length(row_id)) OVER (ORDER BY difference_no) AS bytes,"
	               " row_number() OVER (ORDER BY difference_no) AS place"
	               " FROM ngeshare.difference WHERE table_name = $1 AND kind IN (%s)"
	               " AND difference_no > $2 ORDER BY difference_no LIMIT $3) AS next"
	               " WHERE bytes <= %d OR place = 1",
	               kinds, PIECE_BYTES),
	    &args);
	piece->range.first = piece->range.last + 1;
	piece->range.rows = sql_int64(3);
	if (piece->range.rows == 0)
		return false;
	piece->ids = sql_text(1);
	piece->range.last = sql_int64(2);
	piece->one_id = sql_text(4);
	return true;
}

/* Deletes the ids of a piece from the list. */
void
sync_drop_piece(const MirrorTable *table, const char *kinds, const SyncRange *piece)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_int64(&args, piece->first);
	sql_add_int64(&args, piece->last);
	sql_run(sql_format("DELETE FROM ngeshare.difference WHERE table_name = $1 AND kind IN (%s)"
	                   " AND difference_no BETWEEN $2 AND $3",
	                   kinds),
	        &args);
}

/* Counts a table's listed rows of one kind whose ids are not in ngeshare.stage_key. */
static int64
count_gone(const MirrorTable *table, const char *kind)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_text(&args, kind);
	sql_query_row("SELECT count(*) FROM ngeshare.difference AS listed"
	              " WHERE listed.table_name = $1 AND listed.kind = $2 AND NOT EXISTS"
	              " (SELECT 1 FROM ngeshare.stage_key AS there"
	              " WHERE there.row_id = listed.row_id)",
	              &args);
	return sql_int64(1);
}

/*
 * Asks production which of a table's listed rows of one kind it still has, and puts their ids into
 * ngeshare.stage_key. Returns how many it no longer has. A row that only moved to another day is
 * not gone.
 */
int64
sync_find_gone(SyncRun *run, const char *kind)
{
	const MirrorTable *table = sync_at_table(run);
	char *kinds = quote_literal_cstr(kind);
	SyncPiece piece = {0};
	int64 there = 0;

	sync_clear("stage_key");
	while (sync_next_piece(table, kinds, REPAIR_ROWS, &piece))
	{
		there += remote_copy(
		    run->lasting.remote,
		    sql_format("SELECT " KEYS_ID " FROM public.%s AS source WHERE %s",
		               quote_identifier(table->name),
		               keys_listed(&run->lasting.production->keys[run->at.table], piece.ids)),
		    "stage_key", list_make1(makeString("row_id")));
		pfree(piece.ids);
	}
	sync_analyze_work("stage_key", there);
	return count_gone(table, kind);
}

/*
 * Lists, as kind 'gone', the mirror's rows whose parent is listed as 'extra', unless the rows are
 * listed already. Returns how many.
 */
static int64
list_with_parent(const MirrorTable *table, const MirrorParent *parent)
{
	return mirror_run(table,
	                  sql_format("INSERT INTO ngeshare.difference (table_name, row_id, kind)"
	                             " SELECT $1, mirror.id, 'gone' FROM public.%s AS mirror"
	                             " JOIN ngeshare.difference AS above ON above.table_name = %s"
	                             " AND above.kind = 'extra' AND above.row_id = mirror.%s"
	                             " WHERE NOT EXISTS (SELECT 1 FROM ngeshare.difference AS known"
	                             " WHERE known.table_name = $1 AND known.row_id = mirror.id)",
	                             quote_identifier(table->name), quote_literal_cstr(parent->table),
	                             quote_identifier(parent->column)));
}

/*
 * Lists as 'extra' the rows that production deleted together with their parent, if no comparison
 * has found them. This happens if production deletes both rows, or somebody inserts both into the
 * mirror, after the child's table was compared. Unlisted, such a row would go into quarantine
 * because its parent is missing.
 */
void
sync_list_gone_with_parents(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	int64 listed = 0;

	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		if (run->at.tables[mirror_table_index(parent->table)].extra > 0)
			listed += list_with_parent(table, parent);
	if (listed == 0)
		return;
	sync_at_state(run)->extra += sync_find_gone(run, "gone");
	mirror_run(table, "UPDATE ngeshare.difference AS listed SET kind = 'extra'"
	                  " WHERE table_name = $1 AND kind = 'gone' AND NOT EXISTS (SELECT 1"
	                  " FROM ngeshare.stage_key AS there WHERE there.row_id = listed.row_id)");
	mirror_run(table, "DELETE FROM ngeshare.difference WHERE table_name = $1 AND kind = 'gone'");
}

/* Counts the rows of a table that an earlier run wanted to delete and could not. */
int64
sync_count_kept(const MirrorTable *table)
{

	mirror_query_row(table, "SELECT count(*) FROM ngeshare.difference"
	                        " WHERE table_name = $1 AND kind = 'kept'");
	return sql_int64(1);
}

/*
 * Deletes a table's entries of kind 'kept' whose row is not listed as 'extra': production has the
 * row, or the mirror no longer does.
 */
void
sync_forget_kept(const MirrorTable *table)
{

	mirror_run(
	    table,
	    "DELETE FROM ngeshare.difference AS kept WHERE table_name = $1 AND kind = 'kept'"
	    " AND NOT EXISTS (SELECT 1 FROM ngeshare.difference AS gone"
	    " WHERE gone.table_name = $1 AND gone.kind = 'extra' AND gone.row_id = kept.row_id)");
}

/* Deletes all lists in ngeshare.difference except the rows of kind 'kept'. */
void
sync_forget_differences(void)
{
	sql_run("DELETE FROM ngeshare.difference WHERE kind <> 'kept'", NULL);
}

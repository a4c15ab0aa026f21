/*
 * src/sync/compare/pieces.c
 *		ngeshare.difference: lists of ids that differ, and their pieces that are
 *		sent to production.
 *
 * No statement to production grows with the number of rows that differ: a
 * piece has a limited number of ids and of bytes. The pieces of a list are read by
 * the primary key, from where the last one ended, so a list costs what it is long.
 */
#include "sync/compare/compare.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/* The bytes of ids in one piece; a single id may be longer. */
#define PIECE_BYTES (8 * 1024 * 1024)

/*
 * Compares the keys in some buckets and notes each that is missing here, differs,
 * or is extra; returns how many they are.
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
 * Reads the next piece of a table's list, of some kinds (as SQL has them in IN),
 * after *piece; false after the last. At most so many rows.
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

/* Takes a piece off its list. */
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

/* How many rows of a list are not in ngeshare.stage_key. */
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
 * Lists, in ngeshare.stage_key, which listed rows of one kind production still
 * has (a row that only moved to another day is no loss); returns how many it does
 * not have.
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

/* Lists as gone what points to rows of a parent table that are gone and is not listed yet. */
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
 * Lists what points to a row that is gone, and is gone itself, though no comparison has told so:
 * somebody has written both here since. Else it would wait in quarantine for its parent.
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

/* How many of a table's rows had to stay when the last run wanted to delete them. */
int64
sync_count_kept(const MirrorTable *table)
{

	mirror_query_row(table, "SELECT count(*) FROM ngeshare.difference"
	                        " WHERE table_name = $1 AND kind = 'kept'");
	return sql_int64(1);
}

/* Forgets which rows had to stay, of those that are not gone (any more). */
void
sync_forget_kept(const MirrorTable *table)
{

	mirror_run(
	    table,
	    "DELETE FROM ngeshare.difference AS kept WHERE table_name = $1 AND kind = 'kept'"
	    " AND NOT EXISTS (SELECT 1 FROM ngeshare.difference AS gone"
	    " WHERE gone.table_name = $1 AND gone.kind = 'extra' AND gone.row_id = kept.row_id)");
}

/* Forgets what was found to differ, but for the rows that had to stay. */
void
sync_forget_differences(void)
{
	sql_run("DELETE FROM ngeshare.difference WHERE kind <> 'kept'", NULL);
}

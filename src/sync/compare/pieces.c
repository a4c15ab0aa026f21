/*
 * src/sync/compare/pieces.c
 *		Lists of ids in ngeshare.difference, sent to production in pieces.
 *
 * No statement to production grows with the number of rows that differ: a
 * piece has a limited number of ids and of bytes. The pieces of a list are read by
 * the primary key, from where the last one ended, so a list costs what it is long.
 */
#include "sync/sync.h"

#include "nodes/value.h"
#include "sql.h"
#include "utils/builtins.h"

/* The bytes of ids in one piece; a single id may be longer. */
#define PIECE_BYTES (8 * 1024 * 1024)

/* From so many new rows on the planner has to be told of them: it guesses well below. */
#define ANALYZE_FROM 1000

/*
 * Reads the next piece of a table's list, of some kinds (as SQL has them in IN),
 * behind *piece; false after the last. At most so many rows.
 */
bool
sync_next_piece(const MirrorTable *table, const char *kinds, int rows, SyncPiece *piece)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_int64(&args, piece->last);
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
	piece->first = piece->last + 1;
	piece->rows = sql_int64(3);
	if (piece->rows == 0)
		return false;
	piece->ids = sql_text(1);
	piece->last = sql_int64(2);
	piece->one_id = sql_text(4);
	return true;
}

/* Takes a piece off its list. */
void
sync_drop_piece(const MirrorTable *table, const char *kinds, const SyncPiece *piece)
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
	const MirrorTable *table = &mirror_tables[run->table];
	char *kinds = quote_literal_cstr(kind);
	SyncPiece piece = {0};
	int64 there = 0;

	sync_clear("stage_key");
	while (sync_next_piece(table, kinds, REPAIR_ROWS, &piece))
	{
		there += remote_copy(run->remote,
		                     sql_format("SELECT " KEYS_ID " FROM public.%s AS source WHERE %s",
		                                quote_identifier(table->name),
		                                keys_listed(&run->production->keys[run->table], piece.ids)),
		                     "stage_key", list_make1(makeString("row_id")));
		pfree(piece.ids);
	}
	sync_analyze_work("stage_key", there);
	return count_gone(table, kind);
}

/*
 * Lets the planner know a table that the sync works with, once it has been given
 * many rows. Else it takes what one value selects for a fraction of a percent, and
 * two lists of 100,000 for one row each, which it would join row by row.
 */
void
sync_analyze_work(const char *table, int64 rows)
{
	if (rows >= ANALYZE_FROM)
		sql_run(sql_format("ANALYZE (SKIP_LOCKED) ngeshare.%s", table), NULL);
}

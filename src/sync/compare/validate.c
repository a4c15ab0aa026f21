/*
 * src/sync/compare/validate.c
 *		ngeshare_validate(): compares each table with production, by content.
 */
#include "sync/compare/digest.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mirror/keys.h"
#include "mirror/remote.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(ngeshare_validate);

/* The numbers of rows may differ by this many per thousand of production's rows. */
#define TOLERANCE_PER_THOUSAND 1

/* Converts digits to a numeric. */
static Datum
numeric_datum(const char *digits)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid),
	                           Int32GetDatum(-1));
}

/*
 * Returns the difference between the numbers of rows, as a percentage of production's rows with
 * one decimal. Halves are rounded away from zero.
 */
static Datum
difference_pct(int64 source_rows, int64 local_rows)
{
	SqlArgs args = {0};
	bool isnull;

	sql_add_int64(&args, source_rows);
	sql_add_int64(&args, local_rows);
	sql_query_row("SELECT round(100.0 * ($2 - $1) / $1, 1)::text", &args);
	(void) sql_value(1, &isnull);
	return numeric_datum(sql_text(1));
}

/* Appends the row of one table to the result. */
static void
put_table(ReturnSetInfo *answer, const char *name, const Digest *digest)
{
	int64 apart =
	    Max(digest->local_rows, digest->source_rows) - Min(digest->local_rows, digest->source_rows);
	Datum values[8];
	bool nulls[8] = {false};

	values[0] = CStringGetTextDatum(name);
	values[1] = Int64GetDatum(digest->source_rows);
	values[2] = Int64GetDatum(digest->local_rows);
	nulls[3] = digest->source_rows == 0;
	if (!nulls[3])
		values[3] = difference_pct(digest->source_rows, digest->local_rows);
	values[4] = BoolGetDatum(apart * 1000 <= digest->source_rows * TOLERANCE_PER_THOUSAND);
	values[5] = numeric_datum(digest->source_hash);
	values[6] = numeric_datum(digest->local_hash);
	values[7] = BoolGetDatum(digest->differing == 0);
	tuplestore_putvalues(answer->setResult, answer->setDesc, values, nulls);
}

/*
 * Compares one table. Of attendance, compares the rows since the window's start, or all rows if no
 * sync has run yet.
 */
static void
compare_table(Remote *remote, const ProductionKeys *keys, int table, Digest *digest)
{
	Content content;
	Timestamp start = DT_NOBEGIN;

	if (!mirror_tables[table].has_window)
		content_of_table(&content, keys, table, DT_NOBEGIN);
	else
	{
		if (sql_query_row("SELECT window_start FROM ngeshare.history_state", NULL))
			start = DatumGetTimestamp(sql_value(1, &(bool){false}));
		content_of_window(&content, keys, start);
	}
	digest_compare_buckets(remote, &content, NULL, digest);
	digest->source_rows = digest->compared_rows;
	digest->local_rows = digest->local_weight;
}

Datum
ngeshare_validate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *answer = (ReturnSetInfo *) fcinfo->resultinfo;
	ProductionKeys keys[MIRROR_TABLES];
	Remote *remote;

	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	sql_refuse_other_version();
	remote = remote_open_production();
	keys_learn(remote, keys);
	for (int table = 0; table < MIRROR_TABLES; table++)
	{
		Digest digest = {0};

		compare_table(remote, keys, table, &digest);
		put_table(answer, mirror_tables[table].name, &digest);
	}
	remote_close(remote);
	SPI_finish();
	return (Datum) 0;
}

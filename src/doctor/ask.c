/*
 * src/doctor/ask.c
 *		C functions for the SQL of this directory: a query on production, and the edit distance of
 *		two names.
 */
#include "mirror/remote.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "ngeshare.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"
#include "utils/varlena.h"

PG_FUNCTION_INFO_V1(ngeshare_ask_production);
PG_FUNCTION_INFO_V1(ngeshare_name_distance);

/* Only this many bytes at the beginning of a name are compared. */
#define NAME_BYTES 255

/* The most rows that an answer may have; no check expects more. */
#define ANSWER_ROWS_MAX 10000

/* The most seconds that the doctor waits for a connection to production, and for an answer. */
#define ASKING_TIMEOUT 30

/* Returns one row of an answer as an array of texts; NULLs stay NULL. */
static ArrayType *
row_as_array(const RemoteRows *rows, int64 row)
{
	int columns = rows->columns;
	Datum *values = palloc0(sizeof(Datum) * columns);
	bool *nulls = palloc0(sizeof(bool) * columns);
	int dimensions[1] = {columns};
	int lower_bounds[1] = {1};

	for (int column = 0; column < columns; column++)
	{
		nulls[column] = remote_text(rows, row, column) == NULL;
		if (!nulls[column])
			values[column] = CStringGetTextDatum(remote_text(rows, row, column));
	}
	return construct_md_array(values, nulls, 1, dimensions, lower_bounds, TEXTOID, -1, false,
	                          TYPALIGN_INT);
}

Datum
ngeshare_ask_production(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *answer = (ReturnSetInfo *) fcinfo->resultinfo;
	char *sql = text_to_cstring(PG_GETARG_TEXT_PP(0));
	int nest_level = NewGUCNestLevel();
	/* The SQL function of version 1.1 has no argument "shape". */
	char *shape = PG_NARGS() > 1 ? text_to_cstring(PG_GETARG_TEXT_PP(1)) : NULL;
	Remote *remote;
	RemoteRows *rows;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	if (ngeshare_settings.sync_timeout > ASKING_TIMEOUT)
		(void) set_config_option("ngeshare.sync_timeout", psprintf("%d", ASKING_TIMEOUT), PGC_SUSET,
		                         PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	remote = remote_open_production();
	rows = remote_rows(remote, sql, shape, 0, ANSWER_ROWS_MAX);
	for (int64 row = 0; row < rows->count; row++)
	{
		Datum values[1] = {PointerGetDatum(row_as_array(rows, row))};
		bool nulls[1] = {false};

		tuplestore_putvalues(answer->setResult, answer->setDesc, values, nulls);
	}
	remote_close(remote);
	AtEOXact_GUC(true, nest_level);
	return (Datum) 0;
}

/* Returns how many bytes of a name are compared: whole characters, at most NAME_BYTES. */
static int
compared_length(const text *name)
{
	return pg_mbcliplen(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), NAME_BYTES);
}

/* Returns the edit distance of two names; if it is greater than "most", any number above that. */
static int
distance_of(const text *one, const text *other, int most)
{
	return varstr_levenshtein_less_equal(VARDATA_ANY(one), compared_length(one), VARDATA_ANY(other),
	                                     compared_length(other), 1, 1, 1, most, true);
}

Datum
ngeshare_name_distance(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(distance_of(PG_GETARG_TEXT_PP(0), PG_GETARG_TEXT_PP(1), PG_GETARG_INT32(2)));
}

/*
 * src/api/csv.c
 *		The aggregate api.csv(): rows as one CSV file for spreadsheets and parsers.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "csv.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/typcache.h"

/* The maximum size of a file. A sheet of Excel is usually full at a smaller size. */
#define CSV_MAX_BYTES ((Size) 256 * 1024 * 1024)

typedef struct CsvColumn
{
	Oid type; /* its type, or a domain's base type; 0 for a dropped column */
	bool is_guarded;
	FmgrInfo output;
} CsvColumn;

/* The aggregate's state: the file so far. */
typedef struct CsvFile
{
	StringInfoData text;
	TupleDesc shape;
	CsvColumn *columns;
	Datum *values;
	bool *nulls;
	int shown; /* columns that are not dropped */
	MemoryContext row_memory;
} CsvFile;

PG_FUNCTION_INFO_V1(ngeshare_csv_add_row);
PG_FUNCTION_INFO_V1(ngeshare_csv_finish);

/* Raises an error if more bytes would make the file too long. */
static void
check_room(StringInfo text, Size more)
{
	if (more > CSV_MAX_BYTES - text->len)
		ereport(ERROR,
		        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
		         errmsg("the CSV file would be longer than %d MB",
		                (int) (CSV_MAX_BYTES / (1024 * 1024))),
		         errhint("Filter the rows and export them in parts, or use psql's \\copy.")));
}

/* Writes a cell in double quotes, and doubles the quotes in it. */
static void
write_quoted(StringInfo text, const char *cell)
{
	appendStringInfoChar(text, '"');
	for (const char *quote = strchr(cell, '"'); quote != NULL; quote = strchr(cell, '"'))
	{
		appendBinaryStringInfo(text, cell, quote - cell + 1);
		appendStringInfoChar(text, '"');
		cell = quote + 1;
	}
	appendStringInfoString(text, cell);
	appendStringInfoChar(text, '"');
}

/*
 * Writes a cell, with csv_guard() if is_guarded. An empty cell is quoted, to distinguish it from
 * NULL. A cell with a semicolon or a tab is quoted, because some programs split lines there.
 */
static void
write_cell(StringInfo text, const char *cell, bool is_guarded)
{
	Size length;
	Size quotes = 0;

	if (is_guarded)
		cell = csv_guard(cell);
	length = strlen(cell);
	for (const char *quote = strchr(cell, '"'); quote != NULL; quote = strchr(quote + 1, '"'))
		quotes++;
	/* 5 bytes: two quotes, a comma, CR and LF */
	check_room(text, length + quotes + 5);
	if (length == 0 || strpbrk(cell, ",;\"\t\r\n") != NULL)
		write_quoted(text, cell);
	else
		appendStringInfoString(text, cell);
}

/* Returns the text of a value. Dates and times are written as in JSON, whatever DateStyle is. */
static char *
spell_value(CsvColumn *column, Datum value)
{
	switch (column->type)
	{
		case BOOLOID:
			return DatumGetBool(value) ? "true" : "false";
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return JsonEncodeDateTime(palloc(MAXDATELEN + 1), value, column->type, NULL);
		default:
			return OutputFunctionCall(&column->output, value);
	}
}

/* Checks whether a type's values cannot be formulas: numbers, dates, times, intervals, booleans. */
static bool
is_harmless(Oid type)
{
	char category;
	bool is_preferred;

	get_type_category_preferred(type, &category, &is_preferred);
	return category == TYPCATEGORY_NUMERIC || category == TYPCATEGORY_DATETIME ||
	       category == TYPCATEGORY_TIMESPAN || category == TYPCATEGORY_BOOLEAN;
}

/* Looks up how each column is written. */
static void
learn_columns(CsvFile *file)
{
	file->columns = palloc0(file->shape->natts * sizeof(CsvColumn));
	file->values = palloc(file->shape->natts * sizeof(Datum));
	file->nulls = palloc(file->shape->natts * sizeof(bool));
	file->shown = 0;
	for (int i = 0; i < file->shape->natts; i++)
	{
		CsvColumn *column = &file->columns[i];
		Oid output;
		bool is_varlena;

		if (TupleDescAttr(file->shape, i)->attisdropped)
			continue;
		column->type = getBaseType(TupleDescAttr(file->shape, i)->atttypid);
		column->is_guarded = !is_harmless(column->type);
		getTypeOutputInfo(column->type, &output, &is_varlena);
		fmgr_info(output, &column->output);
		file->shown++;
	}
}

/* Writes the byte order mark, by which Excel recognizes UTF-8, and the names of the columns. */
static void
write_header(CsvFile *file)
{
	const char *between = "";

	if (GetDatabaseEncoding() == PG_UTF8)
		appendStringInfoString(&file->text, "\xEF\xBB\xBF");
	for (int i = 0; i < file->shape->natts; i++)
	{
		if (!OidIsValid(file->columns[i].type))
			continue;
		appendStringInfoString(&file->text, between);
		write_cell(&file->text, NameStr(TupleDescAttr(file->shape, i)->attname), true);
		between = ",";
	}
	appendStringInfoString(&file->text, "\r\n");
}

/*
 * Writes one row. A NULL is an empty field, but in a file with one column it is written as "", so
 * that the line is not empty.
 */
static void
write_row(CsvFile *file)
{
	const char *between = "";

	for (int i = 0; i < file->shape->natts; i++)
	{
		CsvColumn *column = &file->columns[i];

		if (!OidIsValid(column->type))
			continue;
		check_room(&file->text, 3);
		appendStringInfoString(&file->text, between);
		if (!file->nulls[i])
			write_cell(&file->text, spell_value(column, file->values[i]), column->is_guarded);
		else if (file->shown == 1)
			write_cell(&file->text, "", false);
		between = ",";
	}
	appendStringInfoString(&file->text, "\r\n");
}

/* Raises an error if the aggregate's argument is not a row. */
static void
check_argument(FunctionCallInfo fcinfo)
{
	if (!type_is_rowtype(get_fn_expr_argtype(fcinfo->flinfo, 1)))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("api.csv() takes rows, not values"),
		         errhint("Name the row: SELECT api.csv(shown) FROM api.funnel AS shown.")));
}

/* Returns the columns of a row, or without a row those of the type of the aggregate's argument. */
static TupleDesc
find_shape(FunctionCallInfo fcinfo, HeapTupleHeader row)
{
	Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	int32 modifier = -1;
	TupleDesc known;
	TupleDesc shape;

	if (row != NULL)
	{
		type = HeapTupleHeaderGetTypeId(row);
		modifier = HeapTupleHeaderGetTypMod(row);
	}
	if (type == RECORDOID && modifier < 0)
		ereport(ERROR,
		        (errcode(ERRCODE_INDETERMINATE_DATATYPE),
		         errmsg("api.csv() got no rows and an untyped record: its columns are unknown"),
		         errhint("Cast the row to a view's type: api.csv(shown::api.funnel).")));
	known = lookup_rowtype_tupdesc_domain(type, modifier, false);
	shape = CreateTupleDescCopyConstr(known);
	ReleaseTupleDesc(known);
	return shape;
}

/* Creates a file, with its header, in a memory context. */
static CsvFile *
open_file(FunctionCallInfo fcinfo, HeapTupleHeader row, MemoryContext memory)
{
	MemoryContext caller = MemoryContextSwitchTo(memory);
	CsvFile *file = palloc0(sizeof(CsvFile));

	initStringInfo(&file->text);
	file->shape = find_shape(fcinfo, row);
	learn_columns(file);
	file->row_memory = AllocSetContextCreate(memory, "row of api.csv()", ALLOCSET_DEFAULT_SIZES);
	write_header(file);
	MemoryContextSwitchTo(caller);
	return file;
}

/* Reads the columns of a row into values and nulls. For a NULL row, all columns are NULL. */
static void
take_apart(CsvFile *file, HeapTupleHeader row)
{
	HeapTupleData tuple = {0};

	if (row == NULL)
	{
		memset(file->nulls, true, file->shape->natts * sizeof(bool));
		return;
	}
	if (HeapTupleHeaderGetTypeId(row) != file->shape->tdtypeid ||
	    HeapTupleHeaderGetTypMod(row) != file->shape->tdtypmod)
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("the rows of a CSV file must all have the same columns")));
	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	tuple.t_data = row;
	heap_deform_tuple(&tuple, file->shape, file->values, file->nulls);
}

/* Adds a row to the file. The first call creates the file. */
Datum
ngeshare_csv_add_row(PG_FUNCTION_ARGS)
{
	CsvFile *file = PG_ARGISNULL(0) ? NULL : (CsvFile *) PG_GETARG_POINTER(0);
	MemoryContext aggregate;
	MemoryContext caller;
	HeapTupleHeader row;

	if (!AggCheckCallContext(fcinfo, &aggregate))
		elog(ERROR, "ngeshare.csv_add_row() was called outside of an aggregate");
	CHECK_FOR_INTERRUPTS();
	if (file == NULL)
		check_argument(fcinfo);
	row = PG_ARGISNULL(1) ? NULL : PG_GETARG_HEAPTUPLEHEADER(1);
	if (file == NULL)
		file = open_file(fcinfo, row, aggregate);
	caller = MemoryContextSwitchTo(file->row_memory);
	take_apart(file, row);
	write_row(file);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(file->row_memory);
	PG_RETURN_POINTER(file);
}

/* Returns the file. If there was no row, it has only the header. */
Datum
ngeshare_csv_finish(PG_FUNCTION_ARGS)
{
	CsvFile *file = PG_ARGISNULL(0) ? NULL : (CsvFile *) PG_GETARG_POINTER(0);

	if (!AggCheckCallContext(fcinfo, NULL))
		elog(ERROR, "ngeshare.csv_finish() was called outside of an aggregate");
	if (file == NULL)
	{
		check_argument(fcinfo);
		file = open_file(fcinfo, NULL, CurrentMemoryContext);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(file->text.data, file->text.len));
}

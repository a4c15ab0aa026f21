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

/* A file may not be longer: a sheet of Excel's ends long before. */
#define CSV_MAX_BYTES ((Size) 256 * 1024 * 1024)

typedef struct CsvColumn
{
	Oid type; /* of a domain the type beneath; 0 for a dropped column */
	bool is_guarded;
	FmgrInfo output;
} CsvColumn;

/* The file so far, in the aggregate's memory. */
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

/* Refuses bytes that would make the file too long. */
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

/* Writes a cell between quotes, its own quotes doubled. */
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
 * Writes a cell, guarded where a spreadsheet might compute it. An empty one is
 * quoted, which sets it apart from NULL; so is what other programs than Excel
 * would split at a semicolon or a tab.
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
	/* two quotes, a comma, the end of the line */
	check_room(text, length + quotes + 5);
	if (length == 0 || strpbrk(cell, ",;\"\t\r\n") != NULL)
		write_quoted(text, cell);
	else
		appendStringInfoString(text, cell);
}

/* A value as the file has it: the same words as in JSON, whatever DateStyle is. */
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

/* Whether a type's values can't be formulas: numbers, days and times, yes and no. */
static bool
is_harmless(Oid type)
{
	char category;
	bool is_preferred;

	get_type_category_preferred(type, &category, &is_preferred);
	return category == TYPCATEGORY_NUMERIC || category == TYPCATEGORY_DATETIME ||
	       category == TYPCATEGORY_TIMESPAN || category == TYPCATEGORY_BOOLEAN;
}

/* Learns how each column is written. */
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

/* Writes the byte order mark, by which Excel knows UTF-8, and the columns' names. */
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

/* Writes one row; NULL as nothing, but a line with nothing in it would be no row. */
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

/* Refuses an aggregate over anything but rows. */
static void
check_argument(FunctionCallInfo fcinfo)
{
	if (!type_is_rowtype(get_fn_expr_argtype(fcinfo->flinfo, 1)))
		ereport(ERROR,
		        (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("api.csv() takes rows, not values"),
		         errhint("Name the row: SELECT api.csv(shown) FROM api.funnel AS shown.")));
}

/* The columns of what the aggregate was called for: the row's own, or its type's. */
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

/* Starts a file, header included, in the memory given. */
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

/* Takes a row apart; a NULL has the columns, all NULL. */
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

/* Adds a row to the file, and begins it at the first. */
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

/* The whole file; its header alone where there was no row. */
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

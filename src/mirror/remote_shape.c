/*
 * src/mirror/remote_shape.c
 *		The shape of an answer: the columns that it must have, with their types and values.
 *		An answer that does not fit is refused, so that no caller reads it.
 *
 * A shape is written as one word per column, as in "text key? count". A question
 * mark allows NULL. The words are:
 *		text	a name or another short text, of at most 1,000 bytes
 *		key		a text of any length, such as an id
 *		bucket	an integer, a date, "none", "infinity" or "-infinity"
 *		bool	a boolean
 *		int		an integer that fits into int64
 *		count	an int from 0 to REMOTE_COUNT_MAX
 *		numeric	an integer of any length below NUMERIC_DIGITS
 */
#include "mirror/remote_internal.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

/* The largest number of bytes of a value of kind "text". */
#define TEXT_BYTES 1000

/* A value of kind "numeric" has fewer digits than this, as every sum of hashes has. */
#define NUMERIC_DIGITS 100

/* A kind of column: the types that production may return for it, and a test of its values. */
typedef struct ShapeKind
{
	const char *name;
	Oid types[2];
	bool (*is_value)(const char *value, int length);
} ShapeKind;

static bool
is_key(const char *value, int length)
{
	return pg_verify_mbstr(GetDatabaseEncoding(), value, length, true);
}

static bool
is_text(const char *value, int length)
{
	return length <= TEXT_BYTES && is_key(value, length);
}

static bool
is_bool(const char *value, int length)
{
	return length == 1 && (value[0] == 't' || value[0] == 'f');
}

/* Returns whether a value consists of digits, optionally after a minus sign. */
static bool
is_numeric(const char *value, int length)
{
	int sign = value[0] == '-' ? 1 : 0;
	int digits = strspn(value + sign, "0123456789");

	return digits > 0 && digits < NUMERIC_DIGITS && sign + digits == length;
}

static bool
is_int(const char *value, int length)
{
	if (!is_numeric(value, length))
		return false;
	errno = 0;
	(void) strtoll(value, NULL, 10);
	return errno == 0;
}

static bool
is_count(const char *value, int length)
{
	return is_int(value, length) && value[0] != '-' && strtoll(value, NULL, 10) <= REMOTE_COUNT_MAX;
}

static bool
is_bucket(const char *value, int length)
{
	int digits = strspn(value, "-0123456789");

	if (strcmp(value, "none") == 0 || strcmp(value, "infinity") == 0 ||
	    strcmp(value, "-infinity") == 0)
		return true;
	return digits > 0 && length <= 20 &&
	       (value[digits] == '\0' || strcmp(value + digits, " BC") == 0);
}

static const ShapeKind kinds[] = {
    {"text", {TEXTOID, NAMEOID}, is_text},
    {"key", {TEXTOID, TEXTOID}, is_key},
    {"bucket", {TEXTOID, TEXTOID}, is_bucket},
    {"bool", {BOOLOID, BOOLOID}, is_bool},
    {"int", {INT8OID, INT4OID}, is_int},
    {"count", {INT8OID, INT4OID}, is_count},
    {"numeric", {NUMERICOID, NUMERICOID}, is_numeric},
};

/* Returns the kind that a word of a shape names. */
static const ShapeKind *
kind_of(const char *word, int length)
{
	for (int i = 0; i < lengthof(kinds); i++)
		if (strlen(kinds[i].name) == length && strncmp(kinds[i].name, word, length) == 0)
			return &kinds[i];
	elog(ERROR, "no kind of column is called \"%s\"", word);
}

/* Parses a shape; NULL means that an answer may have any columns. */
void
shape_read(const char *text, Shape *shape)
{
	memset(shape, 0, sizeof(Shape));
	shape->is_free = text == NULL;
	while (text != NULL && *text != '\0')
	{
		int length = strcspn(text, " ?");
		ShapeColumn *column = &shape->columns[shape->count++];

		if (shape->count > SHAPE_MAX_COLUMNS)
			elog(ERROR, "too many columns in a shape");
		column->kind = kind_of(text, length);
		text += length;
		column->may_be_null = *text == '?';
		text += strspn(text, " ?");
	}
}

static bool
fails(ShapeFault *fault, int sqlstate, char *what)
{
	fault->sqlstate = sqlstate;
	fault->what = what;
	return false;
}

/* Returns whether a result has the shape's columns; otherwise sets *fault. */
bool
shape_fits_columns(const Shape *shape, const PGresult *result, ShapeFault *fault)
{
	if (shape->is_free)
		return true;
	if (PQnfields(result) != shape->count)
		return fails(
		    fault, ERRCODE_PROTOCOL_VIOLATION,
		    psprintf("it has %d column(s) instead of %d", PQnfields(result), shape->count));
	for (int column = 0; column < shape->count; column++)
	{
		const ShapeKind *kind = shape->columns[column].kind;
		Oid type = PQftype(result, column);

		if ((type != kind->types[0] && type != kind->types[1]) || PQfformat(result, column) != 0)
			return fails(fault, ERRCODE_PROTOCOL_VIOLATION,
			             psprintf("its column %d is of type %u instead of %s", column + 1, type,
			                      kind->name));
	}
	return true;
}

/* Returns whether a value of a result's first row fits its column; otherwise sets *fault. */
static bool
fits_value(const Shape *shape, const PGresult *result, int column, ShapeFault *fault)
{
	const char *value = PQgetvalue(result, 0, column);
	int length = PQgetlength(result, 0, column);

	if (PQgetisnull(result, 0, column))
		return shape->is_free || shape->columns[column].may_be_null ||
		       fails(fault, ERRCODE_PROTOCOL_VIOLATION,
		             psprintf("its column %d is NULL", column + 1));
	/* A key that is not valid in our encoding is the fault of one row, not of the connection. */
	if (!is_key(value, length))
		return fails(fault,
		             !shape->is_free && shape->columns[column].kind->is_value == is_key
		                 ? ERRCODE_CHARACTER_NOT_IN_REPERTOIRE
		                 : ERRCODE_PROTOCOL_VIOLATION,
		             psprintf("its column %d holds \"%s\", which is not valid in encoding %s",
		                      column + 1, remote_valid_text(value), GetDatabaseEncodingName()));
	if (!shape->is_free && !shape->columns[column].kind->is_value(value, length))
		return fails(fault, ERRCODE_PROTOCOL_VIOLATION,
		             psprintf("its column %d holds \"%s\" instead of a value of kind %s",
		                      column + 1, remote_valid_text(value),
		                      shape->columns[column].kind->name));
	return true;
}

/* Makes room for one more row. */
static void
make_room(RemoteRows *rows)
{
	if (rows->count < rows->room)
		return;
	rows->room = Max(rows->room * 2, 16);
	if (rows->values == NULL)
		rows->values =
		    palloc_extended(rows->room * rows->columns * sizeof(char *), MCXT_ALLOC_HUGE);
	else
		rows->values = repalloc_huge(rows->values, rows->room * rows->columns * sizeof(char *));
}

/* Appends a result's only row to the rows; returns false if it does not fit the shape. */
bool
shape_take_row(const Shape *shape, const PGresult *result, RemoteRows *rows, ShapeFault *fault)
{
	char **values;

	rows->columns = PQnfields(result);
	make_room(rows);
	values = rows->values + rows->count * rows->columns;
	for (int column = 0; column < rows->columns; column++)
	{
		if (!fits_value(shape, result, column, fault))
			return false;
		values[column] =
		    PQgetisnull(result, 0, column) ? NULL : pstrdup(PQgetvalue(result, 0, column));
	}
	rows->count++;
	return true;
}

/* Returns a value of an answer as text, or NULL for SQL's NULL. Row and column count from 0. */
char *
remote_text(const RemoteRows *rows, int64 row, int column)
{
	if (row < 0 || row >= rows->count || column < 0 || column >= rows->columns)
		elog(ERROR, "an answer has no row %lld or no column %d", (long long) row, column);
	return rows->values[row * rows->columns + column];
}

/* Returns a value of a column of kind int or count; 0 for NULL. */
int64
remote_int64(const RemoteRows *rows, int64 row, int column)
{
	char *value = remote_text(rows, row, column);

	return value != NULL ? strtoll(value, NULL, 10) : 0;
}

/* Returns a value of a column of kind bool; false for NULL. */
bool
remote_bool(const RemoteRows *rows, int64 row, int column)
{
	char *value = remote_text(rows, row, column);

	return value != NULL && value[0] == 't';
}

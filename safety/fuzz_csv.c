/*
 * safety/fuzz_csv.c
 *		The target for the CSV writer: src/api/csv.c under other names.
 */
#define ngeshare_csv_add_row fuzzed_csv_add_row
#define ngeshare_csv_finish fuzzed_csv_finish
#include "api/csv.c"

#include "fuzz.h"

/* Reads a cell back as RFC 4180 has it; NULL where it is not one cell. */
static char *
read_cell(const char *cell)
{
	StringInfoData read;

	if (cell[0] != '"')
		return strpbrk(cell, ",\"\r\n") != NULL ? NULL : pstrdup(cell);
	initStringInfo(&read);
	for (cell++; !(cell[0] == '"' && cell[1] == '\0'); cell++)
	{
		if (cell[0] == '\0' || (cell[0] == '"' && *++cell != '"'))
			return NULL;
		appendStringInfoChar(&read, *cell);
	}
	return read.data;
}

/* Writes a text as a cell, guarded and not, and reads it back. */
void
fuzz_csv(char *text)
{
	for (int is_guarded = 0; is_guarded <= 1; is_guarded++)
	{
		StringInfoData written;
		char *read;

		initStringInfo(&written);
		write_cell(&written, text, is_guarded);
		read = read_cell(written.data);
		if (read == NULL)
			elog(ERROR, "no cell: %s", written.data);
		if (is_guarded && *text != '\0' && strchr("=+-@\t\r", *text) != NULL && *read++ != '\'')
			elog(ERROR, "a formula is a cell: %s", written.data);
		if (strcmp(read, text) != 0)
			elog(ERROR, "\"%s\" is written as %s", text, written.data);
	}
}

/*
 * safety/fuzz_csv.c
 *		The fuzz target for the CSV writer. It includes src/api/csv.c, whose global
 *		functions get other names so that the library does not define them twice.
 *
 * This file implements the rules a second time, independently of csv.c: a cell
 * reads back as the original text, except for apostrophes that guard against
 * formulas, and a program that splits it at semicolons, tabs or line ends finds
 * no formula.
 */
#define ngeshare_csv_add_row fuzzed_csv_add_row
#define ngeshare_csv_finish fuzzed_csv_finish
#include "api/csv.c"

#include "fuzz.h"

/* Reads a cell back as RFC 4180 defines it. Returns NULL if the text is not exactly one cell. */
static char *
read_cell(const char *cell)
{
	StringInfoData read;

	if (cell[0] != '"')
		return strpbrk(cell, ",;\"\t\r\n") != NULL ? NULL : pstrdup(cell);
	initStringInfo(&read);
	for (cell++; !(cell[0] == '"' && cell[1] == '\0'); cell++)
	{
		if (cell[0] == '\0' || (cell[0] == '"' && *++cell != '"'))
			return NULL;
		appendStringInfoChar(&read, *cell);
	}
	return read.data;
}

/*
 * Returns how many bytes at the beginning of a text a program may ignore before it
 * looks for a formula.
 */
static int
stripped_bytes(const char *text)
{
	static const char *const stripped[] = {" ",
	                                       "\"",
	                                       "\x01",
	                                       "\x7F",
	                                       "\xC2\xA0",
	                                       "\xE2\x80\x8B",
	                                       "\xE2\x80\x8F",
	                                       "\xE2\x81\xA0",
	                                       "\xE3\x80\x80",
	                                       "\xEF\xBB\xBF"};
	int bytes = 0;

	for (int i = 0; i < lengthof(stripped); i++)
	{
		if (strncmp(text + bytes, stripped[i], strlen(stripped[i])) == 0)
		{
			bytes += strlen(stripped[i]);
			i = -1;
		}
	}
	return bytes;
}

/* Returns whether a text begins as a formula does. */
static bool
is_formula(const char *text)
{
	static const char *const beginnings[] = {
	    "=", "+", "-", "@", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};

	for (int i = 0; i < lengthof(beginnings); i++)
	{
		if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	}
	return false;
}

/*
 * Raises an error if a part of a line begins as a formula. The line is split at semicolons, tabs
 * and line ends.
 */
static void
find_formula(const char *line)
{
	const char *cell = line;

	for (;;)
	{
		const char *separator = strpbrk(cell, ";\t\r\n");

		if (is_formula(cell + stripped_bytes(cell)))
			elog(ERROR, "a formula is in: %s", line);
		if (separator == NULL)
			return;
		cell = separator + 1;
	}
}

/*
 * Returns whether a cell equals a text except for apostrophes added before formulas, tabs and
 * carriage returns.
 */
static bool
is_guarded_form(const char *cell, const char *text)
{
	while (*cell != '\0')
	{
		if (*cell == '\'' && (is_formula(text) || *text == '\t' || *text == '\r'))
			cell++;
		if (*cell++ != *text++)
			return false;
	}
	return *text == '\0';
}

/* Writes a text as a cell, with and without guarding formulas, and reads it back. */
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
		if (is_guarded ? !is_guarded_form(read, text) : strcmp(read, text) != 0)
			elog(ERROR, "\"%s\" is written as %s", text, written.data);
		if (is_guarded)
		{
			find_formula(read);
			find_formula(written.data);
		}
	}
}

/*
 * src/api/csv_guard.c
 *		Keeps spreadsheets from taking text for formulas.
 *
 * A spreadsheet takes a cell for a formula if its first character is one of = + - @, or a fullwidth
 * or small form of these, which some programs convert. The file separates cells by commas, but a
 * spreadsheet may also split it at semicolons (where the decimal sign is a comma), at tabs, and at
 * line breaks inside quotes that it did not recognize. So an apostrophe is written before such a
 * character wherever a program may begin a new cell. It is directly before the character, because
 * programs may strip quotes, white space and zero-width characters from the front of a cell.
 */
#include "postgres.h"

#include "csv.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

/* How a program that reads the file may treat a character. */
typedef enum Role
{
	IS_TEXT,
	IS_SKIPPED,  /* may be stripped from the front of a cell */
	BEGINS_CELL, /* a cell may begin after it */
	IS_COMPUTED  /* begins a formula */
} Role;

/* The roles of non-ASCII characters, in ascending order. All others have the role IS_TEXT. */
static const struct
{
	pg_wchar first;
	pg_wchar last;
	Role role;
} wide_roles[] = {
    {0x0080, 0x0084, IS_SKIPPED},  /* control characters */
    {0x0085, 0x0085, BEGINS_CELL}, /* next line (NEL) */
    {0x0086, 0x00A0, IS_SKIPPED},  /* control characters, no-break space */
    {0x00AD, 0x00AD, IS_SKIPPED},  /* soft hyphen */
    {0x034F, 0x034F, IS_SKIPPED},  /* combining grapheme joiner */
    {0x061C, 0x061C, IS_SKIPPED},  /* Arabic letter mark */
    {0x115F, 0x1160, IS_SKIPPED},  /* Hangul fillers */
    {0x1680, 0x1680, IS_SKIPPED},  /* Ogham space */
    {0x17B4, 0x17B5, IS_SKIPPED},  /* Khmer inherent vowels */
    {0x180B, 0x180F, IS_SKIPPED},  /* Mongolian selectors and separator */
    {0x2000, 0x200F, IS_SKIPPED},  /* spaces, zero-width characters, direction marks */
    {0x2028, 0x2029, BEGINS_CELL}, /* line and paragraph separator */
    {0x202A, 0x202F, IS_SKIPPED},  /* direction controls, narrow no-break space */
    {0x205F, 0x206F, IS_SKIPPED},  /* mathematical space, word joiner, invisible operators */
    {0x2800, 0x2800, IS_SKIPPED},  /* Braille blank */
    {0x3000, 0x3000, IS_SKIPPED},  /* ideographic space */
    {0x3164, 0x3164, IS_SKIPPED},  /* Hangul filler */
    {0xFE00, 0xFE0F, IS_SKIPPED},  /* variation selectors */
    {0xFE54, 0xFE54, BEGINS_CELL}, /* small semicolon */
    {0xFE62, 0xFE63, IS_COMPUTED}, /* small plus, small hyphen */
    {0xFE66, 0xFE66, IS_COMPUTED}, /* small equals */
    {0xFE6B, 0xFE6B, IS_COMPUTED}, /* small at */
    {0xFEFF, 0xFEFF, IS_SKIPPED},  /* byte order mark */
    {0xFF02, 0xFF02, IS_SKIPPED},  /* fullwidth quotation mark */
    {0xFF0B, 0xFF0B, IS_COMPUTED}, /* fullwidth plus */
    {0xFF0D, 0xFF0D, IS_COMPUTED}, /* fullwidth hyphen */
    {0xFF1B, 0xFF1B, BEGINS_CELL}, /* fullwidth semicolon */
    {0xFF1D, 0xFF1D, IS_COMPUTED}, /* fullwidth equals */
    {0xFF20, 0xFF20, IS_COMPUTED}, /* fullwidth at */
    {0xFFA0, 0xFFA0, IS_SKIPPED},  /* halfwidth Hangul filler */
    {0xFFF9, 0xFFFB, IS_SKIPPED},  /* interlinear annotation */
    {0xE0000, 0xE0FFF, IS_SKIPPED} /* tags, variation selectors */
};

static Role
role_of(pg_wchar character)
{
	if (character < 0x80)
	{
		if (strchr("=+-@", (int) character) != NULL)
			return IS_COMPUTED;
		if (strchr(";\t\r\n\v\f", (int) character) != NULL)
			return BEGINS_CELL;
		return character <= ' ' || character == '"' || character == 0x7F ? IS_SKIPPED : IS_TEXT;
	}
	for (int i = 0; i < lengthof(wide_roles) && wide_roles[i].first <= character; i++)
	{
		if (character <= wide_roles[i].last)
			return wide_roles[i].role;
	}
	return IS_TEXT;
}

/* Returns the role of the first character of a UTF-8 text, and its length in bytes. The role of an
 * invalid byte is IS_SKIPPED. */
static Role
read_role(const char *text, int left, int *length)
{
	const unsigned char *bytes = (const unsigned char *) text;

	*length = pg_utf_mblen(bytes);
	if (*length <= left && pg_utf8_islegal(bytes, *length))
		return role_of(utf8_to_unicode(bytes));
	*length = 1;
	return IS_SKIPPED;
}

/* Guards a UTF-8 text. A tab or carriage return at its front is guarded, too. */
static char *
guard_utf8(const char *cell)
{
	const char *end = cell + strlen(cell);
	bool at_front = true;
	StringInfoData guarded;

	initStringInfo(&guarded);
	if (*cell == '\t' || *cell == '\r')
		appendStringInfoChar(&guarded, '\'');
	while (cell < end)
	{
		int length;
		Role role = read_role(cell, end - cell, &length);

		if (role == IS_COMPUTED && at_front)
			appendStringInfoChar(&guarded, '\'');
		at_front = role == BEGINS_CELL || (role == IS_SKIPPED && at_front);
		appendBinaryStringInfo(&guarded, cell, length);
		cell += length;
	}
	return guarded.data;
}

/* Returns a cell with an apostrophe wherever a spreadsheet could see the beginning of a formula. */
const char *
csv_guard(const char *cell)
{
	const char *guarded;

	if (GetDatabaseEncoding() == PG_UTF8 || GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		/* Most cells need no guard. In UTF-8 the fullwidth and small forms begin with 0xEF. */
		if (strpbrk(cell, "=+-@\xEF") == NULL && *cell != '\t' && *cell != '\r')
			return cell;
		return guard_utf8(cell);
	}
	if (*cell == '\0')
		return cell;
	guarded = guard_utf8(pg_server_to_any(cell, strlen(cell), PG_UTF8));
	return pg_any_to_server(guarded, strlen(guarded), PG_UTF8);
}

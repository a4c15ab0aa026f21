/*
 * src/snapshot/place.c
 *		ngeshare.place_name(): the name of a city or province with normalized white space.
 *
 * It is written in C because a refresh calls it twice for each group that it builds, and a regular
 * expression would be slower.
 */
#include "postgres.h"

#include "compat.h"
#include "fmgr.h"

PG_FUNCTION_INFO_V1(ngeshare_place_name);

/* Returns whether a byte is white space. No server encoding has these bytes in other characters. */
static bool
is_white(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/*
 * Copies a name with one blank for each run of white space, and none at its ends. Returns the
 * length of the copy.
 */
static int
collapse(const char *name, int length, char *plain)
{
	int kept = 0;

	for (int i = 0; i < length; i++)
	{
		if (!is_white(name[i]))
			plain[kept++] = name[i];
		else if (kept > 0 && plain[kept - 1] != ' ')
			plain[kept++] = ' ';
	}
	return kept > 0 && plain[kept - 1] == ' ' ? kept - 1 : kept;
}

Datum
ngeshare_place_name(PG_FUNCTION_ARGS)
{
	text *name = PG_GETARG_TEXT_PP(0);
	text *plain = palloc(VARHDRSZ + VARSIZE_ANY_EXHDR(name));
	int length = collapse(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), VARDATA(plain));

	if (length == 0)
		PG_RETURN_NULL();
	SET_VARSIZE(plain, VARHDRSZ + length);
	PG_RETURN_TEXT_P(plain);
}

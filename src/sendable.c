/*
 * src/sendable.c
 *		Makes texts that can be sent to the client, whatever its encoding.
 *
 * If the client's encoding lacks a character of a message, PostgreSQL raises 22P05 instead of
 * sending the message. A notice would then end the sync that it reports on, and an error would
 * lose its SQLSTATE. So such a character is written as its bytes, as in \xE6\xBC\xA2.
 */
#include "sendable.h"

#include "catalog/namespace.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

/* Returns how many bytes at the start of a text can be converted to the client's encoding. */
static int
count_sendable(const char *text, int length)
{
	int here = GetDatabaseEncoding();
	int there = pg_get_client_encoding();
	int room = length * MAX_CONVERSION_GROWTH + 1;
	unsigned char *converted;
	int sendable;
	Oid conversion;

	if (here == there || there == PG_SQL_ASCII)
		return length;
	if (here == PG_SQL_ASCII)
		return pg_encoding_verifymbstr(there, text, length);
	conversion = FindDefaultConversionProc(here, there);
	if (!OidIsValid(conversion))
		return length;
	converted = palloc(room);
	sendable = pg_do_encoding_conversion_buf(conversion, here, there,
	                                         (unsigned char *) unconstify(char *, text), length,
	                                         converted, room, true);
	pfree(converted);
	return sendable;
}

/*
 * Returns a copy of a text in which each character that the client's encoding lacks is written as
 * its bytes.
 */
char *
sendable_text(const char *text)
{
	int left = strlen(text);
	StringInfoData sendable;

	initStringInfo(&sendable);
	while (left > 0)
	{
		int length = count_sendable(text, left);

		appendBinaryStringInfo(&sendable, text, length);
		text += length;
		left -= length;
		length = left > 0 ? Max(pg_encoding_verifymbchar(GetDatabaseEncoding(), text, left), 1) : 0;
		for (int i = 0; i < length; i++)
			appendStringInfo(&sendable, "\\x%02X", (unsigned char) text[i]);
		text += length;
		left -= length;
	}
	return sendable.data;
}

/* Makes the message, detail, hint and context of an error sendable. */
void
sendable_error(ErrorData *error)
{
	char **const texts[] = {&error->message, &error->detail, &error->hint, &error->context};

	for (int i = 0; i < lengthof(texts); i++)
		if (*texts[i] != NULL)
			*texts[i] = sendable_text(*texts[i]);
}

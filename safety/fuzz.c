/*
 * safety/fuzz.c
 *		Passes mutated texts to the C functions that parse text, in a sanitized server.
 *
 * Linked into the sanitized library only. Each round changes one of a target's
 * seed texts in some places and passes it to the target. An invalid memory access
 * ends the server with the sanitizer's report. A target that finds a wrong result
 * raises an error with the text. The same random seed gives the same texts.
 */
#include "postgres.h"

#include <ctype.h>

#include "alert/alert.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "fuzz.h"
#include "mb/pg_wchar.h"
#include "mirror/remote.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(ngeshare_fuzz);

/* The maximum length of a generated text. */
#define TEXT_BYTES 512

/* A function that reads a text, and the seed texts that are mutated for it. */
typedef struct Target
{
	const char *name;
	void (*read)(char *text);
	const char *seeds[8];
} Target;

/*
 * Calls a setting's check hook as the server does. If is_spelled, the hook replaces
 * the value by its canonical spelling, which it must accept unchanged.
 */
static void
read_setting(char *text, bool (*check)(char **, void **, GucSource), bool is_spelled)
{
	char *value = strdup(text);
	char *again = NULL;
	void *extra = NULL;

	if (check(&value, &extra, PGC_S_SESSION) && is_spelled)
	{
		again = strdup(value);
		free(extra);
		extra = NULL;
		if (!check(&value, &extra, PGC_S_SESSION) || strcmp(again, value) != 0)
			elog(ERROR, "\"%s\" is spelled \"%s\" and read differently", text, again);
	}
	free(again);
	free(value);
	free(extra);
}

static void
read_instant(char *text)
{
	read_setting(text, clock_check_instant, true);
}

static void
read_zone(char *text)
{
	read_setting(text, clock_check_zone, true);
}

static void
read_address(char *text)
{
	read_setting(text, alert_check_url, false);
}

/*
 * Checks that remote_error_message() returns text that is valid in the database's encoding and at
 * most four times as long as its input (an invalid byte is shown as four characters).
 */
static void
read_message(char *text)
{
	int sqlstate = 0;
	char *message = remote_error_message(text, &sqlstate);

	if (!pg_verifymbstr(message, strlen(message), true) || strlen(message) > 4 * strlen(text))
		elog(ERROR, "a message of %d bytes became \"%s\"", (int) strlen(text), message);
}

static const Target targets[] = {
    {"conninfo",
     fuzz_conninfo,
     {"host=db port=5432 dbname=ngeshare user=reader password='it''s \\'secret\\' \\\\ 50%'",
      "postgresql://reader:p%40ss@[::1]:5432,db2:5433/ngeshare?sslmode=verify-full&options=-c%20x",
      "service=none target_session_attrs=any client_encoding=UTF8 sslpassword=a",
      "postgres:///?host=/run&user=a"}},
    {"csv",
     fuzz_csv,
     {"a,\"b\"\r\nc", "x;=SUM(A1)", "", "\"\"\"", "-1;@\t+",
      "\xC3\xA9;\xE2\x80\x8B=", ";\xEF\xBC\x9D\xEF\xBB\xBF", ";\xC2\xA0\xE3\x80\x80-\xEF\xBC\xA0"}},
    {"instant",
     read_instant,
     {"2026-03-31 23:59:59.123456+07", "0044-03-15 BC", "294276-12-31 23:59:59 Asia/Jakarta",
      "epoch", "infinity", "20260331T235959Z", "J2451187.5", "March 3rd 2026 12:00 PM EST"}},
    {"zone", read_zone, {"Asia/Jakarta", "UTC", "<+07>-7", "EST5EDT,M3.2.0,M11.1.0", "CET"}},
    {"address",
     read_address,
     {"https://chat.example/hooks/key?a=b#c", "http://[::1]:80/", "ftp://x"}},
    {"message",
     read_message,
     {"connection to server at \"db\" failed: FATAL:  28P01: no entry\nLOCATION:  auth.c:1",
      "FATAL:  3D000: ", "x:  :  57P01:", "could not translate host name\n\n"}},
};

/*
 * Changes a text in one place and returns its new length: replaces a byte, deletes
 * or repeats a piece, or inserts another seed.
 */
static int
mutate(pg_prng_state *random, char *text, int length, const char *other)
{
	int at = pg_prng_uint64_range(random, 0, length);
	int part = pg_prng_uint64_range(random, 0, Min(length - at, 16));
	int other_length = Min(strlen(other), TEXT_BYTES - length);

	switch (pg_prng_uint64_range(random, 0, 4))
	{
		case 0:
			if (at < length)
				text[at] = (char) pg_prng_uint64_range(random, 1, 255);
			return length;
		case 1:
			if (at < length)
				text[at] = "=:;,'\"\\/%@[]()+-. \t\r\n09AZ"[pg_prng_uint64_range(random, 0, 24)];
			return length;
		case 2:
			memmove(text + at, text + at + part, length - at - part);
			return length - part;
		case 3:
			if (length + part > TEXT_BYTES)
				return length;
			memmove(text + at + part, text + at, length - at);
			return length + part;
		default:
			memmove(text + at + other_length, text + at, length - at);
			memcpy(text + at, other, other_length);
			return length + other_length;
	}
}

/* Returns a new text for a target: one of its seeds with up to 12 changes. */
static char *
make_text(pg_prng_state *random, const Target *target)
{
	char text[TEXT_BYTES + 1];
	int seeds = 0;
	int length;

	while (seeds < lengthof(target->seeds) && target->seeds[seeds] != NULL)
		seeds++;
	length = strlcpy(text, target->seeds[pg_prng_uint64_range(random, 0, seeds - 1)], TEXT_BYTES);
	for (int left = pg_prng_uint64_range(random, 0, 12); left > 0; left--)
		length =
		    mutate(random, text, length, target->seeds[pg_prng_uint64_range(random, 0, seeds - 1)]);
	text[length] = '\0';
	return pstrdup(text);
}

/*
 * Returns whether an error is a correct result: 22023 for an invalid value, 22021 for one that is
 * not valid in the database's encoding.
 */
static bool
is_refusal(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_INVALID_PARAMETER_VALUE ||
	       error->sqlerrcode == ERRCODE_CHARACTER_NOT_IN_REPERTOIRE;
}

/* Passes one text to a target, which may refuse it. */
static void
read_one(const Target *target, char *text, MemoryContext memory)
{
	PG_TRY();
	{
		target->read(text);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(memory);
		error = CopyErrorData();
		if (!is_refusal(error))
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
}

/* SQL function fuzz(target, seed, seconds): returns the number of texts that were read. */
Datum
ngeshare_fuzz(PG_FUNCTION_ARGS)
{
	char *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	TimestampTz end = GetCurrentTimestamp() + PG_GETARG_INT32(2) * USECS_PER_SEC;
	MemoryContext memory =
	    AllocSetContextCreate(CurrentMemoryContext, "fuzz", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	const Target *target = NULL;
	pg_prng_state random;
	int64 texts = 0;

	for (int i = 0; i < lengthof(targets); i++)
		if (strcmp(targets[i].name, name) == 0)
			target = &targets[i];
	if (target == NULL)
		elog(ERROR, "there is no target \"%s\"", name);
	pg_prng_seed(&random, PG_GETARG_INT64(1));
	for (; GetCurrentTimestamp() < end; texts++)
	{
		CHECK_FOR_INTERRUPTS();
		read_one(target, make_text(&random, target), memory);
		MemoryContextSwitchTo(memory);
		MemoryContextReset(memory);
	}
	MemoryContextSwitchTo(caller);
	PG_RETURN_INT64(texts);
}

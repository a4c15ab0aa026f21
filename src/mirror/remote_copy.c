/*
 * src/mirror/remote_copy.c
 *		A stream of production's rows straight into a local table.
 *
 * COPY in its binary form both ways: nothing is spelled out as text, no cursor
 * stays open there, and rows arrive here in pages instead of one by one.
 */
#include "mirror/remote.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/copy.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* What COPY's callback reads from; it takes no argument of its own. */
static struct
{
	Remote *remote;
	const char *sql;
	char *chunk;
	int length;
	int used;
	bool is_at_end;
} source;

/* Reads the stream's next piece; false at its end. */
static bool
next_piece(void)
{
	PQfreemem(source.chunk);
	source.chunk = NULL;
	source.used = source.length = 0;
	if (!source.is_at_end)
		source.length = remote_next_chunk(source.remote, &source.chunk, source.sql);
	source.is_at_end = source.length == 0;
	return !source.is_at_end;
}

/* COPY's callback: gives at least minread bytes, fewer only at the end. */
static int
read_source(void *outbuf, int minread, int maxread)
{
	int given = 0;

	while (given < minread)
	{
		int part;

		if (source.used == source.length && !next_piece())
			break;
		part = Min(source.length - source.used, maxread - given);
		memcpy((char *) outbuf + given, source.chunk + source.used, part);
		source.used += part;
		given += part;
	}
	return given;
}

/* Feeds some columns of a table of schema ngeshare from the stream. */
static uint64
copy_into(const char *table, List *columns)
{
	RangeVar *name = makeRangeVar("ngeshare", pstrdup(table), -1);
	Relation target = table_openrv(name, RowExclusiveLock);
	ParseState *pstate = make_parsestate(NULL);
	List *options = list_make1(makeDefElem("format", (Node *) makeString("binary"), -1));
	CopyFromState copy;
	uint64 rows;

	(void) addRangeTableEntryForRelation(pstate, target, RowExclusiveLock, NULL, false, false);
	PushActiveSnapshot(GetTransactionSnapshot());
	copy = BeginCopyFrom(pstate, target, NULL, NULL, false, read_source, columns, options);
	rows = CopyFrom(copy);
	EndCopyFrom(copy);
	PopActiveSnapshot();
	table_close(target, NoLock);
	CommandCounterIncrement();
	return rows;
}

/*
 * Streams a query's rows into a table of schema ngeshare and returns their
 * number: into the columns listed (String nodes; NIL for all), in that order and
 * of exactly the query's types. Raises production's error, with nothing left
 * half done: the caller's transaction takes the rows back.
 */
uint64
remote_copy(Remote *remote, const char *query, const char *table, List *columns)
{
	char *sql = psprintf("COPY (%s) TO STDOUT (FORMAT binary)", query);
	uint64 rows;

	PQclear(remote_query(remote, sql));
	PQfreemem(source.chunk);
	memset(&source, 0, sizeof(source));
	source.remote = remote;
	source.sql = sql;
	rows = copy_into(table, columns);
	/* The trailer may have been read before the stream's end was. */
	while (next_piece())
		;
	return rows;
}

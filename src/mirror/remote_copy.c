/*
 * src/mirror/remote_copy.c
 *		A stream of production's rows straight into a local table.
 *
 * COPY in its binary form both ways: nothing is spelled out as text, no cursor
 * stays open there, and rows arrive here in pages instead of one by one.
 */
#include "mirror/remote_internal.h"

#include "access/table.h"
#include "access/xact.h"
#include "commands/copy.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "parser/parse_relation.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* One message of a stream holds a row, which can't be larger, give or take its own header. */
#define MESSAGE_BYTES_MAX ((int64) MaxAllocSize + 64 * 1024)

/*
 * Production's statement_timeout ends each stream. Where this side is slow, what was sent by
 * then may still be on its way: this many bytes at most, within so many milliseconds.
 */
#define LATE_BYTES_MAX (8 * 1024 * 1024)
#define LATE_MILLISECONDS 250

/* What COPY's callback reads from; it takes no argument of its own. */
static struct
{
	Remote *remote;
	const char *sql;
	TimestampTz end;      /* when production should have ended it */
	TimestampTz late_end; /* until when its rest may come after that */
	int64 patience;       /* microseconds that production may still be waited for */
	char *chunk;          /* libpq's, or NULL */
	const char *piece;    /* what is read now: the chunk, or the stream's rest */
	int length;
	int used;
	bool is_at_end;
} source;

/* Until when production may be waited for now. */
static TimestampTz
patience_end(void)
{
	return Min(GetCurrentTimestamp() + source.patience, source.late_end);
}

/*
 * Waits until the stream's next chunk can be had. All of these waits together may take as
 * long as an answer: what this side takes for the rows is not production's silence.
 */
static int
wait_for_chunk(char **chunk)
{
	TimestampTz begun = GetCurrentTimestamp();
	TimestampTz deadline = patience_end();
	int length;

	while ((length = PQgetCopyData(source.remote->conn, chunk, 1)) == 0)
	{
		remote_wait(source.remote, WL_SOCKET_READABLE, deadline);
		remote_take_input(source.remote, source.sql);
	}
	source.patience -= GetCurrentTimestamp() - begun;
	return length;
}

/*
 * Fetches the stream's next chunk into *chunk, which the caller frees with PQfreemem(), and
 * returns its length; 0 at the end, which is read to its status.
 */
static int
next_chunk(char **chunk)
{
	Remote *remote = source.remote;
	int length;

	CHECK_FOR_INTERRUPTS();
	length = PQgetCopyData(remote->conn, chunk, 1);
	if (length == 0)
		length = wait_for_chunk(chunk);
	remote->unparsed = 0;
	if (length > 0)
	{
		remote->bytes_received += length;
		return length;
	}
	remote_read_end(remote, source.sql, patience_end());
	return 0;
}

/*
 * Takes the whole rest of a stream that production should have ended, before any of it is
 * copied: that it ends must not depend on how fast this side is.
 */
static void
take_rest(void)
{
	MemoryContext caller = MemoryContextSwitchTo(CurTransactionContext);
	StringInfoData rest;
	char *chunk;
	int length;

	initStringInfo(&rest);
	MemoryContextSwitchTo(caller);
	source.late_end = remote_deadline_in(LATE_MILLISECONDS);
	while ((length = next_chunk(&chunk)) > 0)
	{
		appendBinaryStringInfo(&rest, chunk, length);
		PQfreemem(chunk);
		if (rest.len > LATE_BYTES_MAX || GetCurrentTimestamp() > source.late_end)
			remote_refuse(source.remote, ERRCODE_PROTOCOL_VIOLATION,
			              "its stream of rows does not end", source.sql);
	}
	source.piece = rest.data;
	source.length = rest.len;
	source.is_at_end = true;
}

/* Reads the stream's next piece; false at its end. */
static bool
next_piece(void)
{
	PQfreemem(source.chunk);
	source.chunk = NULL;
	source.used = source.length = 0;
	if (source.is_at_end)
		return false;
	if (GetCurrentTimestamp() > source.end)
		take_rest();
	else
	{
		source.length = next_chunk(&source.chunk);
		source.piece = source.chunk;
		source.is_at_end = source.length == 0;
	}
	return source.length > 0;
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
		memcpy((char *) outbuf + given, source.piece + source.used, part);
		source.used += part;
		given += part;
	}
	return given;
}

/* Runs a COPY whose stream has to have a number of columns in their binary form. */
static void
begin_stream(Remote *remote, const char *sql, int columns)
{
	PGresult *result;
	ExecStatusType status;
	TimestampTz end;
	bool is_fitting;

	remote_send(remote, sql);
	end = remote_deadline_in(remote_silence_allowed());
	result = remote_next_result(remote, sql, end);
	status = PQresultStatus(result);
	is_fitting = PQnfields(result) == columns && PQbinaryTuples(result);
	if (status == PGRES_FATAL_ERROR)
	{
		remote->error = result;
		remote_read_end(remote, sql, end);
	}
	PQclear(result);
	if (status != PGRES_COPY_OUT || !is_fitting)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION,
		              psprintf("it is %s instead of a stream of %d binary column(s)",
		                       PQresStatus(status), columns),
		              sql);
	remote->unparsed_max = MESSAGE_BYTES_MAX;
	PQfreemem(source.chunk);
	memset(&source, 0, sizeof(source));
	source.remote = remote;
	source.sql = sql;
	source.end = end;
	source.late_end = DT_NOEND;
	source.patience = end - GetCurrentTimestamp();
}

/* Copies the stream's rows, read to its end, into some columns of a table. */
static uint64
copy_rows(Relation target, List *columns)
{
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
	/* The trailer may have been read before the stream's end was. */
	if (next_piece())
		remote_refuse(source.remote, ERRCODE_PROTOCOL_VIOLATION,
		              "its stream goes on behind its end", source.sql);
	return rows;
}

/*
 * Copies with the texts left as production sent them: in the database's encoding, which
 * remote_open() asks for. The binary input functions convert from the encoding of this
 * session's client, which has nothing to do with the stream.
 */
static uint64
copy_in_database_encoding(Relation target, List *columns)
{
	int client = pg_get_client_encoding();
	volatile uint64 rows = 0;

	(void) SetClientEncoding(GetDatabaseEncoding());
	PG_TRY();
	{
		rows = copy_rows(target, columns);
	}
	PG_FINALLY();
	{
		(void) SetClientEncoding(client);
	}
	PG_END_TRY();
	return rows;
}

/*
 * Copies the stream into a table. Each value was asked for in the column's own type:
 * bytes that are none of that type, or no stream, are production's fault (08P01), and
 * not that of a row.
 */
static uint64
copy_into(Relation target, List *columns)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile uint64 rows = 0;

	PG_TRY();
	{
		rows = copy_in_database_encoding(target, columns);
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		if (error->sqlerrcode != ERRCODE_BAD_COPY_FILE_FORMAT &&
		    error->sqlerrcode != ERRCODE_INVALID_BINARY_REPRESENTATION)
			PG_RE_THROW();
		FlushErrorState();
		remote_refuse(source.remote, ERRCODE_PROTOCOL_VIOLATION, error->message, source.sql);
	}
	PG_END_TRY();
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
	RangeVar *name = makeRangeVar("ngeshare", pstrdup(table), -1);
	Relation target = table_openrv(name, RowExclusiveLock);
	uint64 rows;

	begin_stream(remote, sql,
	             columns != NIL ? list_length(columns) : RelationGetNumberOfAttributes(target));
	rows = copy_into(target, columns);
	remote_end_transaction(remote);
	table_close(target, NoLock);
	CommandCounterIncrement();
	return rows;
}

/*
 * src/mirror/remote_copy.c
 *		Copies the rows of a query on production straight into a local table.
 *
 * COPY is binary on both sides. So values are not converted to text, no cursor stays open on
 * production, and rows are inserted in batches instead of one by one.
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

/*
 * The largest message of a COPY stream. A message holds one row, which can't be larger than
 * MaxAllocSize, and a header.
 */
#define MESSAGE_BYTES_MAX ((int64) MaxAllocSize + 64 * 1024)

/*
 * Production's statement_timeout ends each stream. If this side reads slowly, bytes that were
 * sent before the timeout may arrive after it: at most LATE_BYTES_MAX, within LATE_MILLISECONDS.
 */
#define LATE_BYTES_MAX (8 * 1024 * 1024)
#define LATE_MILLISECONDS 250

/*
 * The stream that COPY's callback reads. It is a static variable because COPY passes the callback
 * no argument of ours.
 */
static struct
{
	Remote *remote;
	const char *sql;
	TimestampTz end;      /* when production should have ended the stream */
	TimestampTz late_end; /* deadline for the rest of the stream, after end */
	int64 patience;       /* microseconds left for waits for production */
	char *chunk;          /* memory of libpq's, or NULL */
	const char *piece;    /* the bytes being read: chunk, or the stream's rest */
	int length;
	int used;
	bool is_at_end;
} source;

/* Returns the deadline for a wait that begins now. */
static TimestampTz
patience_end(void)
{
	return Min(GetCurrentTimestamp() + source.patience, source.late_end);
}

/*
 * Waits for the stream's next chunk. All these waits together may take as long as one answer. The
 * time that this side needs to store rows does not count.
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
 * Fetches the stream's next chunk, which the caller frees with PQfreemem(), and returns its
 * length. At the end of the stream, reads the statement's final status and returns 0.
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
 * Reads the whole rest of a stream that production should have ended, before any of it is copied.
 * So the check that the stream ends does not depend on how fast this side stores rows.
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

/* Reads the stream's next piece; returns false at the end. */
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

/* COPY's callback: returns at least minread bytes, or fewer at the end of the stream. */
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

/* Starts a COPY on production; refuses a stream that is not binary or has other columns. */
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

/* Copies the stream's rows into some columns of a table, and checks that nothing follows them. */
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
	/* COPY stops at the binary trailer, maybe before the end of the stream was read. */
	if (next_piece())
		remote_refuse(source.remote, ERRCODE_PROTOCOL_VIOLATION, "its stream goes on after its end",
		              source.sql);
	return rows;
}

/*
 * Copies the rows without converting their texts. Production sends texts in the database's
 * encoding, as remote_open() asks. The binary input functions convert from this session's client
 * encoding, so that is set to the database's encoding during the copy.
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
 * Copies the stream into a table. Each value was requested in the type of its column. So bytes
 * that are not a value of this type, or not a valid stream, are an error of production (08P01)
 * and not of a row.
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
 * Copies a query's rows into a table of schema ngeshare and returns their number. The columns
 * (String nodes; NIL for all) must have the order and the types of the query's columns. If an
 * error is raised, the abort of the caller's transaction removes the rows.
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

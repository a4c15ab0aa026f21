/*
 * src/mirror/remote_answer.c
 *		Sends a statement to production and reads the answer. An answer that has another shape
 *		than the expected one, is too large or comes too late raises 08P01 or 08006.
 *
 * Production is not trusted. libpq would buffer an answer of any size and wait for it for ever.
 * So rows are taken one by one as they arrive, bytes are counted before libpq parses them into a
 * row, and one deadline applies to the whole answer. Every loop checks for interrupts.
 */
#include "mirror/remote_internal.h"

#include <sys/ioctl.h>

#include "compat.h"
#include "mirror/session.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "storage/latch.h"

/*
 * Milliseconds by which the wait for an answer exceeds production's statement_timeout, so that
 * production's own timeout ends a slow statement first.
 */
#define SILENCE_GRACE 1500

/*
 * The largest number of bytes that may arrive before libpq returns the next row: ANSWER_BYTES,
 * plus ROW_BYTES for each row that was asked for, plus twice the length of the statement, which
 * may contain keys.
 */
#define ANSWER_BYTES (4 * 1024 * 1024)
#define ROW_BYTES 128

/*
 * Returns how many milliseconds to wait for an answer: a little longer than production's timeout.
 */
int
remote_silence_allowed(void)
{
	return ngeshare_settings.sync_timeout * 1000 + SILENCE_GRACE;
}

TimestampTz
remote_deadline_in(int milliseconds)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
}

/* Waits for events on the socket or for our latch; returns false once the deadline has passed. */
bool
remote_wait_until(Remote *remote, int events, TimestampTz deadline)
{
	static uint32 wait_event;
	long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
	int got;

	if (left <= 0)
		return false;
	got = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH | events,
	                        PQsocket(remote->conn), left,
	                        compat_wait_event(&wait_event, "NgeshareProduction"));
	if (got & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

/* Waits like remote_wait_until(), but raises 08006 once the deadline has passed. */
void
remote_wait(Remote *remote, int events, TimestampTz deadline)
{
	if (!remote_wait_until(remote, events, deadline))
		ereport(ERROR,
		        (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("production has stopped answering"),
		         errdetail("Its answer was not complete after a little more than %d s"
		                   " (ngeshare.sync_timeout).",
		                   ngeshare_settings.sync_timeout),
		         errhint("Try again when it answers; nothing is lost.")));
}

/*
 * Lets libpq read the bytes that have arrived. libpq's buffer grows without limit, so this
 * function counts the bytes that libpq has not returned as rows yet, and refuses more than
 * unparsed_max. libpq would also keep notifications, which nothing uses, so they are freed at
 * once.
 */
void
remote_take_input(Remote *remote, const char *sql)
{
	PGnotify *notification;
	int waiting = 0;

	if (ioctl(PQsocket(remote->conn), FIONREAD, &waiting) == 0)
		remote->unparsed += waiting;
	if (PQconsumeInput(remote->conn) == 0)
		remote_raise_query_error(remote, sql);
	while ((notification = PQnotifies(remote->conn)) != NULL)
		PQfreemem(notification);
	if (remote->unparsed > remote->unparsed_max)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it is too large", sql);
}

/* Waits for the next result of the current statement; returns NULL after the last one. */
PGresult *
remote_next_result(Remote *remote, const char *sql, TimestampTz deadline)
{
	CHECK_FOR_INTERRUPTS();
	while (PQisBusy(remote->conn))
	{
		remote_wait(remote, WL_SOCKET_READABLE, deadline);
		remote_take_input(remote, sql);
	}
	return PQgetResult(remote->conn);
}

/*
 * Reads the end of a statement that returns no rows, or whose rows have all been read: it must be
 * one command tag. Raises production's error if the statement failed.
 */
void
remote_read_end(Remote *remote, const char *sql, TimestampTz deadline)
{
	int count = 0;
	PGresult *result;

	for (; (result = remote_next_result(remote, sql, deadline)) != NULL; count++)
	{
		ExecStatusType status = PQresultStatus(result);

		if (status == PGRES_FATAL_ERROR && count == 0)
		{
			remote->error = result;
			continue;
		}
		PQclear(result);
		if (status != PGRES_COMMAND_OK || count > 0)
			remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it has no proper end", sql);
	}
	if (remote->error != NULL)
		remote_raise_query_error(remote, sql);
}

/* Runs a statement that returns no rows. */
void
remote_command(Remote *remote, const char *sql)
{
	remote_send(remote, sql);
	remote_read_end(remote, sql, remote_deadline_in(remote_silence_allowed()));
}

/*
 * Behind a pooler, opens a transaction for the next statement and sets our settings in it,
 * because they must not be set for the session.
 */
static void
begin_transaction(Remote *remote)
{
	if (!remote->is_pooled || remote->is_pinning)
		return;
	remote->is_pinning = true;
	remote_command(remote, SESSION_BEGIN);
	remote_rows(remote, session_pinning_query(true), SESSION_SHAPE, 1, 1);
	remote->is_pinning = false;
	remote->owes_end = true;
}

/* Ends the transaction of begin_transaction(), after the statement's answer is complete. */
void
remote_end_transaction(Remote *remote)
{
	if (!remote->owes_end)
		return;
	remote->owes_end = false;
	remote->is_pinning = true;
	remote_command(remote, SESSION_END);
	remote->is_pinning = false;
}

/* Sends a whole statement; remote_receive() then waits for the answer. */
void
remote_send(Remote *remote, const char *sql)
{
	TimestampTz deadline;
	int left;

	begin_transaction(remote);
	deadline = remote_deadline_in(remote_silence_allowed());
	remote->unparsed = 0;
	remote->unparsed_max = ANSWER_BYTES;
	if (PQsendQuery(remote->conn, sql) == 0 || PQsetSingleRowMode(remote->conn) == 0)
		remote_raise_query_error(remote, sql);
	while ((left = PQflush(remote->conn)) == 1)
	{
		remote_wait(remote, WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE, deadline);
		remote_take_input(remote, sql);
	}
	if (left != 0)
		remote_raise_query_error(remote, sql);
}

/* Returns the number of bytes in the values of a result's only row. */
static int64
count_bytes(const PGresult *result)
{
	int64 bytes = 0;

	for (int column = 0; column < PQnfields(result); column++)
		bytes += PQgetlength(result, 0, column);
	return bytes;
}

/*
 * Takes one result of a query: a row, the end of the rows, or an error, which is kept in
 * remote->error until the statement has ended. Returns false for any other result, and for a row
 * or columns that do not fit the shape.
 */
static bool
take_result(Remote *remote, PGresult *result, const Shape *shape, RemoteRows *rows,
            ShapeFault *fault)
{
	bool is_taken = false;

	switch (PQresultStatus(result))
	{
		case PGRES_SINGLE_TUPLE:
			remote->unparsed = 0;
			remote->bytes_received += count_bytes(result);
			is_taken = (rows->count > 0 || shape_fits_columns(shape, result, fault)) &&
			           shape_take_row(shape, result, rows, fault);
			break;
		case PGRES_TUPLES_OK:
			is_taken = shape_fits_columns(shape, result, fault);
			break;
		case PGRES_FATAL_ERROR:
		case PGRES_BAD_RESPONSE:
			remote->error = result;
			return true;
		default:
			fault->sqlstate = ERRCODE_PROTOCOL_VIOLATION;
			fault->what = psprintf("it is %s instead of rows", PQresStatus(PQresultStatus(result)));
			break;
	}
	PQclear(result);
	return is_taken;
}

/*
 * Waits for the answer to the statement that was sent, and returns it if it has the given shape
 * (remote_shape.c) and from min_rows to max_rows rows. Raises production's error; 08P01 for any
 * other answer, or 22021 for a key that is not valid in our encoding; 08006 if the connection
 * breaks or the answer is late.
 */
RemoteRows *
remote_receive(Remote *remote, const char *sql, const char *shape_text, int64 min_rows,
               int64 max_rows)
{
	TimestampTz deadline = remote_deadline_in(remote_silence_allowed());
	RemoteRows *rows = palloc0(sizeof(RemoteRows));
	ShapeFault fault = {0};
	bool has_ended = false;
	PGresult *result;
	Shape shape;

	shape_read(shape_text, &shape);
	remote->unparsed_max = ANSWER_BYTES + ROW_BYTES * max_rows + 2 * (int64) strlen(sql);
	while ((result = remote_next_result(remote, sql, deadline)) != NULL)
	{
		bool is_row = PQresultStatus(result) == PGRES_SINGLE_TUPLE;

		if (has_ended)
		{
			PQclear(result);
			remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION, "it has more than one result", sql);
		}
		has_ended = !is_row;
		if (!take_result(remote, result, &shape, rows, &fault))
			remote_refuse(remote, fault.sqlstate, fault.what, sql);
		if (rows->count > max_rows)
			remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION,
			              psprintf("it has more than %lld row(s)", (long long) max_rows), sql);
	}
	if (remote->error != NULL)
		remote_raise_query_error(remote, sql);
	if (!has_ended || rows->count < min_rows)
		remote_refuse(remote, ERRCODE_PROTOCOL_VIOLATION,
		              psprintf("it has %lld row(s) instead of %lld or more",
		                       (long long) rows->count, (long long) min_rows),
		              sql);
	remote_end_transaction(remote);
	return rows;
}

/* Runs one statement and returns its rows, which are checked as in remote_receive(). */
RemoteRows *
remote_rows(Remote *remote, const char *sql, const char *shape, int64 min_rows, int64 max_rows)
{
	remote_send(remote, sql);
	return remote_receive(remote, sql, shape, min_rows, max_rows);
}

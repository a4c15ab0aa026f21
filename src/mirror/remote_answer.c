/*
 * src/mirror/remote_answer.c
 *		A statement to production, and its answer: of the shape that was asked for,
 *		of a bounded size, within a bounded time; 08P01 or 08006 otherwise.
 *
 * Production is not trusted. libpq would buffer an answer of any size and wait for
 * it for ever, so rows are taken one by one as they come, bytes are counted before
 * libpq has made a row of them, and one deadline holds for the whole answer. Every
 * loop looks for interrupts.
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
 * So much longer than production may work on a statement it may stay silent, in
 * milliseconds: its own statement_timeout comes first.
 */
#define SILENCE_GRACE 1500

/*
 * An answer may be this large, in bytes, and larger by what each row that was asked
 * for and the question itself (which may name keys) allow.
 */
#define ANSWER_BYTES (4 * 1024 * 1024)
#define ROW_BYTES 128

/* How long production may take for an answer, in milliseconds: then it would have timed out. */
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

/* Waits until the socket is ready for what is wanted, or for our latch; false after a deadline. */
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

/* As remote_wait_until(), but raises 08006 after the deadline. */
void
remote_wait(Remote *remote, int events, TimestampTz deadline)
{
	if (!remote_wait_until(remote, events, deadline))
		ereport(ERROR,
		        (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("production has stopped answering"),
		         errdetail("Its answer was not whole after %d s (ngeshare.sync_timeout) and a"
		                   " little more.",
		                   ngeshare_settings.sync_timeout),
		         errhint("Run CALL ngeshare_sync() again when it answers; nothing is lost.")));
}

/*
 * Lets libpq read what has come. Its buffer grows without limit, so the bytes that it has not
 * handed out yet are counted, and an answer above unparsed_max is refused.
 * Notifications are freed at once, since libpq keeps them and nobody needs them.
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

/* Waits for the next result of the statement under way; NULL after its last. */
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
 * Reads the results of a statement that has no rows, or none left: one command tag.
 * Raises production's error where it failed.
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

/* Runs a statement that has no rows. */
void
remote_command(Remote *remote, const char *sql)
{
	remote_send(remote, sql);
	remote_read_end(remote, sql, remote_deadline_in(remote_silence_allowed()));
}

/* Opens the transaction that a statement needs where its session may keep no settings. */
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

/* Ends that transaction, once its statement's answer is complete. */
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

/* Sends one statement whole; its answer is waited for with remote_receive(). */
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

/* Adds up what a result's only row came to. */
static int64
count_bytes(const PGresult *result)
{
	int64 bytes = 0;

	for (int column = 0; column < PQnfields(result); column++)
		bytes += PQgetlength(result, 0, column);
	return bytes;
}

/*
 * Takes a result of a query, of which it makes an end: a row, the end of the rows,
 * or an error, which is raised when the statement has come to its end. False where
 * it is nothing of these.
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
 * Waits for the answer to what was sent and returns it, when it has the shape
 * (remote_shape.c) and a number of rows that was asked for. Raises production's
 * error, 08P01 for any other answer, or 08006 when the connection breaks.
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

/* Runs one statement and returns its rows, as remote_receive() does. */
RemoteRows *
remote_rows(Remote *remote, const char *sql, const char *shape, int64 min_rows, int64 max_rows)
{
	remote_send(remote, sql);
	return remote_receive(remote, sql, shape, min_rows, max_rows);
}

/*
 * src/mirror/remote.c
 *		Our own connection to production, for SQL that has to arrive as written.
 *
 * The planner pushes neither zones nor whole-row work down to production, so
 * checks and aggregates go as verbatim SQL over libpq, with the same server's
 * and user mapping's options as the foreign tables. Every wait is on our latch:
 * it ends on a cancel, on shutdown and after a silence, never only by TCP.
 * A connection lives in the memory context it was opened in and closes with it.
 */
#include "mirror/remote.h"

#include "access/xact.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/session.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "pgstat.h"
#include "storage/fd.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

/* A connection that takes longer than this is given up, in milliseconds. */
#define REMOTE_CONNECT_TIMEOUT 10000

/* So much longer than production may work on a statement it may stay silent, in milliseconds. */
#define REMOTE_SILENCE_GRACE 2000

struct Remote
{
	PGconn *conn;
	bool holds_fd;        /* counted among the backend's external files */
	int64 bytes_received; /* of rows, without the protocol's own */
	MemoryContextCallback cleanup;
};

/*
 * Ends the connection. A statement that still runs there is not cancelled by a
 * request of its own, which libpq would wait for as long as the network is silent:
 * production looks every second whether we are still there.
 */
static void
disconnect(void *arg)
{
	Remote *remote = arg;

	if (remote->conn != NULL)
		PQfinish(remote->conn);
	remote->conn = NULL;
	if (remote->holds_fd)
		ReleaseExternalFD();
	remote->holds_fd = false;
}

void
remote_close(Remote *remote)
{
	disconnect(remote);
}

/*
 * Takes production's SQLSTATE out of a verbose libpq message
 * ("... FATAL:  28P01: text\nLOCATION: ..."), whatever its language, and returns
 * the message without it and what follows the line. Leaves *sqlstate where
 * there is none: the trouble was on the way.
 */
char *
remote_error_message(char *message, int *sqlstate)
{
	char *plain = pstrdup(message);
	char *end;

	for (char *at = strstr(plain, ":  "); at != NULL; at = strstr(at + 1, ":  "))
	{
		char *code = at + 3;
		char *text;

		if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 || code[5] != ':')
			continue;
		*sqlstate = MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
		text = code + 6;
		if (*text == ' ')
			text++;
		memmove(code, text, strlen(text) + 1);
		end = strchr(code, '\n');
		if (end != NULL)
			*end = '\0';
		return plain;
	}
	end = plain + strlen(plain);
	while (end > plain && isspace((unsigned char) end[-1]))
		*--end = '\0';
	return plain;
}

/* Raises the connection's own error: it could not be made, or it broke. */
static void
raise_connection_error(Remote *remote, int sqlstate)
{
	char *message = remote_error_message(PQerrorMessage(remote->conn), &sqlstate);

	ereport(ERROR,
	        (errcode(sqlstate), errmsg("could not connect to production: %s", message),
	         sqlstate == ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION
	             ? errhint("Check host, port and network; then SELECT ngeshare_connect(...) again.")
	             : errhint("Check the login that was given to ngeshare_connect().")));
}

/* A copy of one field of an error, or NULL where production gave none. */
static char *
error_field(PGresult *result, int field)
{
	char *text = PQresultErrorField(result, field);

	return text != NULL ? pstrdup(text) : NULL;
}

/* Raises what a statement failed with, by production's own SQLSTATE and words. */
static void
raise_query_error(Remote *remote, PGresult *result, const char *sql)
{
	char *state = error_field(result, PG_DIAG_SQLSTATE);
	char *primary = error_field(result, PG_DIAG_MESSAGE_PRIMARY);
	char *detail = error_field(result, PG_DIAG_MESSAGE_DETAIL);
	char *hint = error_field(result, PG_DIAG_MESSAGE_HINT);
	int sqlstate = ERRCODE_CONNECTION_FAILURE;

	PQclear(result);
	if (state != NULL)
		sqlstate = MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
	else
		primary = remote_error_message(PQerrorMessage(remote->conn), &sqlstate);
	ereport(ERROR,
	        (errcode(sqlstate), errmsg("production: %s", primary ? primary : "unknown error"),
	         detail ? errdetail("%s", detail) : 0, hint ? errhint("%s", hint) : 0,
	         errcontext("remote SQL: %s", sql)));
}

/* How long production may stay silent, in milliseconds: then it would have timed out itself. */
static int
silence_allowed(void)
{
	return ngeshare_settings.sync_timeout * 1000 + REMOTE_SILENCE_GRACE;
}

/*
 * Waits until the socket is ready for what is wanted, or for our latch. Raises
 * 08006 after a deadline.
 */
static void
wait_for_socket(Remote *remote, int events, TimestampTz deadline)
{
	long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
	int got;

	if (left <= 0)
		ereport(
		    ERROR,
		    (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("production has stopped answering"),
		     errdetail("Not a byte has come for %d s (ngeshare.sync_timeout, and a little more).",
		               silence_allowed() / 1000),
		     errhint("Run CALL ngeshare_sync() again when it answers; nothing is lost.")));
	got = WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH | events,
	                        PQsocket(remote->conn), left, PG_WAIT_EXTENSION);
	if (got & WL_LATCH_SET)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static TimestampTz
deadline_in(int milliseconds)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
}

/* Carries a connection attempt to its end; raises 08001 or what production said. */
static void
finish_connecting(Remote *remote)
{
	int allowed = Min(REMOTE_CONNECT_TIMEOUT, ngeshare_settings.sync_timeout * 1000);
	TimestampTz deadline = deadline_in(allowed);
	PostgresPollingStatusType polling = PGRES_POLLING_WRITING;

	while (polling == PGRES_POLLING_READING || polling == PGRES_POLLING_WRITING)
	{
		if (TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline) <= 0)
			ereport(ERROR, (errcode(ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION),
			                errmsg("could not connect to production: no answer within %d s",
			                       allowed / 1000),
			                errhint("Check host, port and network.")));
		wait_for_socket(remote,
		                polling == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_CONNECTED,
		                deadline);
		polling = PQconnectPoll(remote->conn);
	}
	if (polling != PGRES_POLLING_OK)
		raise_connection_error(remote, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION);
}

/* Makes the connection that libpq's keywords and values describe. */
static void
connect_to(Remote *remote, const char **keywords, const char **values)
{
	remote->conn = PQconnectStartParams(keywords, values, 0);
	if (remote->conn == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (PQstatus(remote->conn) == CONNECTION_BAD)
		raise_connection_error(remote, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION);
	PQsetErrorVerbosity(remote->conn, PQERRORS_VERBOSE);
	finish_connecting(remote);
	PQsetnonblocking(remote->conn, 1);
}

/*
 * Opens a connection with a list of DefElems, of which it takes those that are
 * libpq's. Raises 08001, or the SQLSTATE that production refused with.
 */
Remote *
remote_open(List *options)
{
	Remote *remote = palloc0(sizeof(Remote));
	const char **keywords = palloc0(sizeof(char *) * (list_length(options) + 3));
	const char **values = palloc0(sizeof(char *) * (list_length(options) + 3));
	PQconninfoOption *known = PQconndefaults();
	int count = 0;
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		for (PQconninfoOption *libpq = known; libpq && libpq->keyword; libpq++)
			if (strcmp(libpq->keyword, option->defname) == 0)
			{
				keywords[count] = option->defname;
				values[count++] = defGetString(option);
			}
	}
	PQconninfoFree(known);
	keywords[count] = "client_encoding";
	values[count++] = GetDatabaseEncodingName();

	if (!AcquireExternalFD())
		ereport(ERROR,
		        (errcode(ERRCODE_INSUFFICIENT_RESOURCES),
		         errmsg("could not connect to production: too many open files here"),
		         errhint("Raise max_files_per_process, or close other foreign connections.")));
	remote->holds_fd = true;
	remote->cleanup.func = disconnect;
	remote->cleanup.arg = remote;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &remote->cleanup);

	PG_TRY();
	{
		connect_to(remote, keywords, values);
		session_prepare(remote);
	}
	PG_CATCH();
	{
		remote_close(remote);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return remote;
}

/* The foreign server, or 55000 where ngeshare_connect() has not made it. */
static ForeignServer *
production_server(void)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);

	if (server == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("this database is not connected to production"),
		         errhint("SELECT ngeshare_connect('host=... dbname=... user=... password=...');")));
	return server;
}

/* The role that owns the connection; a sync runs as it. */
Oid
remote_production_owner(void)
{
	return production_server()->owner;
}

/* Opens a connection as the foreign tables would for the server's owner. */
Remote *
remote_open_production(void)
{
	ForeignServer *server = production_server();
	UserMapping *mapping = GetUserMapping(server->owner, server->serverid);

	return remote_open(list_concat_copy(server->options, mapping->options));
}

/* A text with every occurrence of a secret in it covered. */
static char *
cover(const char *text, const char *secret)
{
	StringInfoData covered;
	const char *found;

	initStringInfo(&covered);
	while (secret[0] != '\0' && (found = strstr(text, secret)) != NULL)
	{
		appendBinaryStringInfo(&covered, text, found - text);
		appendStringInfoString(&covered, "***");
		text = found + strlen(secret);
	}
	appendStringInfoString(&covered, text);
	return covered.data;
}

/* A text for a log, without the secrets that the login to production holds; NULL stays NULL. */
char *
remote_without_secrets(const char *text)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);
	char *safe = text != NULL ? pstrdup(text) : NULL;
	ListCell *cell;

	if (text == NULL || server == NULL ||
	    !SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(server->owner),
	                           ObjectIdGetDatum(server->serverid)))
		return safe;
	foreach (cell, GetUserMapping(server->owner, server->serverid)->options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "password") == 0 || strcmp(option->defname, "sslpassword") == 0)
			safe = cover(safe, defGetString(option));
	}
	return safe;
}

/* Reads what has come and says whether a result can be had without waiting. */
static void
wait_for_result(Remote *remote, const char *sql)
{
	TimestampTz deadline = deadline_in(silence_allowed());

	while (PQisBusy(remote->conn))
	{
		wait_for_socket(remote, WL_SOCKET_READABLE, deadline);
		if (PQconsumeInput(remote->conn) == 0)
			raise_query_error(remote, NULL, sql);
	}
}

/* Adds up what the rows of a result came to. */
static int64
count_bytes(PGresult *result)
{
	int64 bytes = 0;

	for (int row = 0; row < PQntuples(result); row++)
		for (int column = 0; column < PQnfields(result); column++)
			bytes += PQgetlength(result, row, column);
	return bytes;
}

/* Sends one statement whole; its answer is waited for with remote_receive(). */
void
remote_send(Remote *remote, const char *sql)
{
	TimestampTz deadline = deadline_in(silence_allowed());
	int left;

	if (PQsendQuery(remote->conn, sql) == 0)
		raise_query_error(remote, NULL, sql);
	while ((left = PQflush(remote->conn)) == 1)
	{
		wait_for_socket(remote, WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE, deadline);
		if (PQconsumeInput(remote->conn) == 0)
			raise_query_error(remote, NULL, sql);
	}
	if (left != 0)
		raise_query_error(remote, NULL, sql);
}

/*
 * Waits for what was sent and returns its result, which the caller PQclears: a
 * result set, or PGRES_COPY_OUT at the beginning of a stream. Raises production's
 * error, or 08006 when the connection breaks.
 */
PGresult *
remote_receive(Remote *remote, const char *sql)
{
	PGresult *result = NULL;
	PGresult *next;

	for (;;)
	{
		wait_for_result(remote, sql);
		next = PQgetResult(remote->conn);
		if (next == NULL)
			break;
		PQclear(result);
		result = next;
		if (PQresultStatus(result) == PGRES_COPY_OUT)
			return result;
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK && PQresultStatus(result) != PGRES_COMMAND_OK)
		raise_query_error(remote, result, sql);
	remote->bytes_received += count_bytes(result);
	return result;
}

/* Runs one statement and returns its result, as remote_receive() does. */
PGresult *
remote_query(Remote *remote, const char *sql)
{
	remote_send(remote, sql);
	return remote_receive(remote, sql);
}

/*
 * Fetches the next piece of a stream into *chunk, which the caller frees with
 * PQfreemem(), and returns its length; 0 at the end, which is read to its status.
 */
int
remote_next_chunk(Remote *remote, char **chunk, const char *sql)
{
	TimestampTz deadline = deadline_in(silence_allowed());
	int length;

	while ((length = PQgetCopyData(remote->conn, chunk, 1)) == 0)
	{
		wait_for_socket(remote, WL_SOCKET_READABLE, deadline);
		if (PQconsumeInput(remote->conn) == 0)
			raise_query_error(remote, NULL, sql);
	}
	if (length > 0)
	{
		remote->bytes_received += length;
		return length;
	}
	PQclear(remote_receive(remote, sql));
	return 0;
}

/* Whether a connection is whole, with no statement of ours under way. */
bool
remote_is_idle(Remote *remote)
{
	return PQtransactionStatus(remote->conn) == PQTRANS_IDLE;
}

/* What has come over this connection, in bytes of rows. */
int64
remote_bytes_received(Remote *remote)
{
	return remote->bytes_received;
}

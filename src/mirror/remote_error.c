/*
 * src/mirror/remote_error.c
 *		Turns messages from production and libpq into valid texts and errors, and closes
 *		connections whose answers are refused.
 *
 * Before the login nothing is converted to our encoding, and a hostile production may send any
 * bytes. So each text from libpq passes through remote_valid_text() before it reaches an error, a
 * log or a table.
 */
#include "mirror/remote_internal.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/session.h"
#include "miscadmin.h"
#include "sendable.h"
#include "storage/fd.h"

/* The largest number of bytes of a message; a longer one is cut. */
#define MESSAGE_BYTES 4000

#define SQLSTATE_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/*
 * Returns a copy of a text that is valid in the database's encoding. An invalid byte is written
 * as in \xE4, and a long text is cut between two characters.
 */
char *
remote_valid_text(const char *text)
{
	int left = strlen(text);
	StringInfoData valid;

	initStringInfo(&valid);
	while (left > 0 && valid.len < MESSAGE_BYTES)
	{
		int length = pg_encoding_verifymbchar(GetDatabaseEncoding(), text, left);

		if (length > 0)
			appendBinaryStringInfo(&valid, text, length);
		else
			appendStringInfo(&valid, "\\x%02X", (unsigned char) *text);
		text += Max(length, 1);
		left -= Max(length, 1);
	}
	if (left > 0)
		appendStringInfoString(&valid, "...");
	return valid.data;
}

/*
 * Reads an SQLSTATE from production. Returns 08P01 for a malformed one, for one that means
 * success, and for one of our own class NG, because callers would act on it.
 */
static int
read_sqlstate(const char *code)
{
	bool is_code = strspn(code, SQLSTATE_CHARACTERS) == 5 && code[5] == '\0';

	if (!is_code || strncmp(code, "00", 2) == 0 || strncmp(code, "NG", 2) == 0)
		return ERRCODE_PROTOCOL_VIOLATION;
	return MAKE_SQLSTATE(code[0], code[1], code[2], code[3], code[4]);
}

/*
 * Reads production's SQLSTATE from a verbose libpq message
 * ("... FATAL:  28P01: text\nLOCATION: ...") in any language. Returns the message up to the end of
 * that line as a valid text, without the SQLSTATE. Leaves *sqlstate unchanged if the message has
 * none, which means that the error did not come from production.
 */
char *
remote_error_message(const char *message, int *sqlstate)
{
	char *plain = pstrdup(message);
	char *end;

	for (char *at = strstr(plain, ":  "); at != NULL; at = strstr(at + 1, ":  "))
	{
		char *code = at + 3;
		char *text;

		if (strspn(code, SQLSTATE_CHARACTERS) != 5 || code[5] != ':')
			continue;
		*sqlstate = read_sqlstate(pnstrdup(code, 5));
		text = code + 6;
		if (*text == ' ')
			text++;
		memmove(code, text, strlen(text) + 1);
		end = strchr(code, '\n');
		if (end != NULL)
			*end = '\0';
		return remote_valid_text(plain);
	}
	end = plain + strlen(plain);
	while (end > plain && isspace((unsigned char) end[-1]))
		*--end = '\0';
	return remote_valid_text(plain);
}

/* Returns the hint for a connection that could not be made. */
static const char *
connection_hint(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_INVALID_CATALOG_NAME:
			return "Check the dbname that was given to ngeshare_connect().";
		case ERRCODE_TOO_MANY_CONNECTIONS:
			return "Production has no connection left: raise max_connections or the login's"
			       " CONNECTION LIMIT there, or try again later.";
		case ERRCODE_CANNOT_CONNECT_NOW:
			return "Production is starting up, shutting down or recovering: try again later.";
		case ERRCODE_INVALID_PARAMETER_VALUE:
			return "Production refused one of the settings that a session begins with: see the"
			       " options of ngeshare_connect().";
		default:
			break;
	}
	if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION)
		return "Check the login that was given to ngeshare_connect().";
	if (ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_CONNECTION_EXCEPTION)
		return "Check host, port and network, and that PostgreSQL answers there. If the address is"
		       " wrong, SELECT ngeshare_connect(...) again.";
	return "See what production says about it, in its own log as well.";
}

/* Raises that no connection could be made; the detail may be NULL. */
void
remote_raise_connection_error(int sqlstate, const char *message, const char *detail)
{
	const char *pooler = session_refusal_hint(message);

	ereport(ERROR, (errcode(sqlstate), errmsg("could not connect to production: %s", message),
	                detail != NULL ? errdetail("%s", remote_valid_text(detail)) : 0,
	                errhint("%s", pooler != NULL ? pooler : connection_hint(sqlstate))));
}

/* Returns one field of an error as valid text, or NULL if production sent none. */
static char *
error_field(const PGresult *result, int field)
{
	char *text = PQresultErrorField(result, field);

	return text != NULL ? remote_valid_text(text) : NULL;
}

/*
 * Raises the error of the current statement (remote->error) with production's own SQLSTATE and
 * texts. If production sent no error, the connection broke, and libpq's message is raised with its
 * SQLSTATE or 08006.
 */
void
remote_raise_query_error(Remote *remote, const char *sql)
{
	char *state = error_field(remote->error, PG_DIAG_SQLSTATE);
	char *primary = error_field(remote->error, PG_DIAG_MESSAGE_PRIMARY);
	char *detail = error_field(remote->error, PG_DIAG_MESSAGE_DETAIL);
	char *hint = error_field(remote->error, PG_DIAG_MESSAGE_HINT);
	int sqlstate = ERRCODE_CONNECTION_FAILURE;

	PQclear(remote->error);
	remote->error = NULL;
	if (state != NULL)
		sqlstate = read_sqlstate(state);
	else
		primary = remote_error_message(PQerrorMessage(remote->conn), &sqlstate);
	ereport(ERROR,
	        (errcode(sqlstate), errmsg("production: %s", primary ? primary : "unknown error"),
	         detail ? errdetail("%s", detail) : 0, hint ? errhint("%s", hint) : 0,
	         errcontext("remote SQL: %s", remote_valid_text(sql))));
}

/*
 * Closes the connection. It does not cancel a running statement, because libpq would wait for the
 * cancel request as long as the network is silent. On Linux, production checks every second whether
 * the client is still connected (client_connection_check_interval).
 */
void
remote_disconnect(void *arg)
{
	Remote *remote = arg;

	PQclear(remote->error);
	remote->error = NULL;
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
	remote_disconnect(remote);
}

/* Closes the connection and raises an error: production's answer is not what was asked for. */
void
remote_refuse(Remote *remote, int sqlstate, const char *what, const char *sql)
{
	remote_close(remote);
	ereport(ERROR,
	        (errcode(sqlstate), errmsg("production's answer is not what was asked for: %s", what),
	         errhint("Check what host and port lead to, and whether something on the way, like a"
	                 " pooler, changes answers. Nothing of the answer was used."),
	         errcontext("remote SQL: %s", remote_valid_text(sql))));
}

/* Reports a notice from production at level DEBUG1. */
static void
on_notice(void *arg, const PGresult *result)
{
	char *text = error_field(result, PG_DIAG_MESSAGE_PRIMARY);

	/* libpq calls this function, and an interrupt must not jump out of libpq. */
	HOLD_INTERRUPTS();
	ereport(
	    DEBUG1,
	    (errmsg_internal(
	        "production: %s",
	        sendable_text(text != NULL ? text : remote_valid_text(PQresultErrorMessage(result))))));
	RESUME_INTERRUPTS();
}

/* Makes libpq pass notices to on_notice() instead of writing them to standard error. */
void
remote_receive_notices(Remote *remote)
{
	PQsetNoticeReceiver(remote->conn, on_notice, remote);
}

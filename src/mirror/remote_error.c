/*
 * src/mirror/remote_error.c
 *		What production or libpq says, made fit to be shown, stored and raised; and
 *		the end of a connection that has said something else.
 *
 * Before the login nothing is converted to our encoding, and a hostile production
 * sends any bytes at all. No text from libpq reaches an error, a log or a table
 * but through remote_valid_text().
 */
#include "mirror/remote_internal.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/session.h"
#include "miscadmin.h"
#include "sendable.h"
#include "storage/fd.h"

/* No message is longer, in bytes. */
#define MESSAGE_BYTES 4000

#define SQLSTATE_CHARACTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

/*
 * A copy of a text in the database's encoding: a byte that is invalid there is
 * written as \xE4, and a long text is cut between two characters.
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
 * Reads an SQLSTATE of production's. One that is none, that means success, or that
 * is of our own class becomes 08P01: callers act on those.
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
 * Takes production's SQLSTATE out of a verbose libpq message
 * ("... FATAL:  28P01: text\nLOCATION: ..."), whatever its language, and returns
 * the message without it and what follows the line, as remote_valid_text(). Leaves
 * *sqlstate where there is none: the trouble was on the way.
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

/* What to do about a connection that could not be made. */
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
		return "Check host, port and network, and that PostgreSQL answers there; then"
		       " SELECT ngeshare_connect(...) again.";
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

/* A copy of one field of an error, fit to be shown, or NULL where production gave none. */
static char *
error_field(const PGresult *result, int field)
{
	char *text = PQresultErrorField(result, field);

	return text != NULL ? remote_valid_text(text) : NULL;
}

/*
 * Raises what a statement failed with (remote->error), by production's own SQLSTATE
 * and words, or 08006 where there is no result: the connection broke.
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
 * Ends the connection. A statement that still runs there is not cancelled by a
 * request of its own, which libpq would wait for as long as the network is silent:
 * production looks every second whether we are still there.
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

/* Ends the connection and raises that production's answer is not what was asked for. */
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

/* Passes on a notice of production's, to whoever debugs. */
static void
on_notice(void *arg, const PGresult *result)
{
	char *text = error_field(result, PG_DIAG_MESSAGE_PRIMARY);

	/* libpq is at work: it is no place to be interrupted. */
	HOLD_INTERRUPTS();
	ereport(
	    DEBUG1,
	    (errmsg_internal(
	        "production: %s",
	        sendable_text(text != NULL ? text : remote_valid_text(PQresultErrorMessage(result))))));
	RESUME_INTERRUPTS();
}

/* Lets notices come to our own log, by its rules, instead of raw to standard error. */
void
remote_receive_notices(Remote *remote)
{
	PQsetNoticeReceiver(remote->conn, on_notice, remote);
}

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
#include "mirror/connect.h"
#include "mirror/conninfo.h"
#include "mirror/remote_internal.h"

#include "access/xact.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/session.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/*
 * Ends the connection. A statement that still runs there is not cancelled by a
 * request of its own, which libpq would wait for as long as the network is silent:
 * production looks every second whether we are still there.
 */
static void
disconnect(void *arg)
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
	disconnect(remote);
}

/*
 * Opens a connection with a list of DefElems, of which it takes those that are
 * libpq's, with the rights of their owner here. Raises 08001, 2F003, or the SQLSTATE
 * that production refused with.
 */
Remote *
remote_open(List *options, Oid owner)
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
	conninfo_refuse_secrets(options, owner);
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
		remote_connect(remote, keywords, values);
		conninfo_refuse_trust(remote->conn, options, owner);
		remote->is_pooled = !session_prepare(remote);
	}
	PG_CATCH();
	{
		remote_close(remote);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return remote;
}

/*
 * The foreign server, or 55000 where ngeshare_connect() has not made it: one of the
 * same name that somebody else has made could lead anywhere.
 */
static ForeignServer *
production_server(void)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);

	if (server == NULL || !connect_made_server(server))
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

	return remote_open(session_safe_options(list_concat_copy(server->options, mapping->options)),
	                   server->owner);
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

/* Whether a connection is whole, with no statement of ours under way. */
bool
remote_is_idle(Remote *remote)
{
	return PQtransactionStatus(remote->conn) == PQTRANS_IDLE && !remote->is_pinning;
}

/* Whether a pooler in between has taken our start-up options away. */
bool
remote_is_pooled(Remote *remote)
{
	return remote->is_pooled;
}

/* What has come over this connection, in bytes of rows. */
int64
remote_bytes_received(Remote *remote)
{
	return remote->bytes_received;
}

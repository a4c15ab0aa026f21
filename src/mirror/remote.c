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
#include "mirror/conninfo.h"
#include "mirror/remote_internal.h"

#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "mirror/server.h"
#include "mirror/session.h"
#include "storage/fd.h"
#include "utils/memutils.h"

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
	remote->cleanup.func = remote_disconnect;
	remote->cleanup.arg = remote;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &remote->cleanup);

	PG_TRY();
	{
		remote_connect(remote, keywords, values);
		conninfo_refuse_trust(remote->conn, options, owner);
		remote->is_pooled = !remote_bool(
		    remote_rows(remote, session_pinning_query(false), SESSION_SHAPE, 1, 1), 0, 0);
	}
	PG_CATCH();
	{
		remote_close(remote);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return remote;
}

/* Opens a connection as the foreign tables would for the server's owner. */
Remote *
remote_open_production(void)
{
	ForeignServer *server = server_production();
	UserMapping *mapping = GetUserMapping(server->owner, server->serverid);

	return remote_open(session_safe_options(list_concat_copy(server->options, mapping->options)),
	                   server->owner);
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

/*
 * src/mirror/remote.c
 *		The extension's own connection to production, over libpq.
 *
 * postgres_fdw pushes down neither time zone conversions nor whole-row expressions. So checks and
 * aggregates are sent as SQL text over this connection, with the options of the foreign tables'
 * server and user mapping. Every wait, except for the lookup of a host name, is on the process
 * latch and has a deadline: it ends on a cancel, on shutdown and when production stays silent too
 * long, and does not depend on TCP timeouts.
 *
 * A connection is closed when the memory context in which it was opened is reset.
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
 * Opens a connection with the options of a list of DefElems, except those that libpq does not
 * know. The owner's rights in this database decide whether it may connect without a password.
 * Raises 08001, 2F003, or the SQLSTATE with which production refused the connection.
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

/* Opens a connection with the options of the foreign server and its owner's user mapping. */
Remote *
remote_open_production(void)
{
	ForeignServer *server = server_production();
	UserMapping *mapping = GetUserMapping(server->owner, server->serverid);

	return remote_open(session_safe_options(list_concat_copy(server->options, mapping->options)),
	                   server->owner);
}

/* Returns whether a connection is open and no statement or transaction of ours runs on it. */
bool
remote_is_idle(Remote *remote)
{
	return PQtransactionStatus(remote->conn) == PQTRANS_IDLE && !remote->is_pinning;
}

/* Returns whether a pooler in front of production dropped our start-up options. */
bool
remote_is_pooled(Remote *remote)
{
	return remote->is_pooled;
}

/* Returns how many bytes of rows this connection has received. */
int64
remote_bytes_received(Remote *remote)
{
	return remote->bytes_received;
}

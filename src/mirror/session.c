/*
 * src/mirror/session.c
 *		The settings that every session of ours on production runs with.
 */
#include "mirror/session.h"

#include "commands/defrem.h"
#include "ngeshare.h"
#include "nodes/makefuncs.h"

/* What every session of ours on production runs with. */
#define SESSION_SETTINGS                                                                           \
	"-c default_transaction_read_only=on -c row_security=off -c statement_timeout=300s"            \
	" -c lock_timeout=5s -c idle_in_transaction_session_timeout=120s"                              \
	" -c cursor_tuple_fraction=1.0 -c jit=off -c datestyle=ISO"

/*
 * Settles how production treats the session: how long a statement may take, that
 * it ends soon after we are gone (where its system can tell), and that buckets are
 * summed up by hashing, whatever is believed of their number.
 */
void
session_prepare(Remote *remote)
{
	remote_rows(
	    remote,
	    psprintf("SELECT pg_catalog.set_config('statement_timeout', '%ds', false),"
	             " pg_catalog.set_config('enable_sort', 'off', false),"
	             " (SELECT pg_catalog.set_config(name, '1s', false) FROM pg_catalog.pg_settings"
	             " WHERE name = 'client_connection_check_interval'"
	             " AND pg_catalog.version() LIKE '%%linux%%')",
	             ngeshare_settings.sync_timeout),
	    "text text text?", 1, 1);
}

/* Adds an option unless the list has one of that name. */
static List *
default_option(List *options, const char *name, const char *value)
{
	ListCell *cell;

	foreach (cell, options)
		if (strcmp(((DefElem *) lfirst(cell))->defname, name) == 0)
			return options;
	return lappend(options, makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1));
}

/*
 * Completes a login's libpq options with those that keep production safe: the
 * session's settings come behind the caller's own, so they have the last word.
 */
List *
session_safe_options(List *options)
{
	char *session = SESSION_SETTINGS;
	List *safe = NIL;
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);

		if (strcmp(option->defname, "options") == 0)
			session = psprintf("%s %s", defGetString(option), SESSION_SETTINGS);
		else
			safe = lappend(safe, option);
	}
	safe = default_option(safe, "options", session);
	safe = default_option(safe, "application_name", "ngeshare");
	safe = default_option(safe, "connect_timeout", "10");
	safe = default_option(safe, "keepalives_idle", "30");
	safe = default_option(safe, "keepalives_interval", "10");
	safe = default_option(safe, "keepalives_count", "3");
	return default_option(safe, "tcp_user_timeout", "60000");
}

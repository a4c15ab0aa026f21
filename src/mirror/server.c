/*
 * src/mirror/server.c
 *		The foreign server "production": whether ngeshare_connect() made it, who owns it, and its
 *		secrets.
 */
#include "mirror/server.h"

#include "catalog/dependency.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "lib/stringinfo.h"
#include "mirror/remote.h"
#include "nodes/makefuncs.h"
#include "utils/syscache.h"

/* Options that ngeshare_connect() adds to the server. A server that has them counts as ours. */
static const char *const own_options[][2] = {
    {"fetch_size", "20000"}, {"updatable", "false"}, {"truncatable", "false"}};

List *
server_add_options(List *options)
{
	for (int i = 0; i < lengthof(own_options); i++)
		options =
		    lappend(options, makeDefElem(pstrdup(own_options[i][0]),
		                                 (Node *) makeString(pstrdup(own_options[i][1])), -1));
	return options;
}

/* Returns the option with a given name in a list of DefElems, or NULL. */
DefElem *
server_find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
		if (strcmp(((DefElem *) lfirst(cell))->defname, name) == 0)
			return lfirst(cell);
	return NULL;
}

static bool
has_own_options(List *options)
{
	for (int i = 0; i < lengthof(own_options); i++)
	{
		DefElem *option = server_find_option(options, own_options[i][0]);

		if (option == NULL || strcmp(defGetString(option), own_options[i][1]) != 0)
			return false;
	}
	return true;
}

/*
 * Returns whether ngeshare_connect() made a server. Such a server depends on the extension. A
 * restored dump lacks the dependency, but the server still has the options that only
 * ngeshare_connect() sets.
 */
bool
server_is_ours(const ForeignServer *server)
{
	return list_member_oid(getAutoExtensionsOfObject(ForeignServerRelationId, server->serverid),
	                       get_extension_oid("ngeshare", false)) ||
	       has_own_options(server->options);
}

/*
 * Returns the foreign server. Raises 55000 if ngeshare_connect() did not make it, because a
 * server of the same name that another user made could lead to any host.
 */
ForeignServer *
server_production(void)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);

	if (server == NULL || !server_is_ours(server))
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("this database is not connected to production"),
		         errhint("SELECT ngeshare_connect('host=... dbname=... user=... password=...');")));
	return server;
}

/* Returns the role that owns the foreign server; a sync runs as this role. */
Oid
remote_production_owner(void)
{
	return server_production()->owner;
}

/* Returns a copy of a text with each occurrence of a secret replaced by three asterisks. */
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

/* Returns a text for a log, without the passwords of the user mapping; NULL stays NULL. */
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

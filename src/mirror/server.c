/*
 * src/mirror/server.c
 *		The foreign server that stands for production: is it ours, whose is it, and
 *		what must not be told of it.
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

/* Options of the server that no caller gives: by them, too, it is known as ours. */
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

/* The option of a name in a list of DefElems, or NULL. */
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
 * Whether ngeshare_connect() made a server: it depends on the extension or, where a
 * dump has lost that, it has the options that only we set.
 */
bool
server_is_ours(const ForeignServer *server)
{
	return list_member_oid(getAutoExtensionsOfObject(ForeignServerRelationId, server->serverid),
	                       get_extension_oid("ngeshare", false)) ||
	       has_own_options(server->options);
}

/*
 * The foreign server, or 55000 where ngeshare_connect() has not made it: one of the
 * same name that somebody else has made could lead anywhere.
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

/* The role that owns the connection; a sync runs as it. */
Oid
remote_production_owner(void)
{
	return server_production()->owner;
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

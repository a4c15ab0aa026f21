/*
 * src/mirror/connect.c
 *		ngeshare_connect(): makes or replaces the door to production.
 *
 * The server and the user mapping are made by PostgreSQL's own functions from
 * parse nodes, never as SQL text: a password must not reach a log, an error's
 * context or pg_stat_statements.
 */
#include "mirror/connect.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "mirror/check.h"
#include "mirror/remote.h"
#include "mirror/session.h"
#include "mirror/tables.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(ngeshare_connect);

/* Seconds that production's clock may be off before connect says so. */
#define CLOCK_TOLERANCE 5.0

static DefElem *
make_option(const char *name, const char *value)
{
	return makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1);
}

/* Whether an option belongs to the user mapping, as postgres_fdw has it. */
static bool
is_mapping_option(const PQconninfoOption *option)
{
	return strcmp(option->keyword, "user") == 0 || strchr(option->dispchar, '*') != NULL;
}

/*
 * Splits a conninfo into the server's options and the user mapping's. Raises
 * 22023 without repeating it, since it may hold a password.
 */
static void
split_conninfo(const char *conninfo, List **server, List **mapping)
{
	char *ignored = NULL;
	PQconninfoOption *options = PQconninfoParse(conninfo, &ignored);

	PQfreemem(ignored);
	if (options == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the connection string is not one that libpq can read"),
		                errdetail("It is not repeated here: it may hold a password."),
		                errhint("Write it as 'host=... port=5432 dbname=... user=... password=...',"
		                        " or as a postgresql:// address.")));
	*server = *mapping = NIL;
	for (PQconninfoOption *option = options; option->keyword != NULL; option++)
	{
		/* The connections set these two themselves. */
		if (option->val == NULL || strcmp(option->keyword, "client_encoding") == 0 ||
		    strcmp(option->keyword, "fallback_application_name") == 0)
			continue;
		if (is_mapping_option(option))
			*mapping = lappend(*mapping, make_option(option->keyword, option->val));
		else
			*server = lappend(*server, make_option(option->keyword, option->val));
	}
	PQconninfoFree(options);
}

static DefElem *
find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
		if (strcmp(((DefElem *) lfirst(cell))->defname, name) == 0)
			return lfirst(cell);
	return NULL;
}

/* The changes (SET, ADD, DROP) that lead from one list of options to another. */
static List *
option_changes(List *from, List *to)
{
	List *changes = NIL;
	ListCell *cell;

	foreach (cell, to)
	{
		DefElem *option = copyObject(lfirst(cell));

		option->defaction = find_option(from, option->defname) ? DEFELEM_SET : DEFELEM_ADD;
		changes = lappend(changes, option);
	}
	foreach (cell, from)
	{
		DefElem *option = copyObject(lfirst(cell));

		option->defaction = DEFELEM_DROP;
		if (find_option(to, option->defname) == NULL)
			changes = lappend(changes, option);
	}
	return changes;
}

/* Makes the foreign server, or gives the one that is there other options. */
static ForeignServer *
make_server(List *options)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);

	if (server == NULL)
	{
		CreateForeignServerStmt *create = makeNode(CreateForeignServerStmt);

		create->servername = REMOTE_SERVER;
		create->fdwname = "postgres_fdw";
		create->options = options;
		CreateForeignServer(create);
	}
	else
	{
		AlterForeignServerStmt *alter = makeNode(AlterForeignServerStmt);
		ForeignDataWrapper *wrapper = GetForeignDataWrapper(server->fdwid);

		if (strcmp(wrapper->fdwname, "postgres_fdw") != 0)
			ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
			                errmsg("server \"%s\" is not one of postgres_fdw", REMOTE_SERVER),
			                errhint("Rename it: ngeshare_connect() makes its own by that name.")));
		alter->servername = REMOTE_SERVER;
		alter->options = option_changes(server->options, options);
		AlterForeignServer(alter);
	}
	CommandCounterIncrement();
	return GetForeignServerByName(REMOTE_SERVER, false);
}

/* Makes the server owner's user mapping, or gives it another login. */
static void
make_mapping(const ForeignServer *server, List *options)
{
	RoleSpec *owner = makeNode(RoleSpec);

	owner->roletype = ROLESPEC_CSTRING;
	owner->rolename = GetUserNameFromId(server->owner, false);
	owner->location = -1;
	if (SearchSysCacheExists2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(server->owner),
	                          ObjectIdGetDatum(server->serverid)))
	{
		AlterUserMappingStmt *alter = makeNode(AlterUserMappingStmt);
		UserMapping *mapping = GetUserMapping(server->owner, server->serverid);

		alter->user = owner;
		alter->servername = REMOTE_SERVER;
		alter->options = option_changes(mapping->options, options);
		AlterUserMapping(alter);
	}
	else
	{
		CreateUserMappingStmt *create = makeNode(CreateUserMappingStmt);

		create->user = owner;
		create->servername = REMOTE_SERVER;
		create->options = options;
		CreateUserMapping(create);
	}
	CommandCounterIncrement();
}

/* Makes those foreign tables that are not there yet, with the mirror's columns. */
static void
make_foreign_tables(void)
{
	Oid space = get_namespace_oid("production", false);

	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const MirrorTable *table = &mirror_tables[i];

		if (OidIsValid(get_relname_relid(table->name, space)))
			continue;
		sql_run(sql_format("CREATE FOREIGN TABLE production.%s (%s) SERVER %s"
		                   " OPTIONS (schema_name 'public', table_name %s)",
		                   quote_identifier(table->name), mirror_columns(table, "%1$I %2$s", ", "),
		                   REMOTE_SERVER, quote_literal_cstr(table->name)),
		        NULL);
		sql_run(sql_format("COMMENT ON FOREIGN TABLE production.%s IS"
		                   " 'Production''s own table, read-only, read anew at each query.'",
		                   quote_identifier(table->name)),
		        NULL);
	}
}

/* Lets one object go with the extension, unless it does already. */
static void
bind_object(Oid class_id, Oid object_id, Oid extension)
{
	ObjectAddress object;
	ObjectAddress owner;

	if (!OidIsValid(object_id) ||
	    list_member_oid(getAutoExtensionsOfObject(class_id, object_id), extension))
		return;
	ObjectAddressSet(object, class_id, object_id);
	ObjectAddressSet(owner, ExtensionRelationId, extension);
	recordDependencyOn(&object, &owner, DEPENDENCY_AUTO_EXTENSION);
}

/*
 * Makes what connect made depend automatically on the extension, so that a plain
 * DROP EXTENSION removes it while pg_dump keeps it. A dump does not hold the
 * dependency: connect and each sync renew it.
 */
void
connect_bind_to_extension(void)
{
	Oid extension = get_extension_oid("ngeshare", false);
	Oid space = get_namespace_oid("production", false);
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, false);
	UserMapping *mapping = GetUserMapping(server->owner, server->serverid);

	bind_object(ForeignServerRelationId, server->serverid, extension);
	bind_object(UserMappingRelationId, mapping->umid, extension);
	for (int i = 0; i < MIRROR_TABLES; i++)
		bind_object(RelationRelationId, get_relname_relid(mirror_tables[i].name, space), extension);
}

/* Says what is not wrong enough to refuse, but should be known. */
static void
warn_of(const Production *production)
{
	if (production->can_write)
		ereport(WARNING, (errmsg("the login could write to production"),
		                  errhint("Give ngeshare a login of its own that has SELECT on the six "
		                          "tables and nothing else.")));
	if (production->is_pooled)
		ereport(WARNING, (errmsg("a pooler in front of production drops the start-up options"),
		                  errdetail("A sync sets what it needs in each transaction. Queries on"
		                            " production.* run with the login's own settings."),
		                  errhint("Connect to production itself, or let the pooler pass"
		                          " \"options\" on; then SELECT ngeshare_connect(...) again.")));
	if (fabs(production->clock_ahead) > CLOCK_TOLERANCE)
		ereport(WARNING,
		        (errmsg("production's clock is %.0f s %s this one", fabs(production->clock_ahead),
		                production->clock_ahead > 0 ? "ahead of" : "behind"),
		         errhint("Let both servers keep their time by NTP.")));
}

/* Checks production over a connection that ends here. */
static Production *
check_before(List *options)
{
	Remote *remote = remote_open(options);
	Production *production = production_check(remote);

	remote_close(remote);
	for (int table = 0; table < MIRROR_TABLES; table++)
		production_refuse_table(production, table);
	production_check_same(production);
	return production;
}

Datum
ngeshare_connect(PG_FUNCTION_ARGS)
{
	List *server_options;
	List *mapping_options;
	Production *production;

	split_conninfo(text_to_cstring(PG_GETARG_TEXT_PP(0)), &server_options, &mapping_options);
	server_options = session_safe_options(server_options);
	SPI_connect();
	production = check_before(list_concat_copy(server_options, mapping_options));

	server_options = lappend(server_options, make_option("fetch_size", "20000"));
	server_options = lappend(server_options, make_option("updatable", "false"));
	server_options = lappend(server_options, make_option("truncatable", "false"));
	make_mapping(make_server(server_options), mapping_options);
	make_foreign_tables();
	CommandCounterIncrement();
	connect_bind_to_extension();
	SPI_finish();
	warn_of(production);
	PG_RETURN_VOID();
}

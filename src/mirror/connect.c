/*
 * src/mirror/connect.c
 *		ngeshare_connect(): creates or changes the foreign server, the user mapping and the
 *		foreign tables for production.
 *
 * PostgreSQL's own functions create the server and the user mapping from parse nodes, never from
 * SQL text, because a password must not reach a log, an error's context or pg_stat_statements.
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
#include "mirror/conninfo.h"
#include "mirror/remote.h"
#include "mirror/server.h"
#include "mirror/session.h"
#include "mirror/tables.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "pgstat.h"
#include "pinned.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(ngeshare_connect);

/* Seconds by which the clocks may differ before ngeshare_connect() warns. */
#define CLOCK_TOLERANCE 5.0

/* Returns the changes (SET, ADD, DROP) that turn one list of options into another. */
static List *
option_changes(List *from, List *to)
{
	List *changes = NIL;
	ListCell *cell;

	foreach (cell, to)
	{
		DefElem *option = copyObject(lfirst(cell));

		option->defaction = server_find_option(from, option->defname) ? DEFELEM_SET : DEFELEM_ADD;
		changes = lappend(changes, option);
	}
	foreach (cell, from)
	{
		DefElem *option = copyObject(lfirst(cell));

		option->defaction = DEFELEM_DROP;
		if (server_find_option(to, option->defname) == NULL)
			changes = lappend(changes, option);
	}
	return changes;
}

/*
 * Refuses a server of another owner (55000), or one that ngeshare_connect() did not make (42710).
 */
static void
refuse_others_server(const ForeignServer *server)
{
	if (server->owner != GetUserId())
		ereport(ERROR,
		        (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		         errmsg("server \"%s\" belongs to %s", REMOTE_SERVER,
		                GetUserNameFromId(server->owner, false)),
		         errhint("Call ngeshare_connect() as that role, or have the server dropped or"
		                 " given to you: ALTER SERVER %s OWNER TO ...",
		                 REMOTE_SERVER)));
	if (!server_is_ours(server))
		ereport(ERROR,
		        (errcode(ERRCODE_DUPLICATE_OBJECT),
		         errmsg("server \"%s\" is there already and is not one that ngeshare_connect()"
		                " made",
		                REMOTE_SERVER),
		         errhint("Rename it: ngeshare_connect() creates its own server of that name.")));
}

/* Creates the foreign server, or changes the options of the existing one. */
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

		alter->servername = REMOTE_SERVER;
		alter->options = option_changes(server->options, options);
		AlterForeignServer(alter);
	}
	CommandCounterIncrement();
	return GetForeignServerByName(REMOTE_SERVER, false);
}

/* Creates the user mapping of the server's owner, or changes its options. */
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

/* Raises 42710 if the existing relation of this name is not a foreign table of our server. */
static void
refuse_others_table(const char *name, Oid relation, Oid server)
{
	if (get_rel_relkind(relation) == RELKIND_FOREIGN_TABLE &&
	    GetForeignTable(relation)->serverid == server)
		return;
	ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
	                errmsg("production.%s is there already and is not a table of server \"%s\"",
	                       quote_identifier(name), REMOTE_SERVER),
	                errhint("Rename it or move it to another schema: ngeshare_connect() creates its"
	                        " own table of that name.")));
}

/* Creates the foreign tables that do not exist yet, with the mirror's columns. */
static void
make_foreign_tables(const ForeignServer *server)
{
	Oid space = get_namespace_oid("production", false);

	for (int i = 0; i < MIRROR_TABLES; i++)
	{
		const MirrorTable *table = &mirror_tables[i];

		Oid relation = get_relname_relid(table->name, space);

		if (OidIsValid(relation))
		{
			refuse_others_table(table->name, relation, server->serverid);
			continue;
		}
		sql_run(sql_format("CREATE FOREIGN TABLE production.%s (%s) SERVER %s"
		                   " OPTIONS (schema_name 'public', table_name %s)",
		                   quote_identifier(table->name), mirror_columns(table, "%1$I %2$s", ", "),
		                   REMOTE_SERVER, quote_literal_cstr(table->name)),
		        NULL);
		sql_run(sql_format("COMMENT ON FOREIGN TABLE production.%s IS"
		                   " 'Production''s table, read-only; each query reads it there.'",
		                   quote_identifier(table->name)),
		        NULL);
	}
}

/* Makes one object depend on the extension, unless it does already. */
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
 * Makes the objects that ngeshare_connect() created depend automatically on the extension. A
 * plain DROP EXTENSION then removes them, and pg_dump still dumps them. A dump does not hold
 * these dependencies, so ngeshare_connect() and each sync renew them.
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

/* Warns of problems that do not prevent the connection. */
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

/* Connects to production, checks it and disconnects, before anything is changed. */
static Production *
check_before(List *options)
{
	Remote *remote = remote_open(options, GetUserId());
	Production *production = production_check(remote);

	remote_close(remote);
	for (int table = 0; table < MIRROR_TABLES; table++)
		production_refuse_table(production, table);
	production_check_same(production);
	return production;
}

/* Creates or changes everything that connects this database to production. */
static void
connect_to_production(List *server_options, List *mapping_options)
{
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, true);
	Production *production;

	if (server != NULL)
		refuse_others_server(server);
	production = check_before(list_concat_copy(server_options, mapping_options));
	server = make_server(server_add_options(server_options));
	make_mapping(server, mapping_options);
	make_foreign_tables(server);
	CommandCounterIncrement();
	connect_bind_to_extension();
	warn_of(production);
}

/*
 * Hides the statement that called ngeshare_connect(), because it holds a password. Until the
 * function ends, no error writes the statement to the server's log, no error's context quotes a
 * function that contains it, and pg_stat_activity shows another text.
 */
static void
hide_statement(void)
{
	error_context_stack = NULL;
	pinned_set("log_min_error_statement", "panic");
	pgstat_report_activity(STATE_RUNNING, "SELECT ngeshare_connect(...)");
}

Datum
ngeshare_connect(PG_FUNCTION_ARGS)
{
	ErrorContextCallback *context = error_context_stack;
	int nest_level = NewGUCNestLevel();
	List *server_options;
	List *mapping_options;

	hide_statement();
	conninfo_split(text_to_cstring(PG_GETARG_TEXT_PP(0)), &server_options, &mapping_options);
	SPI_connect();
	connect_to_production(session_safe_options(server_options), mapping_options);
	SPI_finish();
	pinned_end(nest_level);
	error_context_stack = context;
	PG_RETURN_VOID();
}

/*
 * src/mirror/conninfo.c
 *		Splits the connection string that ngeshare_connect() is given, and refuses connections
 *		that would use secrets of the operating-system user that this database server runs as.
 *
 * No error repeats the connection string, because it may hold a password.
 */
#include "mirror/conninfo.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/remote.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

/*
 * Parameters that Prisma adds to an address for its own use. libpq refuses them. Others, such as
 * connect_timeout, sslmode and host, mean the same to Prisma and libpq.
 */
static const char *const prisma_parameters[] = {"schema",
                                                "connection_limit",
                                                "pool_timeout",
                                                "socket_timeout",
                                                "pgbouncer",
                                                "statement_cache_size",
                                                "sslidentity",
                                                "sslaccept",
                                                "single_use_connections",
                                                "max_connection_lifetime",
                                                "max_idle_connection_lifetime"};

/* Options that let libpq use files or tickets of the user that this database server runs as. */
static const char *const server_secrets[] = {"passfile", "service",       "servicefile",  "sslkey",
                                             "sslcert",  "gssdelegation", "sslkeylogfile"};

static bool
is_among(const char *name, size_t length, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strlen(names[i]) == length && strncmp(names[i], name, length) == 0)
			return true;
	return false;
}

/* Returns a part of an address with each %xx replaced by its byte. */
static char *
percent_decode(const char *text, size_t length)
{
	char *decoded = palloc(length + 1);
	char *to = decoded;

	for (size_t i = 0; i < length; i++)
	{
		unsigned int byte = (unsigned char) text[i];

		if (byte == '%' && i + 2 < length && sscanf(text + i + 1, "%2x", &byte) == 1)
			i += 2;
		*to++ = (char) byte;
	}
	*to = '\0';
	return decoded;
}

/* Raises 22023 if an address names a schema other than public, which holds the six tables. */
static void
check_schema_parameter(const char *value, size_t length)
{
	char *schema = percent_decode(value, length);

	if (schema[0] == '\0' || strcmp(schema, "public") == 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
	                errmsg("the address names schema \"%s\", and ngeshare reads schema public",
	                       remote_valid_text(schema)),
	                errhint("Give the address of the database whose schema public holds the six"
	                        " tables, without the parameter \"schema\".")));
}

/* Returns the parameters of an address, which follow its '?'; NULL if it has none. */
static const char *
find_parameters(const char *conninfo)
{
	const char *at = strstr(conninfo, "://");
	size_t user;

	if (strncmp(conninfo, "postgresql://", 13) != 0 && strncmp(conninfo, "postgres://", 11) != 0)
		return NULL;
	at += 3;
	user = strcspn(at, "@/");
	at = strchr(at[user] == '@' ? at + user : at, '?');
	return at != NULL ? at + 1 : NULL;
}

/* Returns an address without Prisma's own parameters, and names them in a NOTICE. */
static const char *
without_prisma(const char *conninfo)
{
	const char *parameters = find_parameters(conninfo);
	StringInfoData kept;
	StringInfoData dropped;

	if (parameters == NULL)
		return conninfo;
	initStringInfo(&kept);
	initStringInfo(&dropped);
	appendBinaryStringInfo(&kept, conninfo, parameters - 1 - conninfo);
	for (char separator = '?'; *parameters != '\0';)
	{
		size_t length = strcspn(parameters, "&");
		size_t name = strcspn(parameters, "=&");

		if (!is_among(parameters, name, prisma_parameters, lengthof(prisma_parameters)))
		{
			appendStringInfoChar(&kept, separator);
			appendBinaryStringInfo(&kept, parameters, length);
			separator = '&';
		}
		else
		{
			if (strncmp(parameters, "schema", name) == 0 && name < length)
				check_schema_parameter(parameters + name + 1, length - name - 1);
			appendStringInfo(&dropped, "%s%.*s", dropped.len > 0 ? ", " : "", (int) name,
			                 parameters);
		}
		parameters += length;
		parameters += strspn(parameters, "&");
	}
	if (dropped.len > 0)
		ereport(NOTICE, (errmsg("ignored parameters of the address that only Prisma knows: %s",
		                        dropped.data),
		                 errhint("If the address is a pooler's, give production's own address"
		                         " instead. To check production's certificate, add"
		                         " sslmode=verify-full and sslrootcert.")));
	return kept.data;
}

/* Returns whether postgres_fdw takes an option in the user mapping instead of the server. */
static bool
is_mapping_option(const PQconninfoOption *option)
{
	return strcmp(option->keyword, "user") == 0 || strchr(option->dispchar, '*') != NULL;
}

/*
 * Raises 22021 if an option's value is not valid in the database's encoding, because the catalog
 * could not hold it. An address can spell any byte as %xx.
 */
static void
refuse_other_encoding(List *options)
{
	ListCell *cell;

	foreach (cell, options)
	{
		DefElem *option = lfirst(cell);
		const char *value = defGetString(option);

		if (!pg_verify_mbstr(GetDatabaseEncoding(), value, strlen(value), true))
			ereport(ERROR, (errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
			                errmsg("the connection string's \"%s\" is not valid in encoding %s",
			                       option->defname, GetDatabaseEncodingName()),
			                errhint("In an address, %%xx stands for a byte of that encoding.")));
	}
}

/*
 * Splits a connection string into the options of the foreign server and of the user mapping. Raises
 * 22023 or 22021 without repeating the string.
 */
void
conninfo_split(const char *conninfo, List **server, List **mapping)
{
	char *ignored = NULL;
	PQconninfoOption *options = PQconninfoParse(without_prisma(conninfo), &ignored);

	PQfreemem(ignored);
	if (options == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
		                errmsg("the connection string is not one that libpq can read"),
		                errdetail("It is not repeated here: it may hold a password."),
		                errhint("Write it as 'host=... port=5432 dbname=... user=... password=...',"
		                        " or as a postgresql:// address.")));
	*server = *mapping = NIL;
	for (PQconninfoOption *option = options; option != NULL && option->keyword != NULL; option++)
	{
		DefElem *given;

		/* postgres_fdw refuses these two options, because it sets them itself. */
		if (option->val == NULL || strcmp(option->keyword, "client_encoding") == 0 ||
		    strcmp(option->keyword, "fallback_application_name") == 0)
			continue;
		given =
		    makeDefElem(pstrdup(option->keyword), (Node *) makeString(pstrdup(option->val)), -1);
		if (is_mapping_option(option))
			*mapping = lappend(*mapping, given);
		else
			*server = lappend(*server, given);
	}
	PQconninfoFree(options);
	refuse_other_encoding(*server);
	refuse_other_encoding(*mapping);
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

/*
 * Returns whether the owner of a connection may use what belongs to the operating-system user that
 * this database server runs as: its files, its tickets, and a login without a password.
 */
static bool
may_use_servers_own(List *options, Oid owner)
{
	DefElem *required = find_option(options, "password_required");

	/* Only a superuser may set password_required to false. */
	return superuser_arg(owner) || (required != NULL && !defGetBoolean(required));
}

/*
 * Raises 2F003 for a connection without a password, or with an option that uses files of the user
 * that this database server runs as, unless may_use_servers_own() allows both to the owner.
 */
void
conninfo_refuse_secrets(List *options, Oid owner)
{
	DefElem *password = find_option(options, "password");
	ListCell *cell;

	if (may_use_servers_own(options, owner))
		return;
	if (password == NULL || defGetString(password)[0] == '\0')
		ereport(ERROR,
		        (errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
		         errmsg("a password is required"),
		         errdetail("Only a superuser of this database server may connect to production"
		                   " without one."),
		         errhint("Add password=... to the connection string.")));
	foreach (cell, options)
	{
		const char *name = ((DefElem *) lfirst(cell))->defname;

		if (is_among(name, strlen(name), server_secrets, lengthof(server_secrets)))
			ereport(ERROR,
			        (errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
			         errmsg("only a superuser may connect with \"%s\"", name),
			         errdetail("It uses files or tickets of the user that this server runs as."),
			         errhint("Leave it out, and log in with a password.")));
	}
}

/* Raises 2F003 if production did not ask for the password and the owner needs to give one. */
void
conninfo_refuse_trust(PGconn *conn, List *options, Oid owner)
{
	if (PQconnectionUsedPassword(conn) || may_use_servers_own(options, owner))
		return;
	ereport(ERROR,
	        (errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
	         errmsg("production accepted the connection without asking for the password"),
	         errdetail("Only a superuser of this database server may use such a connection (trust,"
	                   " peer, certificate)."),
	         errhint("Let production's pg_hba.conf ask for a password, or let a superuser of this"
	                 " database server call ngeshare_connect().")));
}

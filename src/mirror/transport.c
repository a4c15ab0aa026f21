/*
 * src/mirror/transport.c
 *		How the connection to production is secured: local, in clear text, encrypted or verified.
 */
#include "mirror/remote_internal.h"

#include <arpa/inet.h>

#include "commands/defrem.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ngeshare_production_transport);

/* Returns whether a host is this machine: a socket's directory, localhost or a loopback address. */
static bool
is_local_host(const char *host)
{
	struct in_addr four;
	struct in6_addr six;

	if (*host == '\0' || *host == '/' || *host == '@' || pg_strcasecmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Returns whether all hosts of a comma-separated list are this machine. */
static bool
are_local_hosts(const char *hosts)
{
	char *list = pstrdup(hosts);
	bool are_local = true;

	for (char *host = strtok(list, ","); host != NULL; host = strtok(NULL, ","))
		are_local = are_local && is_local_host(host);
	pfree(list);
	return are_local;
}

/* Returns the value of an option of a connection, from whatever source; "" if it has none. */
static char *
option_of(PQconninfoOption *options, const char *name)
{
	for (PQconninfoOption *option = options; option && option->keyword; option++)
	{
		if (strcmp(option->keyword, name) == 0 && option->val != NULL)
			return pstrdup(option->val);
	}
	return pstrdup("");
}

/*
 * Returns the hosts to which a connection may lead: all hosts of the foreign server, of which a
 * connection uses only one, or libpq's default if the server names none.
 */
static char *
possible_hosts(PQconninfoOption *options)
{
	static const char *const names[] = {"hostaddr", "host"};
	ForeignServer *server = GetForeignServerByName(REMOTE_SERVER, false);
	ListCell *cell;

	for (int i = 0; i < lengthof(names); i++)
		foreach (cell, server->options)
			if (strcmp(((DefElem *) lfirst(cell))->defname, names[i]) == 0)
				return defGetString(lfirst(cell));
	return option_of(options, "host");
}

/*
 * Connects to production and returns the hosts, whether all are local, sslmode, and whether the
 * connection is encrypted.
 */
Datum
ngeshare_production_transport(PG_FUNCTION_ARGS)
{
	TupleDesc columns;
	Datum values[4];
	bool nulls[4] = {false};
	Remote *remote;
	PQconninfoOption *options;
	char *hosts;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "ngeshare.production_transport() does not return a row");
	remote = remote_open_production();
	options = PQconninfo(remote->conn);
	hosts = possible_hosts(options);
	values[0] = CStringGetTextDatum(hosts);
	values[1] = BoolGetDatum(are_local_hosts(hosts));
	values[2] = CStringGetTextDatum(option_of(options, "sslmode"));
	values[3] = BoolGetDatum(PQsslInUse(remote->conn) || PQgssEncInUse(remote->conn));
	PQconninfoFree(options);
	remote_close(remote);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/*
 * src/mirror/remote_connect.c
 *		Making the connection: one host and address after the other, each with a
 *		deadline of its own.
 *
 * libpq's asynchronous connect ignores connect_timeout: a first host that accepts
 * and never answers would hide the second. So a list of hosts, and a name with
 * several addresses, become attempts with one address each. As with libpq, the
 * next one is tried unless a server has refused the login.
 */
#include "mirror/remote_internal.h"

#include <netdb.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/pg_prng.h"
#include "lib/stringinfo.h"
#include "ngeshare.h"
#include "storage/latch.h"
#include "utils/builtins.h"

/* An attempt without a connect_timeout of its own takes no longer, in seconds. */
#define CONNECT_TIMEOUT 10

/* Nothing before the login is larger, in bytes. */
#define START_UP_BYTES (1024 * 1024)

/* One place to connect to, as libpq's options; NULL leaves one of them out. */
typedef struct Address
{
	char *host;
	char *hostaddr;
	char *port;
} Address;

/* libpq's options of a connection, and what the attempts have said so far. */
typedef struct Attempts
{
	const char **keywords;
	const char **values;
	int timeout_ms;
	int count;
	int sqlstate;
	char *message;
	StringInfoData all;
} Attempts;

/* The value of one of libpq's options, or NULL. */
static const char *
option_value(const Attempts *attempts, const char *keyword)
{
	for (int i = 0; attempts->keywords[i] != NULL; i++)
		if (strcmp(attempts->keywords[i], keyword) == 0 && attempts->values[i][0] != '\0')
			return attempts->values[i];
	return NULL;
}

/* The parts of a list with commas, as libpq splits it; NIL for NULL. Empty parts are NULL. */
static List *
split_list(const char *list)
{
	List *parts = NIL;

	while (list != NULL)
	{
		int length = strcspn(list, ",");

		parts = lappend(parts, length > 0 ? pnstrdup(list, length) : NULL);
		list = list[length] == ',' ? list + length + 1 : NULL;
	}
	return parts;
}

/* The part of a list for a host; a list of one part is for all. */
static char *
part_for(List *parts, int index)
{
	if (parts == NIL)
		return NULL;
	return list_nth(parts, list_length(parts) > 1 ? index : 0);
}

/* Adds the addresses that a host name has, or the name alone where it can't be looked up. */
static List *
add_addresses(List *addresses, char *host, char *port)
{
	struct addrinfo wanted = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	bool is_name = host != NULL && host[0] != '/' && host[0] != '@';

	if (!is_name || getaddrinfo(host, NULL, &wanted, &found) != 0)
		found = NULL;
	for (struct addrinfo *one = found; one != NULL; one = one->ai_next)
	{
		char number[NI_MAXHOST];
		Address *address = palloc0(sizeof(Address));

		address->host = host;
		address->port = port;
		if (getnameinfo(one->ai_addr, one->ai_addrlen, number, sizeof(number), NULL, 0,
		                NI_NUMERICHOST) == 0)
			address->hostaddr = pstrdup(number);
		addresses = lappend(addresses, address);
	}
	if (found == NULL)
	{
		Address *address = palloc0(sizeof(Address));

		address->host = host;
		address->port = port;
		return lappend(addresses, address);
	}
	freeaddrinfo(found);
	return addresses;
}

/*
 * The places to try, in their order. NIL where the lists do not fit each other, for
 * libpq to say so, or where the hosts are in a service file, which libpq reads.
 */
static List *
list_addresses(const Attempts *attempts)
{
	List *hosts = split_list(option_value(attempts, "host"));
	List *numbers = split_list(option_value(attempts, "hostaddr"));
	List *ports = split_list(option_value(attempts, "port"));
	int count = Max(list_length(hosts), list_length(numbers));
	List *addresses = NIL;

	if ((hosts != NIL && list_length(hosts) != count) ||
	    (numbers != NIL && list_length(numbers) != count) ||
	    (list_length(ports) > 1 && list_length(ports) != count))
		return NIL;
	for (int i = 0; i < count; i++)
	{
		Address *address;

		if (part_for(numbers, i) == NULL)
		{
			addresses = add_addresses(addresses, part_for(hosts, i), part_for(ports, i));
			continue;
		}
		address = palloc0(sizeof(Address));
		address->host = part_for(hosts, i);
		address->hostaddr = part_for(numbers, i);
		address->port = part_for(ports, i);
		addresses = lappend(addresses, address);
	}
	return addresses;
}

/* Puts the places into a random order. */
static void
shuffle(List *addresses)
{
	for (int i = list_length(addresses) - 1; i > 0; i--)
	{
		ListCell *one = list_nth_cell(addresses, i);
		ListCell *other =
		    list_nth_cell(addresses, pg_prng_uint64_range(&pg_global_prng_state, 0, i));
		void *address = lfirst(one);

		lfirst(one) = lfirst(other);
		lfirst(other) = address;
	}
}

/* Notes how an attempt failed. What a server said tells more than that another was silent. */
static void
note_failure(Attempts *attempts, int sqlstate, const char *message)
{
	bool tells_more = sqlstate != ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;

	attempts->count++;
	appendStringInfo(&attempts->all, "%s%s", attempts->count > 1 ? "\n" : "", message);
	if (attempts->message != NULL && !tells_more &&
	    attempts->sqlstate != ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION)
		return;
	attempts->sqlstate = sqlstate;
	attempts->message = pstrdup(message);
}

/* Notes what libpq says of a failed attempt. */
static void
note_libpq_failure(Remote *remote, Attempts *attempts)
{
	int sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
	char *message = remote_error_message(PQerrorMessage(remote->conn), &sqlstate);

	note_failure(attempts, sqlstate, message);
}

/* Counts what comes before the login; false where it is too much. */
static bool
is_bounded(Remote *remote)
{
	int waiting = 0;

	if (ioctl(PQsocket(remote->conn), FIONREAD, &waiting) == 0)
		remote->unparsed += waiting;
	return remote->unparsed <= START_UP_BYTES;
}

/* Notes that an attempt had no answer in time. */
static void
note_silence(Remote *remote, Attempts *attempts)
{
	char *host = PQhost(remote->conn);
	char *port = PQport(remote->conn);

	note_failure(attempts, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION,
	             psprintf("no answer from \"%s\", port %s, within %d s",
	                      remote_valid_text(host != NULL ? host : ""), port != NULL ? port : "",
	                      attempts->timeout_ms / 1000));
}

/* Carries an attempt to its end. False where it failed, which is noted. */
static bool
poll_to_end(Remote *remote, Attempts *attempts)
{
	TimestampTz deadline = remote_deadline_in(attempts->timeout_ms);
	PostgresPollingStatusType polling = PGRES_POLLING_WRITING;

	remote->unparsed = 0;
	while (polling == PGRES_POLLING_READING || polling == PGRES_POLLING_WRITING)
	{
		int event = polling == PGRES_POLLING_READING ? WL_SOCKET_READABLE : WL_SOCKET_CONNECTED;

		if (!remote_wait_until(remote, event, deadline))
		{
			note_silence(remote, attempts);
			return false;
		}
		if (!is_bounded(remote))
		{
			note_failure(attempts, ERRCODE_PROTOCOL_VIOLATION,
			             "what answers there sends too much before the login");
			return false;
		}
		polling = PQconnectPoll(remote->conn);
	}
	if (polling != PGRES_POLLING_OK)
		note_libpq_failure(remote, attempts);
	return polling == PGRES_POLLING_OK;
}

/* The options of one attempt: those that were given, with one place and some attributes. */
static void
options_of(const Attempts *attempts, const Address *address, const char *session_attrs,
           Attempts *one)
{
	const char *const names[] = {"host", "hostaddr", "port", "target_session_attrs"};
	const char *const parts[] = {address->host, address->hostaddr, address->port, session_attrs};
	int given = 0;
	int count = 0;

	while (attempts->keywords[given] != NULL)
		given++;
	one->keywords = palloc0(sizeof(char *) * (given + lengthof(names) + 1));
	one->values = palloc0(sizeof(char *) * (given + lengthof(names) + 1));
	for (int i = 0; i < given + lengthof(names); i++)
	{
		bool is_ours = i >= given;
		const char *keyword = is_ours ? names[i - given] : attempts->keywords[i];
		const char *value = is_ours ? parts[i - given] : attempts->values[i];

		for (int part = 0; part < lengthof(names) && !is_ours; part++)
			if (strcmp(keyword, names[part]) == 0)
				value = NULL;
		if (value == NULL)
			continue;
		one->keywords[count] = keyword;
		one->values[count++] = value;
	}
}

/* Makes the connection that some options describe. False where it failed, which is noted. */
static bool
attempt(Remote *remote, Attempts *attempts, const Attempts *options)
{
	if (remote->conn != NULL)
		PQfinish(remote->conn);
	remote->conn = PQconnectStartParams(options->keywords, options->values, 0);
	if (remote->conn == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (PQstatus(remote->conn) == CONNECTION_BAD)
	{
		note_libpq_failure(remote, attempts);
		return false;
	}
	PQsetErrorVerbosity(remote->conn, PQERRORS_VERBOSE);
	remote_receive_notices(remote);
	return poll_to_end(remote, attempts);
}

/* Whether a server has refused us for good: libpq asks no other host then. */
static bool
is_final(const Attempts *attempts)
{
	return attempts->sqlstate != ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION &&
	       attempts->sqlstate != ERRCODE_CANNOT_CONNECT_NOW &&
	       attempts->sqlstate != ERRCODE_PROTOCOL_VIOLATION;
}

/* Tries each place. False where none could be connected to. */
static bool
try_all(Remote *remote, Attempts *attempts, List *addresses, const char *session_attrs)
{
	ListCell *cell;

	foreach (cell, addresses)
	{
		Attempts one = {0};

		options_of(attempts, lfirst(cell), session_attrs, &one);
		if (attempt(remote, attempts, &one))
			return true;
		if (is_final(attempts))
			return false;
	}
	return false;
}

/* How long an attempt may take, in milliseconds. */
static int
attempt_timeout(const Attempts *attempts)
{
	const char *given = option_value(attempts, "connect_timeout");
	int seconds = given != NULL ? pg_strtoint32(given) : CONNECT_TIMEOUT;

	if (seconds <= 0 || seconds > ngeshare_settings.sync_timeout)
		seconds = ngeshare_settings.sync_timeout;
	return seconds * 1000;
}

/*
 * Makes the connection that libpq's keywords and values describe. Raises the most
 * telling error of the attempts, with all of them as its detail.
 */
void
remote_connect(Remote *remote, const char **keywords, const char **values)
{
	Attempts attempts = {.keywords = keywords, .values = values};
	const char *attrs = option_value(&attempts, "target_session_attrs");
	const char *balance = option_value(&attempts, "load_balance_hosts");
	List *addresses = list_addresses(&attempts);
	bool is_made;

	initStringInfo(&attempts.all);
	attempts.timeout_ms = attempt_timeout(&attempts);
	if (balance != NULL && strcmp(balance, "random") == 0)
		shuffle(addresses);
	if (addresses == NIL)
		is_made = attempt(remote, &attempts, &attempts);
	else if (attrs != NULL && strcmp(attrs, "prefer-standby") == 0)
		is_made = try_all(remote, &attempts, addresses, "standby") ||
		          (!is_final(&attempts) && try_all(remote, &attempts, addresses, "any"));
	else
		is_made = try_all(remote, &attempts, addresses, attrs);
	if (!is_made)
		remote_raise_connection_error(attempts.sqlstate, attempts.message,
		                              attempts.count > 1 ? attempts.all.data : NULL);
	PQsetnonblocking(remote->conn, 1);
}

/*
 * src/mirror/remote_connect.c
 *		Connects to production: tries one address after the other, each with its own deadline.
 *
 * libpq's asynchronous connect ignores connect_timeout, so a first host that accepts the
 * connection and never answers would keep libpq from trying the second. So each address of each
 * host is an attempt of its own. As in libpq, the next address is tried unless a server has
 * refused the login.
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

/* The timeout of an attempt in seconds, if the options contain no connect_timeout. */
#define CONNECT_TIMEOUT 10

/* The largest number of bytes that is accepted before the login is complete. */
#define START_UP_BYTES (1024 * 1024)

/* One address to connect to, as libpq's options; an option that is NULL is left out. */
typedef struct Address
{
	char *host;
	char *hostaddr;
	char *port;
} Address;

/* libpq's options for a connection, and the errors of the attempts so far. */
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

/* Returns the value of one of libpq's options, or NULL if it is missing or empty. */
static const char *
option_value(const Attempts *attempts, const char *keyword)
{
	for (int i = 0; attempts->keywords[i] != NULL; i++)
		if (strcmp(attempts->keywords[i], keyword) == 0 && attempts->values[i][0] != '\0')
			return attempts->values[i];
	return NULL;
}

/* Splits a comma-separated list as libpq does. NULL becomes NIL, and an empty part becomes NULL. */
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

/* Returns the part of a list that belongs to a host; a list of one part applies to all hosts. */
static char *
part_for(List *parts, int index)
{
	if (parts == NIL)
		return NULL;
	return list_nth(parts, list_length(parts) > 1 ? index : 0);
}

/* Appends the addresses of a host name, or the name alone if it can't be resolved. */
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
 * Returns the addresses to try, in order. Returns NIL if the lists differ in length, so that
 * libpq reports this error, or if no host is given, so that libpq finds the hosts itself, as in a
 * service file.
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

/* Puts the addresses into a random order. */
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

/* Records how an attempt failed. A server's error takes precedence over a missing answer. */
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

/* Records libpq's error for a failed attempt. */
static void
note_libpq_failure(Remote *remote, Attempts *attempts)
{
	int sqlstate = ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION;
	char *message = remote_error_message(PQerrorMessage(remote->conn), &sqlstate);

	note_failure(attempts, sqlstate, message);
}

/* Counts the bytes that arrive until the login is complete; returns false if they are too many. */
static bool
is_bounded(Remote *remote)
{
	int waiting = 0;

	if (ioctl(PQsocket(remote->conn), FIONREAD, &waiting) == 0)
		remote->unparsed += waiting;
	return remote->unparsed <= START_UP_BYTES;
}

/* Records that an attempt got no answer in time. */
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

/* Waits until an attempt succeeds or fails; if it fails, records the error and returns false. */
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
			             "the server sent too much data before the login was complete");
			return false;
		}
		polling = PQconnectPoll(remote->conn);
	}
	if (polling != PGRES_POLLING_OK)
		note_libpq_failure(remote, attempts);
	return polling == PGRES_POLLING_OK;
}

/*
 * Makes the options of one attempt: the given options, but with one address and one value of
 * target_session_attrs.
 */
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

/* Tries to connect with the given options; if that fails, records the error and returns false. */
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

/* Returns whether a server has refused the connection, after which libpq tries no other host. */
static bool
is_final(const Attempts *attempts)
{
	return attempts->sqlstate != ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION &&
	       attempts->sqlstate != ERRCODE_CANNOT_CONNECT_NOW &&
	       attempts->sqlstate != ERRCODE_PROTOCOL_VIOLATION;
}

/* Tries each address; returns false if no connection could be made. */
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

/* Returns how long an attempt may take, in milliseconds. */
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
 * Connects with libpq's keywords and values. If all attempts fail, raises the most informative of
 * their errors, with all of them as its detail.
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

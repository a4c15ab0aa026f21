/*
 * safety/fuzz_conninfo.c
 *		The fuzz target for connection strings. It includes src/mirror/connect.c, whose
 *		global functions get other names so that the library does not define them twice.
 */
#define ngeshare_connect fuzzed_connect
#define connect_bind_to_extension fuzzed_bind_to_extension
#include "mirror/connect.c"

#include "fuzz.h"
#include "mirror/conninfo.h"
#include "mirror/session.h"

/*
 * Splits a connection string. Checks that option_changes() drops no option if the
 * user mapping's new options are its old ones.
 */
void
fuzz_conninfo(char *text)
{
	List *server;
	List *mapping;

	conninfo_split(text, &server, &mapping);
	session_safe_options(server);
	if (list_length(option_changes(mapping, mapping)) != list_length(mapping))
		elog(ERROR, "options that stay are dropped: %s", text);
}

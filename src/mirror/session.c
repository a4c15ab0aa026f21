/*
 * src/mirror/session.c
 *		The settings that every session of ours on production runs with.
 *
 * The login, the database and postgresql.conf may set anything there. Whatever changes
 * the meaning or the text of our statements, or how long they wait, is pinned here: by
 * start-up options, which are stronger than ALTER ROLE and ALTER DATABASE and reach the
 * foreign tables' connections too, and once more after connecting, by a query that also
 * tells whether the options arrived. A pooler may drop them. Then nothing may be set for
 * the session either, since another client may get it next: each of our statements runs
 * in a transaction that sets them for itself.
 */
#include "mirror/session.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "mirror/server.h"
#include "ngeshare.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"

typedef struct SessionSetting
{
	const char *name; /* in lower case */
	const char *value;
	bool at_startup; /* every PostgreSQL since 14 takes it from any login on any system */
} SessionSetting;

static const SessionSetting session_settings[] = {
    /* What names, constants and operators mean. */
    {"search_path", "pg_catalog,pg_temp", true},
    {"timezone", "UTC", true},
    {"datestyle", "ISO,MDY", true},
    {"intervalstyle", "postgres", true},
    {"standard_conforming_strings", "on", true},
    {"backslash_quote", "safe_encoding", true},
    {"array_nulls", "on", true},
    {"transform_null_equals", "off", true},
    {"xmloption", "content", true},
    /* What values look like. */
    {"extra_float_digits", "3", true},
    {"quote_all_identifiers", "off", true},
    {"bytea_output", "hex", true},
    {"xmlbinary", "base64", true},
    /* What can be seen, and that nothing can be written. */
    {"default_transaction_read_only", "on", true},
    {"default_transaction_isolation", "read committed", true},
    {"default_transaction_deferrable", "off", true},
    {"row_security", "off", true},
    {"gin_fuzzy_search_limit", "0", true},
    {"restrict_nonsystem_relation_kind", "", false},
    /* How long anything lasts; the statements' own time is ngeshare.sync_timeout. */
    {"statement_timeout", "300s", true},
    {"lock_timeout", "1s", true},
    {"idle_in_transaction_session_timeout", "120s", true},
    {"idle_session_timeout", "0", true},
    {"transaction_timeout", "0", false},
    /* What is sent beside the answers. */
    {"client_min_messages", "warning", true},
    {"exit_on_error", "off", true},
    /* How the statements run. */
    {"cursor_tuple_fraction", "1.0", true},
    {"jit", "off", true},
    {"force_parallel_mode", "off", false},
    {"debug_parallel_query", "off", false},
    /* Buckets are summed up by hashing, whatever is believed of their number. */
    {"enable_sort", "off", false},
};

/*
 * libpq takes a session that is read-only for one on a standby where it is asked to tell
 * them apart by what a session may do. Then the option waits until libpq has chosen.
 */
static bool
may_wait_for_choice(const char *setting)
{
	return strcmp(setting, "default_transaction_read_only") == 0;
}

/* Whether libpq is asked to tell read-only sessions from others. */
static bool
chooses_by_session(const char *target_session_attrs)
{
	return target_session_attrs != NULL && (strcmp(target_session_attrs, "read-write") == 0 ||
	                                        strcmp(target_session_attrs, "read-only") == 0);
}

/* The start-up options, as libpq's "options" takes them: blanks are escaped. */
static char *
startup_options(const char *target_session_attrs)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < lengthof(session_settings); i++)
	{
		const SessionSetting *setting = &session_settings[i];

		if (!setting->at_startup ||
		    (may_wait_for_choice(setting->name) && chooses_by_session(target_session_attrs)))
			continue;
		appendStringInfo(&text, "%s-c %s=", text.len > 0 ? " " : "", setting->name);
		for (const char *at = setting->value; *at != '\0'; at++)
			appendStringInfo(&text, *at == ' ' ? "\\%c" : "%c", *at);
	}
	return text.data;
}

/* One setting of a list of rows ('name', 'value', at start-up), ... */
static void
add_row(StringInfo rows, const char *name, const char *value, bool at_startup)
{
	appendStringInfo(rows, "%s('%s', '%s', %s)", rows->len > 0 ? ", " : "", name, value,
	                 at_startup ? "true" : "false");
}

/* All settings, as such rows. None has a quote or a backslash in it. */
static char *
setting_rows(void)
{
	StringInfoData rows;

	initStringInfo(&rows);
	for (int i = 0; i < lengthof(session_settings); i++)
	{
		const SessionSetting *setting = &session_settings[i];

		if (strcmp(setting->name, "statement_timeout") == 0)
			add_row(&rows, setting->name, psprintf("%ds", ngeshare_settings.sync_timeout), true);
		else
			add_row(&rows, setting->name, setting->value,
			        setting->at_startup && !may_wait_for_choice(setting->name));
	}
	add_row(&rows, "client_encoding", GetDatabaseEncodingName(), true);
	return rows.data;
}

/*
 * The query that pins the settings: of a connection's session where all start-up options
 * have arrived there, else (or where it is known that they have not) of the transaction.
 * It gives whether they have arrived, and how many were set. An idle production tells
 * within a second that we are gone, where its system can. Nothing in it depends on
 * search_path, or on how a string is read.
 */
char *
session_pinning_query(bool is_pooled)
{
	const char *arrived = is_pooled
	                          ? "false"
	                          : "pg_catalog.bool_and(there.source OPERATOR(pg_catalog.=) 'client')"
	                            " FILTER (WHERE there.at_startup)";

	return psprintf("WITH pin (name, value, at_startup) AS MATERIALIZED (VALUES %s),"
	                " there AS MATERIALIZED (SELECT pin.*, there.source FROM pin"
	                " JOIN pg_catalog.pg_settings AS there"
	                " ON pg_catalog.lower(there.name COLLATE pg_catalog.\"C\")"
	                " OPERATOR(pg_catalog.=) pin.name"
	                " UNION ALL SELECT 'client_connection_check_interval', '1s', false, NULL"
	                " WHERE pg_catalog.version() OPERATOR(pg_catalog.~~) '%%linux%%'),"
	                " state AS MATERIALIZED (SELECT %s AS arrived FROM there)"
	                " SELECT state.arrived, pg_catalog.count("
	                "pg_catalog.set_config(there.name, there.value, NOT state.arrived))"
	                " FROM state CROSS JOIN there GROUP BY state.arrived",
	                setting_rows(), arrived);
}

/* What to do about production's refusal of a connection, where a pooler refused it; or NULL. */
const char *
session_refusal_hint(const char *message)
{
	if (strstr(message, "startup parameter") == NULL)
		return NULL;
	return "This is not production itself but a pooler, which refuses start-up options. Connect to"
	       " production directly, or let the pooler ignore them (pgbouncer:"
	       " ignore_startup_parameters = options).";
}

/* The value of an option in a list of DefElems, or NULL. */
static const char *
option_value(List *options, const char *name)
{
	DefElem *option = server_find_option(options, name);

	return option != NULL ? defGetString(option) : NULL;
}

/* Adds an option unless the list has one of that name. */
static List *
default_option(List *options, const char *name, const char *value)
{
	if (option_value(options, name) != NULL)
		return options;
	return lappend(options, makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1));
}

/* The start-up options behind a login's own, so that ours have the last word; once only. */
static char *
options_behind(const char *own, const char *ours)
{
	const char *at = own != NULL ? strstr(own, ours) : NULL;

	if (own == NULL || (at != NULL && at[strlen(ours)] == '\0'))
		return pstrdup(own != NULL ? own : ours);
	return psprintf("%s %s", own, ours);
}

/*
 * Completes a login's libpq options with those that keep production safe. Options that
 * were completed before, maybe by an older version, may be given again.
 */
List *
session_safe_options(List *options)
{
	char *session = options_behind(option_value(options, "options"),
	                               startup_options(option_value(options, "target_session_attrs")));
	List *safe = NIL;
	ListCell *cell;

	foreach (cell, options)
		if (strcmp(((DefElem *) lfirst(cell))->defname, "options") != 0)
			safe = lappend(safe, lfirst(cell));
	safe = default_option(safe, "options", session);
	safe = default_option(safe, "application_name", "ngeshare");
	safe = default_option(safe, "connect_timeout", "10");
	safe = default_option(safe, "keepalives_idle", "30");
	safe = default_option(safe, "keepalives_interval", "10");
	safe = default_option(safe, "keepalives_count", "3");
	return default_option(safe, "tcp_user_timeout", "60000");
}

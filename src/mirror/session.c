/*
 * src/mirror/session.c
 *		The settings of every session that the extension opens on production.
 *
 * On production, ALTER ROLE, ALTER DATABASE and postgresql.conf may set anything. So we set each
 * setting that changes the meaning of our statements, the text of their results, or how long they
 * wait. Start-up options set them first: these override ALTER ROLE and ALTER DATABASE, and reach
 * the connections of the foreign tables too. After connecting, a query sets the settings again
 * and reports whether the options arrived.
 *
 * A pooler may drop start-up options. Then the settings must not be set for the session either,
 * because the pooler may give the session to another client next. In this case each of our
 * statements runs in a transaction that sets them for itself.
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
	bool at_startup; /* sent as a start-up option: PostgreSQL 14 and newer let any login set it */
} SessionSetting;

static const SessionSetting session_settings[] = {
    /* Settings that change the meaning of names, constants and operators. */
    {"search_path", "pg_catalog,pg_temp", true},
    {"timezone", "UTC", true},
    {"datestyle", "ISO,MDY", true},
    {"intervalstyle", "postgres", true},
    {"standard_conforming_strings", "on", true},
    {"backslash_quote", "safe_encoding", true},
    {"array_nulls", "on", true},
    {"transform_null_equals", "off", true},
    {"xmloption", "content", true},
    /* Settings that change how values are written as text. */
    {"extra_float_digits", "3", true},
    {"quote_all_identifiers", "off", true},
    {"bytea_output", "hex", true},
    {"xmlbinary", "base64", true},
    /* Settings that make sessions read-only and decide which rows a query sees. */
    {"default_transaction_read_only", "on", true},
    {"default_transaction_isolation", "read committed", true},
    {"default_transaction_deferrable", "off", true},
    {"row_security", "off", true},
    {"gin_fuzzy_search_limit", "0", true},
    {"restrict_nonsystem_relation_kind", "", false},
    /* Timeouts. The pinning query sets statement_timeout to ngeshare.sync_timeout instead. */
    {"statement_timeout", "300s", true},
    {"lock_timeout", "1s", true},
    {"idle_in_transaction_session_timeout", "120s", true},
    {"idle_session_timeout", "0", true},
    {"transaction_timeout", "0", false},
    /* Settings for notices and errors. */
    {"client_min_messages", "warning", true},
    {"exit_on_error", "off", true},
    /* Settings that change how statements are planned and run. */
    {"cursor_tuple_fraction", "1.0", true},
    {"jit", "off", true},
    {"force_parallel_mode", "off", false},
    {"debug_parallel_query", "off", false},
    /* Makes the planner sum up buckets by hashing, whatever number of groups it estimates. */
    {"enable_sort", "off", false},
};

/*
 * Returns whether a setting is left out of the start-up options if libpq chooses a server by
 * target_session_attrs. libpq would take a session that our option made read-only for one on a
 * standby. The setting is then set after libpq has chosen.
 */
static bool
may_wait_for_choice(const char *setting)
{
	return strcmp(setting, "default_transaction_read_only") == 0;
}

/* Returns whether libpq chooses a server by whether its sessions are read-only. */
static bool
chooses_by_session(const char *target_session_attrs)
{
	return target_session_attrs != NULL && (strcmp(target_session_attrs, "read-write") == 0 ||
	                                        strcmp(target_session_attrs, "read-only") == 0);
}

/* Returns the start-up options as a value of libpq's "options", in which spaces are escaped. */
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

/* Appends one setting to a list of SQL rows ('name', 'value', at_startup), ... */
static void
add_row(StringInfo rows, const char *name, const char *value, bool at_startup)
{
	appendStringInfo(rows, "%s('%s', '%s', %s)", rows->len > 0 ? ", " : "", name, value,
	                 at_startup ? "true" : "false");
}

/* Returns all settings as SQL rows. No value contains a quote or a backslash. */
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
 * Returns the query that sets ("pins") the settings: for the session if all start-up options have
 * arrived on production, otherwise for the transaction. is_pooled means that they are known not
 * to have arrived. The query returns whether they arrived, and how many settings it set.
 *
 * On Linux the query also sets client_connection_check_interval, so that production notices
 * within a second that this side has disconnected. The query works under any search_path and with
 * any settings for string constants.
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

/* Returns a hint if a pooler refused the connection with this message, or NULL. */
const char *
session_refusal_hint(const char *message)
{
	if (strstr(message, "startup parameter") == NULL)
		return NULL;
	return "This is not production itself but a pooler, which refuses start-up options. Connect to"
	       " production directly, or let the pooler ignore them (pgbouncer:"
	       " ignore_startup_parameters = options).";
}

/* Returns the value of an option in a list of DefElems, or NULL. */
static const char *
option_value(List *options, const char *name)
{
	DefElem *option = server_find_option(options, name);

	return option != NULL ? defGetString(option) : NULL;
}

/* Adds an option unless the list has one of this name. */
static List *
default_option(List *options, const char *name, const char *value)
{
	if (option_value(options, name) != NULL)
		return options;
	return lappend(options, makeDefElem(pstrdup(name), (Node *) makeString(pstrdup(value)), -1));
}

/*
 * Appends our start-up options to those of the connection string, because the last one of a name
 * wins. Does not append them twice.
 */
static char *
options_behind(const char *own, const char *ours)
{
	const char *at = own != NULL ? strstr(own, ours) : NULL;

	if (own == NULL || (at != NULL && at[strlen(ours)] == '\0'))
		return pstrdup(own != NULL ? own : ours);
	return psprintf("%s %s", own, ours);
}

/*
 * Adds to a login's libpq options those that keep production safe. The list may already contain
 * them, maybe from an older version of the extension.
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

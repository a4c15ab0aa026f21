/*
 * src/pinned.c
 *		The one list of settings that our code runs with, and the change to
 *		another user, which never comes without them.
 *
 * With the caller's search_path an operator or a function in our SQL could be one
 * that the caller, or anybody who may create objects there, has made: it would run
 * with the rights of the user that we become. So the path is pinned before the
 * first statement. The other settings are pinned because results and written rows
 * must not depend on the session.
 *
 * The pins are a nest level of settings. The end of a transaction takes all levels
 * back, and an error those of its subtransaction, as it does the user. So whoever
 * pins ends it before a commit, and never has to after an error. A function that
 * needs nothing but the path has SET search_path in its definition instead.
 */
#include "pinned.h"

#include "miscadmin.h"
#include "sql.h"
#include "utils/guc.h"

typedef struct PinnedSetting
{
	const char *name;
	const char *value;
} PinnedSetting;

/*
 * search_path comes first: nothing of ours runs before it is pinned. A setting that this
 * PostgreSQL does not have is passed over.
 */
static const PinnedSetting pinned_settings[] = {
    {"search_path", "pg_catalog, pg_temp"},
    /* What constants, operators and rows mean. */
    {"timezone", "UTC"},
    {"datestyle", "ISO, MDY"},
    {"intervalstyle", "postgres"},
    {"standard_conforming_strings", "on"},
    {"backslash_quote", "safe_encoding"},
    {"array_nulls", "on"},
    {"transform_null_equals", "off"},
    {"row_security", "off"},
    {"session_replication_role", "origin"},
    {"gin_fuzzy_search_limit", "0"},
    {"restrict_nonsystem_relation_kind", ""},
    /* What values look like as texts, in archives and messages. */
    {"extra_float_digits", "1"},
    {"quote_all_identifiers", "off"},
    {"bytea_output", "hex"},
    /* Nobody else's patience: a step sets its own. */
    {"lock_timeout", "0"},
    {"exit_on_error", "off"},
    {"jit", "off"},
};

/* Sets a setting as long as the current nest level lasts, whoever the user is. */
void
pinned_set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                         false);
}

/* Opens a nest level with all settings of the list; pinned_end() wants what it returns. */
int
pinned_begin(void)
{
	int nest_level = NewGUCNestLevel();

	for (int i = 0; i < lengthof(pinned_settings); i++)
		if (GetConfigOption(pinned_settings[i].name, true, false) != NULL)
			pinned_set(pinned_settings[i].name, pinned_settings[i].value);
	return nest_level;
}

void
pinned_end(int nest_level)
{
	AtEOXact_GUC(true, nest_level);
}

/* Sets the list for as long as a background worker lives. */
void
pinned_for_session(void)
{
	for (int i = 0; i < lengthof(pinned_settings); i++)
		if (GetConfigOption(pinned_settings[i].name, true, false) != NULL)
			SetConfigOption(pinned_settings[i].name, pinned_settings[i].value, PGC_SUSET,
			                PGC_S_SESSION);
}

/*
 * Pins the settings and works as a user, or as the caller where that is InvalidOid,
 * until pinned_become_caller() or the transaction's end.
 */
void
pinned_become(Oid user, PinnedCaller *caller)
{
	GetUserIdAndSecContext(&caller->user, &caller->context);
	caller->nest_level = pinned_begin();
	if (OidIsValid(user))
		SetUserIdAndSecContext(user, caller->context | SECURITY_LOCAL_USERID_CHANGE);
}

/* The same as the extension's owner, who is looked up with the settings pinned. */
void
pinned_become_owner(PinnedCaller *caller)
{
	Oid owner;

	pinned_become(InvalidOid, caller);
	owner = sql_extension_owner();
	if (OidIsValid(owner))
		SetUserIdAndSecContext(owner, caller->context | SECURITY_LOCAL_USERID_CHANGE);
}

void
pinned_become_caller(const PinnedCaller *caller)
{
	pinned_end(caller->nest_level);
	SetUserIdAndSecContext(caller->user, caller->context);
}

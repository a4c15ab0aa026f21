/*
 * src/pinned.c
 *		The list of settings that our code runs with, and the change to another user, which always
 *		pins these settings first.
 *
 * With the caller's search_path, the name of an operator or a function in our SQL could mean one
 * that the caller has created, or another user who may create objects in a schema of that path. It
 * would run with the rights of the user that we change to. So search_path is pinned before the
 * first statement. The other settings are pinned because results and written rows must not depend
 * on the session.
 *
 * The settings are pinned in a GUC nest level of their own. When a transaction or a subtransaction
 * aborts, PostgreSQL restores the settings and the user. At a commit it does not restore the user.
 * So code that changes the user must change it back before a commit, but need not do so after an
 * error. A function that needs only search_path pinned has SET search_path in its definition
 * instead.
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

/* A setting that the PostgreSQL version does not have is skipped. */
static const PinnedSetting pinned_settings[] = {
    {"search_path", "pg_catalog, pg_temp"},
    /* Settings that change the meaning of constants or operators, the rows that a query sees, or
     * whether triggers fire. */
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
    /* Settings that change how values are written as text, in archives and messages. */
    {"extra_float_digits", "1"},
    {"quote_all_identifiers", "off"},
    {"bytea_output", "hex"},
    /* Settings that change how a statement waits and runs. A sync sets lock_timeout per step. */
    {"lock_timeout", "0"},
    {"exit_on_error", "off"},
    {"jit", "off"},
};

/* Sets a setting until the current nest level ends, even if the user may not set it. */
void
pinned_set(const char *name, const char *value)
{
	(void) set_config_option(name, value, PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
	                         false);
}

/* Opens a nest level and sets all settings of the list. Returns the level for pinned_end(). */
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

/* Sets all settings of the list for the lifetime of a background worker. */
void
pinned_for_session(void)
{
	for (int i = 0; i < lengthof(pinned_settings); i++)
		if (GetConfigOption(pinned_settings[i].name, true, false) != NULL)
			SetConfigOption(pinned_settings[i].name, pinned_settings[i].value, PGC_SUSET,
			                PGC_S_SESSION);
}

/*
 * Pins the settings and changes to a user, until pinned_become_caller() or until the transaction
 * or subtransaction aborts. With InvalidOid the user stays the caller.
 */
void
pinned_become(Oid user, PinnedCaller *caller)
{
	GetUserIdAndSecContext(&caller->user, &caller->context);
	caller->nest_level = pinned_begin();
	if (OidIsValid(user))
		SetUserIdAndSecContext(user, caller->context | SECURITY_LOCAL_USERID_CHANGE);
}

/*
 * Does the same as pinned_become(), with the extension's owner as the user. The owner is looked
 * up after the settings are pinned.
 */
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

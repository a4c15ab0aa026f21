/*
 * src/mirror/before_write.c
 *		The statement trigger that runs before INSERT and TRUNCATE on the mirror's tables and
 *		ngeshare.meeting_past, and before INSERT on the sync's logs.
 */
#include "postgres.h"

#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(ngeshare_before_write);

/*
 * Returns whether a superuser replays a dump, which is recognized by the settings that
 * ngeshare.is_restoring() tests. The outer user is tested, so that a SECURITY DEFINER function of
 * a superuser does not make its caller one.
 */
static bool
is_restoring(void)
{
	return !check_function_bodies && superuser_arg(GetOuterUserId()) &&
	       GetConfigOption("search_path", false, false)[0] == '\0';
}

/*
 * Turns off the foreign keys' triggers until the end of the transaction, because pg_restore -j
 * may load a table before the tables that it references. The mirror's other triggers still fire,
 * because they are ENABLE ALWAYS.
 */
static void
check_no_references(void)
{
	(void) set_config_option("session_replication_role", "replica", PGC_SUSET, PGC_S_SESSION,
	                         GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * Records, with the rights of the extension's owner, that the whole snapshot is stale and that
 * the table was written.
 */
static void
note_truncate(const char *table)
{
	int nest_level = NewGUCNestLevel();
	SqlArgs args = {0};
	Oid caller;
	int context;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
	                         GUC_ACTION_SAVE, true, 0, false);
	GetUserIdAndSecContext(&caller, &context);
	SPI_connect();
	SetUserIdAndSecContext(sql_extension_owner(), context | SECURITY_LOCAL_USERID_CHANGE);
	sql_run("INSERT INTO ngeshare.stale_key DEFAULT VALUES", NULL);
	sql_add_text(&args, table);
	sql_run("INSERT INTO ngeshare.write_mark (name, written_by) VALUES ($1, pg_current_xact_id())",
	        &args);
	SetUserIdAndSecContext(caller, context);
	SPI_finish();
	AtEOXact_GUC(true, nest_level);
}

Datum
ngeshare_before_write(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("ngeshare.before_write() must be called as a trigger")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		note_truncate(RelationGetRelationName(trigger->tg_relation));
	else if (is_restoring())
		check_no_references();
	PG_RETURN_POINTER(NULL);
}

/*
 * src/mirror/before_write.c
 *		What happens before rows are inserted into the mirror, or all of them removed.
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
 * Whether a superuser replays a dump: the settings are those of ngeshare.is_restoring(). A
 * function of a superuser's that others may call (SECURITY DEFINER) does not make them one.
 */
static bool
is_restoring(void)
{
	return !check_function_bodies && superuser_arg(GetOuterUserId()) &&
	       GetConfigOption("search_path", false, false)[0] == '\0';
}

/*
 * Leaves out the checks of foreign keys up to the end of the transaction: pg_restore -j loads a
 * table before or after those that it points to. Our own triggers are ENABLE ALWAYS.
 */
static void
check_no_references(void)
{
	(void) set_config_option("session_replication_role", "replica", PGC_SUSET, PGC_S_SESSION,
	                         GUC_ACTION_LOCAL, true, 0, false);
}

/*
 * Notes that everything is stale, and that the table was written, with the rights of the
 * extension's owner.
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

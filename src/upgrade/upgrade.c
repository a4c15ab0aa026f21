/*
 * src/upgrade/upgrade.c
 *		C functions that only the update from 1.1 to 2.0 needs.
 *
 * After the new library is installed, a database still has the SQL functions of 1.1 until
 * ALTER EXTENSION ngeshare UPDATE. C functions that they name and that 2.0 no longer has remain
 * as stubs that raise an error. t/080_upgrade.pl checks that no symbol of 1.1's script is missing.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "sql.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ngeshare_upgrade_right);

#define REFUSING_STUB(name)                                                                        \
	PG_FUNCTION_INFO_V1(name);                                                                     \
	Datum name(PG_FUNCTION_ARGS)                                                                   \
	{                                                                                              \
		return refuse_call();                                                                      \
	}

/* Raises 55000 in place of a function of 1.1. Before the update, the hint names the update. */
static Datum
refuse_call(void)
{
	SPI_connect();
	sql_refuse_other_version();
	ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
	                errmsg("this function belongs to an earlier version of ngeshare")));
}

REFUSING_STUB(ngeshare_asked_at)
REFUSING_STUB(ngeshare_asked_day)

/*
 * Runs a GRANT or REVOKE statement with creating_extension off. Otherwise PostgreSQL would record
 * the right as the extension's own (pg_init_privs), and pg_dump would leave it out.
 */
Datum
ngeshare_upgrade_right(PG_FUNCTION_ARGS)
{
	bool was_creating = creating_extension;

	creating_extension = false;
	PG_TRY();
	{
		SPI_connect();
		if (SPI_execute(text_to_cstring(PG_GETARG_TEXT_PP(0)), false, 0) < 0)
			elog(ERROR, "could not give a right back");
		SPI_finish();
	}
	PG_FINALLY();
	{
		creating_extension = was_creating;
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}

/*
 * src/upgrade/upgrade.c
 *		What the update from 1.1 needs of the library.
 *
 * A database keeps 1.1's SQL until ALTER EXTENSION ngeshare UPDATE, so the C functions that it
 * names and that this version no longer has stay as stubs. t/080_upgrade.pl checks that the library
 * has every symbol of 1.1's script.
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

/* Raises 55000, with ALTER EXTENSION ngeshare UPDATE as its hint. */
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
 * Runs a GRANT or REVOKE that gives a user's right back. PostgreSQL takes the rights that an
 * extension's script gives for the extension's own, and leaves them out of dumps.
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

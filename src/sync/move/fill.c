/*
 * src/sync/move/fill.c
 *		Copies staging into a table of the mirror that is still empty.
 *
 * Most of the cost of a first load would be to check foreign keys and to update indexes row by
 * row. The staged rows have been checked already (quarantine.c): each has its parents and the
 * values that it needs. They are therefore inserted a thousand at a time, without triggers, and
 * the indexes are built afterwards. All of this is done in the one transaction of the merge.
 */
#include "sync/move/move.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "compat.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "ngeshare.h"
#include "nodes/makefuncs.h"
#include "sql.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* The number of rows that are inserted at a time. */
#define FILL_ROWS 1000

/* How long a first load waits at most for the readers of one empty table, in milliseconds. */
#define FILL_PATIENCE_MS 5000

/*
 * Returns whether a table has exactly the first columns of its staging table and only the mirror's
 * own CHECK constraints. The mirror's own ones hold for every row that passed the quarantine's
 * checks. A fill does not check constraints, and a user may have added some.
 */
static bool
is_as_made(const MirrorTable *table)
{
	SqlArgs args = {0};

	sql_add_text(&args, table->name);
	sql_add_text(&args, table->stage);
	return !sql_query_row("SELECT 1 FROM pg_catalog.pg_attribute AS mirror"
	                      " WHERE attrelid = format('public.%I', $1)::regclass AND attnum > 0"
	                      " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute AS stage"
	                      " WHERE stage.attrelid = format('ngeshare.%I', $2)::regclass"
	                      " AND (stage.attnum, stage.attname) = (mirror.attnum, mirror.attname))"
	                      " UNION ALL SELECT 1 FROM pg_catalog.pg_constraint"
	                      " WHERE conrelid = format('public.%I', $1)::regclass AND contype = 'c'"
	                      " AND conname NOT LIKE '%\\_usable'",
	                      &args);
}

/*
 * Returns whether to load a table without its indexes and build them afterwards: the table is
 * empty and unchanged (is_as_made()), and the step has not waited too long for the exclusive lock
 * that this needs. An open transaction that has read the table blocks that lock; after a while the
 * rows are merged the ordinary way. A merge that looks for rows that the table refuses (isolate.c)
 * is an ordinary one, too.
 */
bool
sync_may_fill(const SyncRun *run, const MirrorTable *table)
{
	long patience = ngeshare_settings.sync_timeout * 1000L; /* for the whole run */

	return !run->lasting.isolates &&
	       sync_waited_for_lock(run) < Min(FILL_PATIENCE_MS, patience / (2 * MIRROR_TABLES)) &&
	       sync_is_empty(table) && is_as_made(table);
}

/*
 * Checks that the first columns of staging are the mirror's columns, because they are copied by
 * position.
 */
static void
check_columns(Relation mirror, Relation stage)
{
	TupleDesc wanted = RelationGetDescr(mirror);
	TupleDesc given = RelationGetDescr(stage);

	for (int i = 0; i < wanted->natts; i++)
		if (i >= given->natts || TupleDescAttr(wanted, i)->attisdropped ||
		    strcmp(NameStr(TupleDescAttr(wanted, i)->attname),
		           NameStr(TupleDescAttr(given, i)->attname)) != 0)
			elog(ERROR, "staging of \"%s\" does not have its columns",
			     RelationGetRelationName(mirror));
}

/* Copies a staged row into a slot that has the mirror's columns. */
static void
copy_row(TupleTableSlot *from, TupleTableSlot *to)
{
	int columns = to->tts_tupleDescriptor->natts;

	slot_getsomeattrs(from, columns);
	ExecClearTuple(to);
	memcpy(to->tts_values, from->tts_values, sizeof(Datum) * columns);
	memcpy(to->tts_isnull, from->tts_isnull, sizeof(bool) * columns);
	ExecStoreVirtualTuple(to);
	ExecMaterializeSlot(to);
}

/* Inserts the rows in the slots, and frees the memory that this took. */
static void
insert_rows(Relation mirror, TupleTableSlot **slots, int count, BulkInsertState bulk,
            MemoryContext batch)
{
	MemoryContext caller = MemoryContextSwitchTo(batch);

	CHECK_FOR_INTERRUPTS();
	table_multi_insert(mirror, slots, count, GetCurrentCommandId(true), 0, bulk);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(batch);
}

/*
 * Copies all rows of staging, a thousand at a time, without indexes and triggers; returns how
 * many.
 */
static int64
copy_rows(Relation mirror, Relation stage)
{
	TableScanDesc scan = compat_table_beginscan(stage, GetActiveSnapshot());
	TupleTableSlot *from = table_slot_create(stage, NULL);
	TupleTableSlot *slots[FILL_ROWS];
	BulkInsertState bulk = GetBulkInsertState();
	MemoryContext batch =
	    AllocSetContextCreate(CurrentMemoryContext, "ngeshare fill", ALLOCSET_DEFAULT_SIZES);
	int64 rows = 0;
	int held = 0;
	bool has_more = true;

	for (int i = 0; i < FILL_ROWS; i++)
		slots[i] = MakeSingleTupleTableSlot(RelationGetDescr(mirror), &TTSOpsHeapTuple);
	while (has_more)
	{
		has_more = table_scan_getnextslot(scan, ForwardScanDirection, from);
		if (has_more)
			copy_row(from, slots[held++]);
		if (held == FILL_ROWS || (!has_more && held > 0))
		{
			insert_rows(mirror, slots, held, bulk, batch);
			rows += held;
			held = 0;
		}
	}
	for (int i = 0; i < FILL_ROWS; i++)
		ExecDropSingleTupleTableSlot(slots[i]);
	ExecDropSingleTupleTableSlot(from);
	table_finish_bulk_insert(mirror, 0);
	FreeBulkInsertState(bulk);
	table_endscan(scan);
	MemoryContextDelete(batch);
	return rows;
}

/*
 * Locks the parent tables against writes until the transaction ends. It is called before staging
 * is checked, so that no parent can be deleted before its children are in the mirror.
 */
void
sync_lock_parents(const MirrorTable *table)
{
	for (const MirrorParent *parent = table->parents; parent->column != NULL; parent++)
		sql_run(sql_format("LOCK TABLE public.%s IN SHARE MODE", quote_identifier(parent->table)),
		        NULL);
}

/* Copies the rows of staging and builds the indexes. Raises 23505 if an id was staged twice. */
static int64
fill(const MirrorTable *table)
{
	Relation mirror =
	    table_openrv(makeRangeVar("public", pstrdup(table->name), -1), AccessExclusiveLock);
	Relation stage =
	    table_openrv(makeRangeVar("ngeshare", pstrdup(table->stage), -1), AccessShareLock);
	int64 rows;

	check_columns(mirror, stage);
	PushActiveSnapshot(GetTransactionSnapshot());
	rows = copy_rows(mirror, stage);
	PopActiveSnapshot();
	table_close(stage, NoLock);
	table_close(mirror, NoLock);
	CommandCounterIncrement();
	sql_run(sql_format("REINDEX TABLE public.%s", quote_identifier(table->name)), NULL);
	return rows;
}

/* The arguments and the result of try_to_fill(). */
typedef struct FillAttempt
{
	const MirrorTable *table;
	int64 rows;
} FillAttempt;

static void
try_to_fill(void *arguments)
{
	FillAttempt *attempt = arguments;

	attempt->rows = fill(attempt->table);
}

/*
 * Fills an empty table of the mirror from its checked staging table, and builds its indexes.
 * Records what the triggers would have recorded. If an id was staged twice, building the primary
 * key fails: the fill is undone, and repeated without the older row. This is rare (for example,
 * production moved a row to another block while its table was copied), so no query looks for such
 * ids beforehand.
 */
void
sync_fill(SyncRun *run)
{
	const MirrorTable *table = sync_at_table(run);
	SyncTable *state = sync_at_state(run);
	FillAttempt attempt = {.table = table};
	ErrorData *error = sync_try("ngeshare fill", try_to_fill, &attempt);

	if (error != NULL && error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
		ReThrowError(error);
	if (error != NULL)
	{
		sync_keep_latest(table);
		attempt.rows = fill(table);
	}
	mirror_run(
	    table,
	    "INSERT INTO ngeshare.write_mark (name, written_by) VALUES ($1, pg_current_xact_id())");
	sql_run("INSERT INTO ngeshare.stale_key DEFAULT VALUES", NULL);
	/* All rows of an empty table may have been in quarantine: release those that were filled in. */
	sync_release(table);
	state->inserted += attempt.rows;
	state->local_rows += attempt.rows;
}

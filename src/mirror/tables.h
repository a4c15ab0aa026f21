/*
 * src/mirror/tables.h
 *		The six tables: what the sync and the door to production know of each.
 */
#ifndef NGESHARE_MIRROR_TABLES_H
#define NGESHARE_MIRROR_TABLES_H

#include "postgres.h"

#define MIRROR_TABLES 6
#define MIRROR_ATTENDANCE (MIRROR_TABLES - 1)
#define MIRROR_MAX_PARENTS 3

/* A foreign key of the mirror: a column and the table that it points to. */
typedef struct MirrorParent
{
	const char *column;
	const char *table;
} MirrorParent;

typedef struct MirrorTable
{
	const char *name;  /* in production, in public here, and in people's words */
	const char *stage; /* its staging table in schema ngeshare */
	const char *stamp; /* the column that batches advance by */
	MirrorParent parents[MIRROR_MAX_PARENTS + 1]; /* ended by a NULL column */
	const char
	    *unusable; /* SQL condition on a row of staging "stage" that can't be mirrored, or NULL */
	const char *archive; /* its table in schema ngeshare for rows that were deleted */
	bool has_window;     /* the mirror has its rows of the last weeks; older ones become meetings */
} MirrorTable;

/* Parents before children, attendance last. */
extern const MirrorTable mirror_tables[MIRROR_TABLES];

extern int mirror_table_index(const char *name);
extern char *mirror_columns(const MirrorTable *table, const char *format, const char *separator);
extern uint64 mirror_run(const MirrorTable *table, const char *sql);
extern bool mirror_query_row(const MirrorTable *table, const char *sql);
extern char *mirror_names(void);

#endif

/*
 * src/mirror/tables.h
 *		The six tables: what the sync and ngeshare_connect() need to know about each.
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
	const char *name;  /* its name on production, in schema public and in messages */
	const char *stage; /* its staging table in schema ngeshare */
	const char *stamp; /* the timestamp column that batches advance by */
	MirrorParent parents[MIRROR_MAX_PARENTS + 1]; /* the list ends with a NULL column */
	const char
	    *unusable; /* SQL condition: a staging row "stage" can't be mirrored; NULL if all can */
	const char *archive; /* its table in schema ngeshare for deleted rows */
	bool has_window;     /* only its last weeks are mirrored; older rows become meetings */
} MirrorTable;

/* In this order: parents before their children, attendance last. */
extern const MirrorTable mirror_tables[MIRROR_TABLES];

extern int mirror_table_index(const char *name);
extern char *mirror_columns(const MirrorTable *table, const char *format, const char *separator);
extern char *mirror_differs(const MirrorTable *table);
extern uint64 mirror_run(const MirrorTable *table, const char *sql);
extern bool mirror_query_row(const MirrorTable *table, const char *sql);
extern char *mirror_names(void);

#endif

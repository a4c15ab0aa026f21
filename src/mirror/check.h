/*
 * src/mirror/check.h
 *		Checks whether production is what the mirror expects.
 */
#ifndef NGESHARE_MIRROR_CHECK_H
#define NGESHARE_MIRROR_CHECK_H

#include "mirror/keys.h"
#include "mirror/remote.h"
#include "mirror/tables.h"

/* Why a table can't be read; message is NULL if it can be read. */
typedef struct ProductionProblem
{
	int sqlstate;
	char *message;
	char *hint;
} ProductionProblem;

/* A column that only production has, that production lacks, or that has another type there. */
typedef struct ColumnDrift
{
	int table;
	char *column;
	const char *kind; /* added, gone or retyped */
	char *type_there; /* its type on production; empty if it is gone */
} ColumnDrift;

/* The result of a check of production. */
typedef struct Production
{
	char *source_id;    /* which database it is; see identity.c */
	bool is_pooled;     /* a pooler drops our start-up options */
	bool can_write;     /* the login could write to one of the six tables */
	double clock_ahead; /* production's clock minus ours, in seconds */
	int64 transactions; /* number begun so far; lower after a restore; 0 on a standby */
	ProductionProblem problems[MIRROR_TABLES];
	List *drift; /* list of ColumnDrift */
	ProductionKeys keys[MIRROR_TABLES];
} Production;

extern Production *production_check(Remote *remote);
extern void production_refuse_table(const Production *production, int table);
extern void production_check_same(const Production *production);

/* identity.c */
extern char *identity_expression(void);
extern bool identity_is_same(const char *known, const char *seen);
extern char *identity_merge(const char *known, const char *seen);

#endif

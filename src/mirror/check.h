/*
 * src/mirror/check.h
 *		Whether production is what the mirror expects.
 */
#ifndef NGESHARE_MIRROR_CHECK_H
#define NGESHARE_MIRROR_CHECK_H

#include "mirror/keys.h"
#include "mirror/remote.h"
#include "mirror/tables.h"

/* Why a table can't be read; message is NULL where it can. */
typedef struct ProductionProblem
{
	int sqlstate;
	char *message;
	char *hint;
} ProductionProblem;

/* A column that production has beside ours, has no longer, or has in another type. */
typedef struct ColumnDrift
{
	int table;
	char *column;
	const char *kind; /* added, gone or retyped */
	char *type_there; /* empty where it is gone */
} ColumnDrift;

/* What a check learned of production. */
typedef struct Production
{
	char *source_id;    /* which database it is; see identity.c */
	bool is_pooled;     /* a pooler drops our start-up options */
	bool can_write;     /* the login could write to one of the six tables */
	double clock_ahead; /* production's clock minus ours, in seconds */
	int64 transactions; /* that it has begun, ever; a restored backup has fewer. 0 on a standby */
	ProductionProblem problems[MIRROR_TABLES];
	List *drift; /* ColumnDrifts */
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

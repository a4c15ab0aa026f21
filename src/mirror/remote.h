/*
 * src/mirror/remote.h
 *		The extension's own connection to production, over libpq.
 */
#ifndef NGESHARE_MIRROR_REMOTE_H
#define NGESHARE_MIRROR_REMOTE_H

#include "postgres.h"

#include "libpq-fe.h"
#include "nodes/pg_list.h"

/* The name of the foreign server for production. */
#define REMOTE_SERVER "production"

/* The largest value of kind "count" (remote_shape.c), such as a number of rows or pages. */
#define REMOTE_COUNT_MAX INT64CONST(10000000000000)

typedef struct Remote Remote;

/* An answer of production whose columns and values fit the shape that was asked for. */
typedef struct RemoteRows
{
	int64 count;
	int columns;
	int64 room;
	char **values; /* row by row; NULL means SQL's NULL */
} RemoteRows;

/* remote.c */
extern Remote *remote_open(List *options, Oid owner);
extern Remote *remote_open_production(void);
extern int64 remote_bytes_received(Remote *remote);
extern bool remote_is_idle(Remote *remote);
extern bool remote_is_pooled(Remote *remote);

/* remote_answer.c */
extern void remote_send(Remote *remote, const char *sql);
extern RemoteRows *
remote_receive(Remote *remote, const char *sql, const char *shape, int64 min_rows, int64 max_rows);
extern RemoteRows *
remote_rows(Remote *remote, const char *sql, const char *shape, int64 min_rows, int64 max_rows);
extern void remote_command(Remote *remote, const char *sql);

/* remote_shape.c */
extern char *remote_text(const RemoteRows *rows, int64 row, int column);
extern int64 remote_int64(const RemoteRows *rows, int64 row, int column);
extern bool remote_bool(const RemoteRows *rows, int64 row, int column);

/* remote_error.c */
extern void remote_close(Remote *remote);
extern void remote_refuse(Remote *remote, int sqlstate, const char *what, const char *sql);
extern char *remote_valid_text(const char *text);
extern char *remote_error_message(const char *message, int *sqlstate);

/* server.c */
extern Oid remote_production_owner(void);
extern char *remote_without_secrets(const char *text);

/* remote_copy.c */
extern uint64 remote_copy(Remote *remote, const char *query, const char *table, List *columns);

#endif

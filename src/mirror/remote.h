/*
 * src/mirror/remote.h
 *		Our own connection to production, for SQL that has to arrive as written.
 */
#ifndef NGESHARE_MIRROR_REMOTE_H
#define NGESHARE_MIRROR_REMOTE_H

#include "postgres.h"

#include "libpq-fe.h"
#include "nodes/pg_list.h"

/* The foreign server that stands for production. */
#define REMOTE_SERVER "production"

typedef struct Remote Remote;

extern Remote *remote_open(List *options);
extern Remote *remote_open_production(void);
extern void remote_close(Remote *remote);
extern PGresult *remote_query(Remote *remote, const char *sql);
extern void remote_send(Remote *remote, const char *sql);
extern PGresult *remote_receive(Remote *remote, const char *sql);
extern int remote_next_chunk(Remote *remote, char **chunk, const char *sql);
extern uint64 remote_copy(Remote *remote, const char *query, const char *table, List *columns);
extern int64 remote_bytes_received(Remote *remote);
extern bool remote_is_idle(Remote *remote);
extern Oid remote_production_owner(void);
extern char *remote_error_message(char *message, int *sqlstate);
extern char *remote_without_secrets(const char *text);

#endif

/*
 * src/mirror/server.h
 *		The foreign server "production".
 */
#ifndef NGESHARE_MIRROR_SERVER_H
#define NGESHARE_MIRROR_SERVER_H

#include "postgres.h"

#include "foreign/foreign.h"
#include "nodes/parsenodes.h"

extern ForeignServer *server_production(void);
extern bool server_is_ours(const ForeignServer *server);
extern DefElem *server_find_option(List *options, const char *name);
extern List *server_add_options(List *options);

#endif

/*
 * src/mirror/conninfo.h
 *		Splits the connection string that ngeshare_connect() is given, and refuses connections
 *		that would use secrets of the operating-system user that this database server runs as.
 */
#ifndef NGESHARE_MIRROR_CONNINFO_H
#define NGESHARE_MIRROR_CONNINFO_H

#include "postgres.h"

#include "libpq-fe.h"
#include "nodes/pg_list.h"

extern void conninfo_split(const char *conninfo, List **server, List **mapping);
extern void conninfo_refuse_secrets(List *options, Oid owner);
extern void conninfo_refuse_trust(PGconn *conn, List *options, Oid owner);

#endif

/*
 * src/mirror/session.h
 *		The settings of every session that the extension opens on production.
 */
#ifndef NGESHARE_MIRROR_SESSION_H
#define NGESHARE_MIRROR_SESSION_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* The shape of the answer to session_pinning_query(). */
#define SESSION_SHAPE "bool count"

/* Begin and end the transaction of one statement, if settings must not be set for the session. */
#define SESSION_BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE"
#define SESSION_END "COMMIT"

extern List *session_safe_options(List *options);
extern char *session_pinning_query(bool is_pooled);
extern const char *session_refusal_hint(const char *message);

#endif

/*
 * src/mirror/session.h
 *		The settings that every session of ours on production runs with.
 */
#ifndef NGESHARE_MIRROR_SESSION_H
#define NGESHARE_MIRROR_SESSION_H

#include "postgres.h"

#include "nodes/pg_list.h"

/* What session_pinning_query() gives. */
#define SESSION_SHAPE "bool count"

/* A statement's transaction, where nothing may be set for the session. */
#define SESSION_BEGIN "BEGIN ISOLATION LEVEL READ COMMITTED, READ ONLY, NOT DEFERRABLE"
#define SESSION_END "COMMIT"

extern List *session_safe_options(List *options);
extern char *session_pinning_query(bool is_pooled);
extern const char *session_refusal_hint(const char *message);

#endif

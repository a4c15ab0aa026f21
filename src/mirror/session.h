/*
 * src/mirror/session.h
 *		The settings that every session of ours on production runs with.
 */
#ifndef NGESHARE_MIRROR_SESSION_H
#define NGESHARE_MIRROR_SESSION_H

#include "mirror/remote.h"

extern List *session_safe_options(List *options);
extern bool session_prepare(Remote *remote);
extern void session_begin(Remote *remote);
extern void session_end(Remote *remote);
extern const char *session_refusal_hint(const char *message);

#endif

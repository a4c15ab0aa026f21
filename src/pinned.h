/*
 * src/pinned.h
 *		Runs our code with another user's rights, and with settings that do not depend on the
 *		session, the role or the database.
 */
#ifndef NGESHARE_PINNED_H
#define NGESHARE_PINNED_H

#include "postgres.h"

/* The user and security context of the caller, and the nest level that pinned_end() ends. */
typedef struct PinnedCaller
{
	Oid user;
	int context;
	int nest_level;
} PinnedCaller;

extern int pinned_begin(void);
extern void pinned_end(int nest_level);
extern void pinned_set(const char *name, const char *value);
extern void pinned_for_session(void);
extern void pinned_become(Oid user, PinnedCaller *caller);
extern void pinned_become_owner(PinnedCaller *caller);
extern void pinned_become_caller(const PinnedCaller *caller);

#endif

/*
 * src/pinned.h
 *		What our code runs with while it works for somebody else: whose rights, and
 *		settings that no session, role or database decides.
 */
#ifndef NGESHARE_PINNED_H
#define NGESHARE_PINNED_H

#include "postgres.h"

/* Who called, and the level of settings to go back to. */
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

/*
 * src/sendable.h
 *		Makes texts that can be sent to the client, whatever its encoding.
 */
#ifndef NGESHARE_SENDABLE_H
#define NGESHARE_SENDABLE_H

#include "postgres.h"

extern char *sendable_text(const char *text);
extern void sendable_error(ErrorData *error);

#endif

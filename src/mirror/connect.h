/*
 * src/mirror/connect.h
 *		The function of connect.c that other directories call.
 */
#ifndef NGESHARE_MIRROR_CONNECT_H
#define NGESHARE_MIRROR_CONNECT_H

#include "postgres.h"

extern void connect_bind_to_extension(void);

#endif

/*
 * src/mirror/connect.h
 *		What other rooms need of the door to production.
 */
#ifndef NGESHARE_MIRROR_CONNECT_H
#define NGESHARE_MIRROR_CONNECT_H

#include "postgres.h"

extern void connect_bind_to_extension(void);

#endif

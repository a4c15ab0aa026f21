/*
 * src/snapshot/arrays.h
 *		Functions that build arrays of the types that the snapshot uses.
 */
#ifndef NGESHARE_SNAPSHOT_ARRAYS_H
#define NGESHARE_SNAPSHOT_ARRAYS_H

#include "postgres.h"

extern Datum arrays_of_timestamps(Datum *values, int count);
extern Datum arrays_of_dates(Datum *values, int count);
extern Datum arrays_of_int4(Datum *values, int count);
extern Datum arrays_of_int8(Datum *values, int count);
extern Datum arrays_of_bools(Datum *values, int count);
extern Datum arrays_of_texts(Datum *values, int count);
extern int arrays_by_instant(const void *a, const void *b);

#endif

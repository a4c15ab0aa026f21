/*
 * safety/fuzz.h
 *		The fuzz targets that test static functions of a source file.
 */
#ifndef NGESHARE_SAFETY_FUZZ_H
#define NGESHARE_SAFETY_FUZZ_H

extern void fuzz_conninfo(char *text);
extern void fuzz_csv(char *text);

#endif

/*
 * safety/fuzz.h
 *		The targets that see into a file of ours.
 */
#ifndef NGESHARE_SAFETY_FUZZ_H
#define NGESHARE_SAFETY_FUZZ_H

extern void fuzz_conninfo(char *text);
extern void fuzz_csv(char *text);

#endif

/*
 * src/api/csv.h
 *		Declares csv_guard(), which api.csv() uses.
 */
#ifndef NGESHARE_API_CSV_H
#define NGESHARE_API_CSV_H

extern const char *csv_guard(const char *cell);

#endif

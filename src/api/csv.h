/*
 * src/api/csv.h
 *		The parts of api.csv().
 */
#ifndef NGESHARE_API_CSV_H
#define NGESHARE_API_CSV_H

extern const char *csv_guard(const char *cell);

#endif

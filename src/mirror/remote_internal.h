/*
 * src/mirror/remote_internal.h
 *		What the files of the connection to production share among themselves.
 */
#ifndef NGESHARE_MIRROR_REMOTE_INTERNAL_H
#define NGESHARE_MIRROR_REMOTE_INTERNAL_H

#include "mirror/remote.h"

#include "utils/timestamp.h"

/* Production's columns of one answer are no more. */
#define SHAPE_MAX_COLUMNS 16

struct Remote
{
	PGconn *conn;
	bool holds_fd;        /* counted among the backend's external files */
	int64 bytes_received; /* of rows, without the protocol's own */
	int64 unparsed;       /* bytes that have come since libpq gave the last row or message */
	int64 unparsed_max;   /* more than these are an answer that was not asked for */
	PGresult *error;      /* what the statement under way has failed with */
	bool is_pooled;       /* no session of ours: each statement's transaction pins the settings */
	bool is_pinning;      /* a pooled transaction's BEGIN, settings or end is being sent */
	bool owes_end;        /* a pooled transaction is open */
	MemoryContextCallback cleanup;
};

/* What one column of an answer has to be. */
typedef struct ShapeColumn
{
	const struct ShapeKind *kind;
	bool may_be_null;
} ShapeColumn;

/* A whole answer's columns; is_free: any columns of any types, read as text. */
typedef struct Shape
{
	bool is_free;
	int count;
	ShapeColumn columns[SHAPE_MAX_COLUMNS];
} Shape;

/* Why an answer is not what was asked for; what is NULL where it is. */
typedef struct ShapeFault
{
	int sqlstate;
	char *what;
} ShapeFault;

/* remote_answer.c */
extern int remote_silence_allowed(void);
extern TimestampTz remote_deadline_in(int milliseconds);
extern bool remote_wait_until(Remote *remote, int events, TimestampTz deadline);
extern void remote_wait(Remote *remote, int events, TimestampTz deadline);
extern void remote_take_input(Remote *remote, const char *sql);
extern PGresult *remote_next_result(Remote *remote, const char *sql, TimestampTz deadline);
extern void remote_read_end(Remote *remote, const char *sql, TimestampTz deadline);
extern void remote_end_transaction(Remote *remote);

/* remote_connect.c */
extern void remote_connect(Remote *remote, const char **keywords, const char **values);

/* remote_shape.c */
extern void shape_read(const char *text, Shape *shape);
extern bool shape_fits_columns(const Shape *shape, const PGresult *result, ShapeFault *fault);
extern bool
shape_take_row(const Shape *shape, const PGresult *result, RemoteRows *rows, ShapeFault *fault);

/* remote_error.c */
extern void remote_raise_connection_error(int sqlstate, const char *message, const char *detail);
extern void remote_raise_query_error(Remote *remote, const char *sql);
extern void remote_receive_notices(Remote *remote);
extern void remote_disconnect(void *remote);

#endif

/*
 * src/mirror/remote_internal.h
 *		Declarations that only the files of the connection to production share.
 */
#ifndef NGESHARE_MIRROR_REMOTE_INTERNAL_H
#define NGESHARE_MIRROR_REMOTE_INTERNAL_H

#include "mirror/remote.h"

#include "utils/timestamp.h"

/* The largest number of columns of an answer's shape. */
#define SHAPE_MAX_COLUMNS 16

struct Remote
{
	PGconn *conn;
	bool holds_fd;        /* AcquireExternalFD() has counted the socket */
	int64 bytes_received; /* of rows, without the protocol's overhead */
	int64 unparsed;       /* bytes received since libpq returned the last row or message */
	int64 unparsed_max;   /* an answer with more unparsed bytes is refused */
	PGresult *error;      /* error of the current statement, or NULL */
	bool is_pooled;       /* behind a pooler: each statement's transaction sets our settings */
	bool is_pinning;      /* BEGIN, settings or COMMIT of such a transaction are being sent */
	bool owes_end;        /* the transaction of a statement behind a pooler is open */
	MemoryContextCallback cleanup;
};

/* What one column of an answer must be. */
typedef struct ShapeColumn
{
	const struct ShapeKind *kind;
	bool may_be_null;
} ShapeColumn;

/* The columns that an answer must have. With is_free, it may have any columns, read as text. */
typedef struct Shape
{
	bool is_free;
	int count;
	ShapeColumn columns[SHAPE_MAX_COLUMNS];
} Shape;

/* Why an answer does not fit its shape; the member "what" is NULL if the answer fits. */
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

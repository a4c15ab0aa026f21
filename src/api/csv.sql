-- CSV files of the views. For a request with Accept: text/csv, PostgREST calls the aggregate that
-- returns the domain "text/csv".

CREATE DOMAIN api."text/csv" AS text;
COMMENT ON DOMAIN api."text/csv" IS
'A CSV file.
UTF-8 with a byte order mark, lines that end in CRLF, quotes as in RFC 4180.';

CREATE FUNCTION ngeshare.csv_add_row(state internal, added anyelement)
RETURNS internal
AS 'MODULE_PATHNAME', 'ngeshare_csv_add_row'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.csv_add_row(internal, anyelement) IS
'Transition function of the aggregate api.csv().';

CREATE FUNCTION ngeshare.csv_finish(state internal, added anyelement)
RETURNS api."text/csv"
AS 'MODULE_PATHNAME', 'ngeshare_csv_finish'
LANGUAGE C
STABLE
PARALLEL SAFE;
COMMENT ON FUNCTION ngeshare.csv_finish(internal, anyelement) IS
'Final function of the aggregate api.csv().';

CREATE AGGREGATE api.csv(anyelement)
(
    SFUNC = ngeshare.csv_add_row,
    STYPE = internal,
    SSPACE = 65536,
    FINALFUNC = ngeshare.csv_finish,
    FINALFUNC_EXTRA,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE api.csv(anyelement) IS
'Rows as a CSV file, with a header line even if there are no rows.
NULL is an empty field, and days and instants are in ISO 8601. Text that a spreadsheet would take '
'for a formula gets an apostrophe before the formula''s sign, also after a semicolon, tab or line '
'break in the text.';

-- The SQLSTATEs of a sync, of calls from SQL and of requests to the API, each with its meaning and
-- what to do about it. The API, alerts and docs/reference.md take their texts from this file.

CREATE VIEW ngeshare.error_code AS
SELECT
    place,
    pattern,
    met_by,
    meaning,
    remedy
FROM (VALUES
    (1, 'sync', '57P02', 'The sync''s own process died.',
        'The next sync goes on where it was; the server''s log tells why it died.'),
    (2, 'sync', '08%', 'Production can''t be reached, or its answer can''t be used.',
        'Check that it runs and that this machine reaches it; the next sync goes on by itself.'),
    (3, 'sync', '57P%', 'Production can''t be reached, or its answer can''t be used.',
        'Check that it runs and that this machine reaches it; the next sync goes on by itself.'),
    (4, 'sync', '28%', 'Production refused the login.',
        'Check its user and password, then call ngeshare_connect() again.'),
    (5, 'sync', '42501', 'A privilege is missing.',
        'Give the login what the message names; it needs SELECT on production''s six tables.'),
    (6, 'sync', '42%', 'Production''s tables are not as they were.',
        'Compare their columns with what the message names, then call ngeshare_connect() again.'),
    (7, 'sync', 'NG001', 'Another sync was running.',
        'Nothing to do.'),
    (8, 'sync', 'NG002', 'More rows would leave the mirror than one run may delete.',
        'If that is right, raise ngeshare.sync_max_delete_pct for one full sync.'),
    (9, 'sync', 'NG003',
        'Production was restored from a backup, or has lost its last transactions.',
        'If its present data is right: DELETE FROM ngeshare.source, then run a full sync.'),
    (10, 'sync', '55000', 'Something has to be set up first: see the message.',
        'Before the first sync call ngeshare_connect(); after a change of zone run a full sync.'),
    (11, 'sync', '57014', 'It was cancelled, or took longer than a timeout allows.',
        'Start it again.'),
    (12, 'sync', '53%', 'A server is out of disk, memory or connections.',
        'Make room, then start it again.'),
    (13, 'sync', '40%',
        'Another session held what the sync needed, or a server ended its transaction.',
        'Start it again.'),
    (14, 'sync', '55%',
        'Another session held what the sync needed, or a server ended its transaction.',
        'Start it again.'),
    (15, 'sync', '25P%',
        'Another session held what the sync needed, or a server ended its transaction.',
        'Start it again.'),
    (16, 'sync', '22%', 'A row of production can''t be fetched or stored here.',
        'Such rows wait in ngeshare.quarantine with the reason; each sync tries them again.'),
    (17, 'sync', '23%', 'A row of production can''t be fetched or stored here.',
        'Such rows wait in ngeshare.quarantine with the reason; each sync tries them again.'),
    (18, 'sync', '54%', 'A row of production can''t be fetched or stored here.',
        'Such rows wait in ngeshare.quarantine with the reason; each sync tries them again.'),
    (19, 'sync', 'P0001', 'A row of production can''t be fetched or stored here.',
        'Such rows wait in ngeshare.quarantine with the reason; each sync tries them again.'),
    (20, 'call', '22004', 'An argument that must not be NULL is NULL.', 'Give it a value.'),
    (21, 'call', '22008', 'An instant or a day is infinite or outside the calendar.',
        'Give a finite one.'),
    (22, 'call', '22023',
        'A mode, table, run, group, user or other value is unknown or not allowed.',
        'The message, often with a hint, says what is allowed.'),
    (23, 'call', '25001', 'CALL ngeshare_sync() was inside a transaction block or a function.',
        'Call it by itself; it commits step by step.'),
    (24, 'call', '53000', 'No background worker is free.',
        'Try again in a moment, or raise max_worker_processes and restart.'),
    (25, 'call', '55P03',
        'Another session held a lock for longer than the call waits (ngeshare.sync_timeout; two '
        'seconds when a sync is started).',
        'End the session that holds the lock, then call again.'),
    (26, 'call', '57014', 'The call was cancelled, or took longer than statement_timeout.',
        'Call again, or raise the timeout.'),
    (35, 'call', 'NG004', 'One login noted more than 60 follow-ups within a minute.',
        'Wait a minute, then go on.'),
    (36, 'call', '22001', 'A note, a name or another text is too long.',
        'Shorten it; the message names the limit.'),
    (27, 'web', 'NG400', '400: As-Of or "since" is neither a day nor an instant.',
        'Send a day such as 2026-03-31, or an instant with its offset from UTC.'),
    (28, 'web', 'NG403',
        '403: a POST lacks the header X-Ngeshare: sync, or another site''s page sent the request.',
        'Send the header, and send requests only from a page of this address.'),
    (29, 'web', 'NG404', '404: there is no such group or user.',
        'Take an id that GET /group_status or GET /members lists.'),
    (30, 'web', 'NG405', '405: a function that changes something was called by GET.', 'Send POST.'),
    (31, 'web', 'NG415', '415: a POST without a JSON body.',
        'Send Content-Type: application/json.'),
    (32, 'web', 'NG429', '429: too many requests at once, or too many logins.',
        'Try again in a moment.'),
    (33, 'web', 'NG503', '503: PostgREST does not answer.', 'Start PostgREST; look into its log.'),
    (34, 'web', '54000', '413: a CSV file of more than 256 MB.',
        'Filter the rows, or read them by SQL.')
) AS code (place, met_by, pattern, meaning, remedy);
COMMENT ON VIEW ngeshare.error_code IS
'The SQLSTATEs that users of ngeshare may see, what they mean and what to do. pattern is a pattern '
'for LIKE. met_by: sync (in sync_error_log; of several patterns that match, the row with the '
'smallest place applies), call (raised to the caller of a function or procedure), web (a request '
'to the API).';

CREATE FUNCTION ngeshare.error_remedy(sqlstate text)
RETURNS text
LANGUAGE sql
STABLE
PARALLEL SAFE
SECURITY DEFINER
BEGIN ATOMIC
    SELECT coalesce(
        (
            SELECT meaning || ' ' || remedy
            FROM ngeshare.error_code
            WHERE met_by = 'sync'
              AND error_remedy.sqlstate LIKE pattern
            ORDER BY place
            LIMIT 1
        ),
        'Start it again. If it fails the same way, look into the server''s log.');
END;
COMMENT ON FUNCTION ngeshare.error_remedy(text) IS
'What an error of a sync means and what to do, by its SQLSTATE. For NULL (a run whose process died '
'before it could log an error) and for an SQLSTATE that ngeshare.error_code does not list, it '
'returns general advice.';

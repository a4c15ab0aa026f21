-- Which of production's columns differed from the mirror's in the last run.

CREATE TABLE ngeshare.drift
(
    table_name   text   NOT NULL,
    column_name  text   NOT NULL,
    kind         text   NOT NULL CHECK (kind IN ('added', 'gone', 'retyped')),
    detail       text,
    first_run_id bigint NOT NULL,
    last_run_id  bigint NOT NULL,
    is_told      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (table_name, column_name, kind)
);
COMMENT ON TABLE ngeshare.drift IS
'Columns in which production''s six tables differ from the mirror''s, as the last run saw them; '
'runs of mode verify do not count. kind: added (only on production, and not mirrored), gone (no '
'longer on production) or retyped (of a type that the mirror cannot hold). detail is the type on '
'production. A table with a gone or retyped column is not synced until the difference is removed. '
'is_told: a run has already reported an added column as a warning.';

SELECT pg_extension_config_dump('ngeshare.drift', '');

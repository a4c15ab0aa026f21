-- How production's columns differ from the mirror's, as the last run saw it.

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
'Columns of the six tables that production has beside the mirror''s (added: they are not '
'mirrored), has no longer (gone) or has in another type (retyped), as the last run saw them; '
'detail is the type there. A table with a gone or retyped column is not synced until it is '
'settled. is_told: a run has ended with this as a warning.';

SELECT pg_extension_config_dump('ngeshare.drift', '');

-- What does not look as it should.

CREATE VIEW api.anomalies AS
SELECT
    odd.kind,
    odd.group_id,
    odd.severity,
    odd.detail,
    grp.group_name,
    grp.course_name,
    fact.facilitator_id,
    fact.facilitator_name,
    odd.params,
    fact.city,
    fact.province
FROM public.v_anomalies AS odd
LEFT JOIN ngeshare.group_snapshot AS grp ON grp.group_id = odd.group_id
LEFT JOIN ngeshare.group_fact AS fact ON fact.group_id = odd.group_id;
COMMENT ON VIEW api.anomalies IS
'Groups that do not look as they should, one row per kind and group.
What is odd, and who can tell.';
COMMENT ON COLUMN api.anomalies.group_name IS
'HangoutGroup.name.';
COMMENT ON COLUMN api.anomalies.course_name IS
'The course that its hangout teaches.';
COMMENT ON COLUMN api.anomalies.facilitator_id IS
'Its facilitator''s user id as of as_of; NULL where it has none.';
COMMENT ON COLUMN api.anomalies.facilitator_name IS
'The facilitator''s email, or id where there is none.';

CREATE VIEW api.anomaly_kinds AS
SELECT
    kind,
    severity,
    count(*)::integer AS groups
FROM public.v_anomalies
GROUP BY kind, severity
ORDER BY kind;
COMMENT ON VIEW api.anomaly_kinds IS
'How many groups each kind of anomaly has, one row per kind that has any.
The rows of anomalies, counted.';
COMMENT ON COLUMN api.anomaly_kinds.groups IS
'Rows of anomalies of this kind.';

CREATE VIEW api.data_quality AS
SELECT *
FROM public.v_data_quality;
COMMENT ON VIEW api.data_quality IS
'What is odd in the data, one row per finding.
Always as of the last sync, whatever As-Of says. Nothing is mended here: production is where.';

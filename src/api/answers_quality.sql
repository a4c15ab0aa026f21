-- Answers about anomalies of groups and oddities in the data.

CREATE VIEW api.anomalies AS
SELECT
    odd.kind,
    odd.group_id,
    odd.severity,
    odd.detail,
    grp.group_name,
    grp.course_name,
    CASE WHEN known.has_facilitator THEN grp.facilitator_id END AS facilitator_id,
    CASE WHEN known.has_facilitator THEN grp.facilitator_name END AS facilitator_name,
    odd.params,
    CASE WHEN known.is_there THEN place.city END AS city,
    CASE WHEN known.is_there THEN place.province END AS province
FROM public.v_anomalies AS odd
-- Both joins are on primary keys, so the planner drops them from a query that only counts; it would
-- not drop a join to ngeshare.group_fact.
LEFT JOIN ngeshare.group_snapshot AS grp ON grp.group_id = odd.group_id
LEFT JOIN ngeshare.place_snapshot AS place ON place.place_key = grp.place_key
-- A group with attendance in the future may not exist yet at as_of, nor have its facilitator.
CROSS JOIN LATERAL (
    SELECT
        grp.created_at <= ngeshare.as_of() AS is_there,
        greatest(grp.created_at, grp.facilitator_since) <= ngeshare.as_of() AS has_facilitator
) AS known;
COMMENT ON VIEW api.anomalies IS
'Groups with something odd in their data, one row per group and kind of anomaly.
What is odd, and which facilitator can explain it.';
COMMENT ON COLUMN api.anomalies.group_name IS
'The group''s name (HangoutGroup.name).';
COMMENT ON COLUMN api.anomalies.course_name IS
'The course that the group takes: the name of its hangout.';
COMMENT ON COLUMN api.anomalies.facilitator_id IS
'The user id of the group''s facilitator as of as_of; NULL if it has none.';
COMMENT ON COLUMN api.anomalies.facilitator_name IS
'The facilitator''s email address, or user id if there is no address; NULL without a facilitator.';

CREATE VIEW api.anomaly_kinds AS
SELECT *
FROM ngeshare.anomaly_kinds()
ORDER BY kind;
COMMENT ON VIEW api.anomaly_kinds IS
'The number of groups with each kind of anomaly, one row per kind that occurs.
It counts the rows of anomalies.';
COMMENT ON COLUMN api.anomaly_kinds.groups IS
'The number of groups with this kind of anomaly.';

CREATE VIEW api.data_quality AS
SELECT *
FROM public.v_data_quality;
COMMENT ON VIEW api.data_quality IS
'Oddities in the data, one row per finding.
Always as of the last sync, whatever As-Of says. They have to be corrected in production.';

-- The view by place.

CREATE VIEW public.v_place AS
SELECT
    place.province,
    place.city,
    counted.groups_total,
    counted.active,
    counted.stalled,
    counted.not_started,
    counted.graduated,
    counted.to_rescue,
    counted.at_risk,
    ngeshare.percentage(counted.graduated, counted.groups_total) AS graduation_rate,
    counted.facilitators,
    counted.members
FROM ngeshare.count_places() AS counted
JOIN ngeshare.place_snapshot AS place ON place.place_key = counted.place_key
ORDER BY place.province COLLATE "C", place.city COLLATE "C";
COMMENT ON VIEW public.v_place IS
'One row per province and city with a curriculum group, as of ngeshare_as_of(): how do groups fare '
'there? Groups without a place have a row as well. Places are compared without regard to case and '
'white space; v_data_quality names those that may be one place (place_spelling).';
COMMENT ON COLUMN public.v_place.province IS
'The province, in the spelling that most curriculum groups have; NULL where it is not known.';
COMMENT ON COLUMN public.v_place.city IS
'The city, in the spelling that most groups of this city and province have; NULL where it is not '
'known.';
COMMENT ON COLUMN public.v_place.groups_total IS
'All curriculum groups there.';
COMMENT ON COLUMN public.v_place.active IS
'Those with status ACTIVE.';
COMMENT ON COLUMN public.v_place.stalled IS
'Those with status STALLED.';
COMMENT ON COLUMN public.v_place.not_started IS
'Those with status NOT_STARTED.';
COMMENT ON COLUMN public.v_place.graduated IS
'Those with status GRADUATED.';
COMMENT ON COLUMN public.v_place.to_rescue IS
'Those on the rescue list (v_rescue_list).';
COMMENT ON COLUMN public.v_place.at_risk IS
'Those on their way to stalling (v_at_risk).';
COMMENT ON COLUMN public.v_place.graduation_rate IS
'Graduated groups as a percentage of groups_total, one decimal.';
COMMENT ON COLUMN public.v_place.facilitators IS
'Distinct users who lead a group there. Over several places they do not add up: one may lead '
'groups in two.';
COMMENT ON COLUMN public.v_place.members IS
'Distinct persons who are a member of a group there. Over several places they do not add up, '
'either.';

-- The view with one row per place.

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
'Curriculum groups by place, one row per province and city, as of ngeshare_as_of(). Groups without '
'a place have a row as well. Names of places are compared without regard to case, and to how much '
'white space is around and between their words; the finding place_spelling of v_data_quality lists '
'names that may mean one place.';
COMMENT ON COLUMN public.v_place.province IS
'The province, in the spelling that most curriculum groups have; NULL if it is not known.';
COMMENT ON COLUMN public.v_place.city IS
'The city, in the spelling that most groups of this city and province have; NULL if it is not '
'known.';
COMMENT ON COLUMN public.v_place.groups_total IS
'The number of all curriculum groups in the place.';
COMMENT ON COLUMN public.v_place.active IS
'The number of groups in the place with status ACTIVE.';
COMMENT ON COLUMN public.v_place.stalled IS
'The number of groups in the place with status STALLED.';
COMMENT ON COLUMN public.v_place.not_started IS
'The number of groups in the place with status NOT_STARTED.';
COMMENT ON COLUMN public.v_place.graduated IS
'The number of groups in the place with status GRADUATED.';
COMMENT ON COLUMN public.v_place.to_rescue IS
'The number of groups in the place that are on the rescue list (v_rescue_list).';
COMMENT ON COLUMN public.v_place.at_risk IS
'The number of groups in the place that are about to stall (v_at_risk).';
COMMENT ON COLUMN public.v_place.graduation_rate IS
'Graduated groups as a percentage of groups_total, one decimal.';
COMMENT ON COLUMN public.v_place.facilitators IS
'The number of distinct users who lead a group in the place. A user who leads groups in two places '
'counts in both, so the numbers of several places do not add up.';
COMMENT ON COLUMN public.v_place.members IS
'The number of distinct persons who are members of a group in the place. A person with groups in '
'two places counts in both, so the numbers of several places do not add up.';

// The texts of places in English. Functions get formatted values; `n` is the plain number.

export default {
    place: 'Place',
    none: 'not known',
    noCity: 'no city is known',
    all: 'All places',
    elsewhere: 'This page is about all places. The lists of groups stay at',
    caption: 'Groups by place',
    search: 'City or province',
    count: (n, count) => `${count} ${n === 1 ? 'place' : 'places'}`,
    empty: 'There is no group in the curriculum.',
    rule:
        'One row for each city of a province with a group. Somebody may lead groups, or be a ' +
        'member, in two places: these two columns don’t add up.',
    columns: {
        groups_total: 'Groups',
        active: 'Active',
        stalled: 'Stalled',
        not_started: 'Not started',
        graduated: 'Graduated',
        graduation_rate: 'Graduated, of all',
        to_rescue: 'To rescue',
        at_risk: 'At risk',
        facilitators: 'Facilitators',
        members: 'Members',
    },
};

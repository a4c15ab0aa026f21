// Filters in words: the chips above a list, and what a choice offers.

import { isDay } from '../lib/days.js';
import { NO_PLACE } from '../lib/place.js';
import { text } from '../text/index.js';

const PERIOD = /_(from|to)$/;

/** One value of a filter in words; `shown` is its name, where the value is an id. */
function wordsOf(name, value, { type, words }, format, shown) {
    if (type === 'yesNo') return text.filters[name][value];
    if (type === 'word') return text.filters[name](text[words][value]);
    if (type === 'place' && value === NO_PLACE) return text.filters[name](text.places.none);
    if (type === 'number') return text.filters[name](format.number(Number(value)));
    return text.filters[name](shown ?? value);
}

/** A day or a month, as people write it. */
function periodWords(value, format) {
    return isDay(value) ? format.day(value) : format.month(value);
}

/**
 * The filters in force as { names, words }, a chip each. From and to the same month is one chip.
 * `nameOf(name)` gives what an id is called, where that is known.
 */
export function chipsOf(active, filters, format, nameOf = () => undefined) {
    const values = new Map(active.map(({ name, value }) => [name, value]));
    const chip = ({ name, value }) => {
        if (filters[name].type !== 'period')
            return {
                names: [name],
                words: wordsOf(name, value, filters[name], format, nameOf(name)),
            };
        const what = name.replace(PERIOD, '');
        const [first, last] = [`${what}_from`, `${what}_to`];
        if (values.get(first) !== values.get(last)) {
            return {
                names: [name],
                words: text.filters[what][PERIOD.exec(name)[1]](periodWords(value, format)),
            };
        }
        return (
            name === first && {
                names: [first, last],
                words: text.filters[what].in(periodWords(value, format)),
            }
        );
    };
    return active.map(chip).filter(Boolean);
}

/** What a choice offers for a filter: [value, words]. A value may come with its words already. */
export function optionsOf(name, filter, values) {
    const words = {
        yesNo: (value) => text.filters[name][value],
        word: (value) => text[filter.words][value],
        place: (value) => (value === NO_PLACE ? text.places.none : value),
    }[filter.type];
    return values.map((value) =>
        Array.isArray(value) ? value : [value, words ? words(value) : value],
    );
}

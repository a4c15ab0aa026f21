// Filters in words, for the chips above a list and for the options of a choice.

import { isDay } from '../lib/days.js';
import { NO_PLACE } from '../lib/place.js';
import { text } from '../text/index.js';

const PERIOD = /_(from|to)$/;

/** Returns one value of a filter in words; `shown` is its name, if the value is an id. */
function wordsOf(name, value, { type, words }, format, shown) {
    if (type === 'yesNo') return text.filters[name][value];
    if (type === 'word') return text.filters[name](text[words][value]);
    if (type === 'place' && value === NO_PLACE) return text.filters[name](text.places.none);
    if (type === 'number') return text.filters[name](format.number(Number(value)));
    return text.filters[name](shown ?? value);
}

/** Returns a day or a month as people write it. */
function periodWords(value, format) {
    return isDay(value) ? format.day(value) : format.month(value);
}

/**
 * Returns the filters in force as { names, words }, one per chip. If a period begins and ends with
 * the same month or day, it is one chip, else two. `nameOf(name)` returns the name that belongs to
 * a filter's id, if it is known.
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

/**
 * Returns the options of a filter as pairs of value and words; a value may be such a pair already.
 */
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

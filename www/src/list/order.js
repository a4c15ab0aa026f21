// The order of a table: in the address as "column.asc", in the request as a total order.

/**
 * Reads an order from the address; anything but a sortable column and a direction gives the
 * fallback.
 */
export function parseOrder(value, sortable, fallback) {
    const [column, direction, ...rest] = (value ?? '').split('.');
    const known =
        sortable.includes(column) && ['asc', 'desc'].includes(direction) && rest.length === 0;
    return known ? { column, direction } : fallback;
}

/** The order as the address has it. */
export function formatOrder(order) {
    return `${order.column}.${order.direction}`;
}

/**
 * The order that a click on a column's header asks for: that column upwards, or the other way round
 * when it is the one already.
 */
export function toggleOrder(order, column) {
    const turned = order.column === column && order.direction === 'asc';
    return { column, direction: turned ? 'desc' : 'asc' };
}

/**
 * The order as PostgREST wants it: rows without a value last, and ending in a unique key (`keys`:
 * one column or several), so that no row is on two pages or on none.
 */
export function requestOrder(order, keys) {
    const first = `${order.column}.${order.direction}.nullslast`;
    const rest = [keys].flat().filter((key) => key !== order.column);
    return [first, ...rest.map((key) => `${key}.asc`)].join(',');
}

/** Reads a page number from the address, 1 for anything else. */
export function parsePage(value) {
    return /^[1-9]\d{0,5}$/.test(value ?? '') ? Number(value) : 1;
}

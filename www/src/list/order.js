// The order of a table: as "column.asc" in the page's address, as a total order in the request.

/**
 * Reads an order from the address. Returns the fallback for anything but a sortable column and a
 * direction.
 */
export function parseOrder(value, sortable, fallback) {
    const [column, direction, ...rest] = (value ?? '').split('.');
    const known =
        sortable.includes(column) && ['asc', 'desc'].includes(direction) && rest.length === 0;
    return known ? { column, direction } : fallback;
}

/** Returns the order as the address has it. */
export function formatOrder(order) {
    return `${order.column}.${order.direction}`;
}

/**
 * Returns the order after a click on a column's header: ascending by this column, or descending if
 * the order is ascending by it already.
 */
export function toggleOrder(order, column) {
    const turned = order.column === column && order.direction === 'asc';
    return { column, direction: turned ? 'desc' : 'asc' };
}

/**
 * Returns the order as PostgREST takes it: rows without a value come last, and a unique key
 * (`keys`: one column or several) comes at the end, so that no row is on two pages or on none.
 */
export function requestOrder(order, keys) {
    const first = `${order.column}.${order.direction}.nullslast`;
    const rest = [keys].flat().filter((key) => key !== order.column);
    return [first, ...rest.map((key) => `${key}.asc`)].join(',');
}

/** Reads a page number from the address; 1 for anything else. */
export function parsePage(value) {
    return /^[1-9]\d{0,5}$/.test(value ?? '') ? Number(value) : 1;
}

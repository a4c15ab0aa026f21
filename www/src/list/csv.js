// Rewrites the API's CSV with other column heads, another separator and another decimal sign. This
// module does not touch the document, so that tests can run it without a browser.

/** The columns of the API's views that hold numbers with a decimal point. */
export const DECIMALS = [
    'active_pct',
    'alumni_pct',
    'avg_days',
    'brier',
    'brier_base',
    'continuation_rate',
    'duration',
    'expected_pct',
    'forecast_pct',
    'graduated_3_months_pct',
    'graduated_6_months_pct',
    'graduated_9_months_pct',
    'graduation_rate',
    'median_days',
    'met_again_high',
    'met_again_low',
    'met_again_pct',
    'observed_pct',
    'overlap_pct',
    'p75_days',
    'p90_days',
    'progress_pct',
    'resume_28_days_pct',
    'resume_chance',
    'rhythm_days',
    'settled_continuation_rate',
    'stalled_pct',
];

/** Matches one cell and what ends it: a comma, the end of the line, or the end of the file. */
const CELL = /("[^"]*(?:""[^"]*)*"|[^,\r\n"]*)(,|\r?\n|$)/y;
const DECIMAL = /^-?\d+\.\d+$/;

/**
 * Rewrites a CSV file of RFC 4180, with or without a byte order mark. `separator` and `decimal` are
 * the new signs, `heads` has the new column heads, `decimals` the columns whose numbers get the new
 * decimal sign. A quoted cell stays quoted, because an empty text is not a missing value. Throws an
 * error if the file ends within a cell.
 */
export function convertCsv(source, { separator, decimal, heads, decimals }) {
    const written = [];
    let columns = null;
    let row = [];
    CELL.lastIndex = source.startsWith('\ufeff') ? 1 : 0;
    while (CELL.lastIndex < source.length) {
        const found = CELL.exec(source);
        if (!found) throw new Error('the file ends within a cell');
        row.push(found[1]);
        if (found[2] === ',') continue;
        columns ??= row.map((cell) => ({
            head: heads[bare(cell)] ?? bare(cell),
            isDecimal: decimals.includes(bare(cell)),
        }));
        const cells =
            written.length === 0
                ? columns.map(({ head }) => quoted(head, separator))
                : row.map((cell, i) => cellOf(cell, columns[i]));
        written.push(cells.join(separator));
        row = [];
    }
    return written.map((line) => `${line}\r\n`).join('');

    function cellOf(cell, { isDecimal }) {
        if (isDecimal && DECIMAL.test(cell)) return cell.replace('.', decimal);
        return cell.startsWith('"') ? cell : quoted(cell, separator);
    }
}

/** Returns a cell without its quotes. */
function bare(cell) {
    return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/**
 * Returns a text as a cell: in quotes if it contains the separator, a quote or the end of a line.
 */
function quoted(value, separator) {
    return value.includes(separator) || /["\r\n]/.test(value)
        ? `"${value.replaceAll('"', '""')}"`
        : value;
}

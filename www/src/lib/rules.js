// The thresholds that the texts mention: settings of the database, with these defaults.

const DEFAULTS = {
    active_days: 28,
    rescue_min_pct: 70,
    link_days: 90,
    link_early_days: 30,
    link_min_shared: 2,
    link_min_overlap_pct: 50,
};

/** Returns the thresholds: those that the row of api.basis or api.home has, else the defaults. */
export function rulesOf(home) {
    const told = Object.keys(DEFAULTS).filter((name) => typeof home?.[name] === 'number');
    return { ...DEFAULTS, ...Object.fromEntries(told.map((name) => [name, home[name]])) };
}

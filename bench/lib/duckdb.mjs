// Runs the questions of bench/answers in DuckDB, on production's raw tables ("raw") and on the
// extension's meeting history ("history"):
//   node duckdb.mjs CSV-DIRECTORY VIEWS.sql REPETITIONS NOW A-YEAR-AGO [NAME QUESTION]...
// Prints lines of fields separated by tabs: "version" and DuckDB's version; "answer" or "times" (in
// milliseconds), then "SOURCE NAME WHEN" and the values.
import { DuckDBInstance, version } from '@duckdb/node-api';
import { readFileSync } from 'node:fs';

const [directory, viewsFile, repetitions, now, lastYear, ...pairs] = process.argv.slice(2);
const instants = { now, year: lastYear };

const tables = {
    User: `id text, "createdAt" timestamp, "updatedAt" timestamp, email text, "lastLogin" timestamp,
        "lastActive" timestamp, "deletedAt" timestamp`,
    Hangout: `id text, "createdAt" timestamp, "updatedAt" timestamp, name text, description text,
        type text, price double, "circleProfileId" text, visibility text, "hangoutProgramId" text,
        "pictureId" text`,
    HangoutEpisode: `id text, "createdAt" timestamp, "updatedAt" timestamp, name text,
        description text, "hangoutId" text, "order" integer`,
    HangoutGroup: `id text, "createdAt" timestamp, "updatedAt" timestamp, name text,
        description text, status text, day integer, "time" timestamp, "hangoutId" text,
        "imageId" text, "endDate" timestamp, "startDate" timestamp, city text, province text`,
    UserHangoutGroup: `id text, "createdAt" timestamp, "updatedAt" timestamp, "joinedAt" timestamp,
        status text, "hangoutGroupRole" text, "hangoutGroupId" text, "userId" text, "publicId" text,
        "userEmail" text, "orderId" text`,
    UserHangoutGroupAttendance: `id text, "attendedAt" timestamp, "hangoutEpisodeId" text,
        "hangoutGroupId" text, "userId" text`,
    course_config: 'course_name text, max_episodes integer, sequence_order integer',
    meeting: 'group_id text, episode_id text, first_at timestamp',
};

// The texts that replace :as_of and :facilitator in views.sql, which DuckDB and PostgreSQL spell
// differently.
const spelled = {
    as_of: "getvariable('moment')",
    facilitator: `SELECT group_id, arg_min(user_id, (joined_at, record_id)) AS facilitator_id
        FROM membership WHERE role = 'FACILITATOR' AND user_id IS NOT NULL GROUP BY group_id`,
};

// The definition of the view "attended" for each source. Each source has a schema of its own.
const attended = {
    raw: `SELECT "hangoutGroupId" AS group_id, "hangoutEpisodeId" AS episode_id, "attendedAt" AS at
        FROM main."UserHangoutGroupAttendance"`,
    history: 'SELECT group_id, episode_id, first_at AS at FROM main.meeting',
};

// The database is in a file, because DuckDB compresses the tables of a file, and these questions
// are faster on compressed tables than in memory.
const instance = await DuckDBInstance.create(`${directory}/duckdb.db`, { threads: '2' });
const connection = await instance.connect();

// Loads every table from its CSV file.
async function load() {
    for (const [name, columns] of Object.entries(tables)) {
        await connection.run(`CREATE TABLE main."${name}" (${columns})`);
        await connection.run(`COPY main."${name}" FROM '${directory}/${name}.csv'
            (FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', NULLSTR '\\N',
            ALLOW_QUOTED_NULLS false)`);
    }
    await connection.run('CHECKPOINT');
}

// Creates the views of views.sql for both sources.
async function makeViews() {
    const views = readFileSync(viewsFile, 'utf8')
        .replaceAll(/:(as_of|facilitator)\b/g, (_, name) => spelled[name]);
    await connection.run(`CREATE MACRO main.percent(part, whole) AS
        CAST(floor((2000 * part + whole) / (2 * nullif(whole, 0))) / 10 AS decimal(5, 1))`);
    await ask('now');
    for (const [source, select] of Object.entries(attended)) {
        await connection.run(`CREATE SCHEMA ${source}`);
        await look(source);
        await connection.run(`CREATE VIEW attended AS ${select}`);
        await connection.run(views);
    }
}

// Makes the following queries read one source.
async function look(source) {
    await connection.run(`SET search_path = '${source},main'`);
}

// Makes the following queries answer as of "now" or "year".
async function ask(when) {
    const moment = instants[when].replace('+00', '');
    await connection.run(`SET VARIABLE moment = CAST('${moment}' AS timestamp)`);
}

// Returns the answer to a question in one line, in the format of psql's unaligned output.
async function answer(question) {
    const reader = await connection.runAndReadAll(question);
    const line = (row) => row.map((value) => (value === null ? '' : String(value))).join('|');
    return reader.getRows().map(line).join(';');
}

// Returns the times of a question in milliseconds, measured repeatedly after one run to warm up.
async function times(question) {
    const taken = [];
    for (let round = 0; round <= Number(repetitions); round++) {
        const began = performance.now();
        await connection.runAndReadAll(question);
        taken.push((performance.now() - began).toFixed(3));
    }
    return taken.slice(1).join(' ');
}

// Returns the 53 instants of a trend: the given moment, and the ends of the local days (UTC + 7
// hours) 1 to 52 weeks before it.
function weeks(moment) {
    const hour = 3600e3;
    const day = 24 * hour;
    const local = Date.parse(moment.replace(' ', 'T').replace('+00', 'Z')) + 7 * hour;
    const midnight = Math.floor(local / day) * day;
    const days = [...Array(53).keys()].reverse()
        .map((week) => new Date(midnight - week * 7 * day).toISOString().slice(0, 10));
    const end = (name, i) => (i === 52 ? moment.replace('+00', '') : `${name} 16:59:59.999999`);
    return days.map((name, i) => ({ day: name, moment: end(name, i) }));
}

// Returns the query that a trend runs for each of its instants.
const counted = (day) => `SELECT '${day}', course.course_name, count(status),
    count(*) FILTER (WHERE status = 'ACTIVE'), count(*) FILTER (WHERE status = 'STALLED'),
    count(*) FILTER (WHERE status = 'NOT_STARTED'), count(*) FILTER (WHERE status = 'GRADUATED')
    FROM course LEFT JOIN v_group_status AS grp ON grp.course_name = course.course_name
    GROUP BY course.course_name, course.sequence_order ORDER BY course.sequence_order`;

// Returns the answers to the 53 queries of a trend, one after the other.
async function trend(when) {
    const answers = [];
    for (const { day, moment } of weeks(instants[when])) {
        await connection.run(`SET VARIABLE moment = CAST('${moment}' AS timestamp)`);
        answers.push(await answer(counted(day)));
    }
    return answers.join(';');
}

// Returns the time of one trend (53 queries) in milliseconds. It is measured once; the run for the
// answer has warmed up.
async function trendTime(when) {
    const began = performance.now();
    await trend(when);
    return (performance.now() - began).toFixed(3);
}

await load();
await makeViews();
console.log(`version\t${version()}`);
for (const source of Object.keys(attended)) {
    await look(source);
    for (const when of Object.keys(instants)) {
        await ask(when);
        for (let i = 0; i < pairs.length; i += 2) {
            console.log(`answer\t${source} ${pairs[i]} ${when}\t${await answer(pairs[i + 1])}`);
            console.log(`times\t${source} ${pairs[i]} ${when}\t${await times(pairs[i + 1])}`);
        }
    }
}
await look('raw');
for (const when of Object.keys(instants)) {
    console.log(`answer\traw trend ${when}\t${await trend(when)}`);
    if (Number(repetitions) > 0) console.log(`times\traw trend ${when}\t${await trendTime(when)}`);
}

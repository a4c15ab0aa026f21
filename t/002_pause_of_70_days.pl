# Tests two syncs that are 70 days apart, with changes to production between them, within the first
# window and around it. After the second sync the answers must equal the reference over production's
# whole history, as of several instants.
use strict;
use warnings FATAL => 'all';

use FindBin;
use lib "$FindBin::RealBin/lib";
use NgeshareTest;
use Test::More;

my $first_clock = '2026-01-20 12:00:00+07';
my $second_clock = '2026-03-31 12:00:00+07';
my $third_clock = '2026-04-01 06:00:00+07';
my @as_of = (
	$second_clock,
	'2026-01-20 12:00:00+07',
	'2026-02-28 23:59:59+07',
	'2025-12-06 00:00:00+07',
	'2025-12-05 23:59:59+07',
	'2025-08-17 00:00:00+07');

# Takes rows away that production gets only after the first sync: later attendance and a fifth of
# the membership records. The first window begins at local midnight of 2025-12-06, which is 17:00
# UTC the day before.
my $put_aside = q{
    CREATE TABLE later_attendance AS
    SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-01-20 05:00';
    DELETE FROM "UserHangoutGroupAttendance" WHERE "attendedAt" > '2026-01-20 05:00';
    CREATE TABLE later_record AS
    SELECT * FROM "UserHangoutGroup" WHERE hashtext(id) % 5 = 0;
    DELETE FROM "UserHangoutGroup" WHERE hashtext(id) % 5 = 0;
};

# Changes that an application makes in the 70 days. It sets updatedAt where the table has that
# column. Attendance has none, so changes to attendance leave no trace.
my $meanwhile = q{
    INSERT INTO "UserHangoutGroup"
    SELECT id, "createdAt", '2026-03-01', "joinedAt", status, "hangoutGroupRole", "hangoutGroupId",
        "userId", "publicId", "userEmail", "orderId"
    FROM later_record;
    INSERT INTO "UserHangoutGroupAttendance" SELECT * FROM later_attendance;
    -- in the first window: added late, corrected, deleted, moved to another episode and group
    INSERT INTO "UserHangoutGroupAttendance"
    SELECT 'late-' || id, "attendedAt" + interval '1 day', "hangoutEpisodeId", "hangoutGroupId",
    	"userId"
    FROM "UserHangoutGroupAttendance"
    WHERE "attendedAt" BETWEEN '2025-12-05 17:00' AND '2026-01-10' AND hashtext(id) % 7 = 0;
    DELETE FROM "UserHangoutGroupAttendance"
    WHERE "attendedAt" >= '2025-12-05 17:00' AND hashtext(id) % 7 = 1;
    UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" + interval '3 days 5 hours'
    WHERE "attendedAt" >= '2025-12-05 17:00' AND hashtext(id) % 7 = 2;
    UPDATE "UserHangoutGroupAttendance" AS a
    SET "hangoutEpisodeId" = (SELECT id FROM "HangoutEpisode" AS e
        ORDER BY hashtext(a.id || e.id) LIMIT 1)
    WHERE "attendedAt" >= '2025-12-05 17:00' AND hashtext(id) % 7 = 3;
    -- across the first window's start, to an earlier day (only rows that the first sync saw: an
    -- incremental sync may compare only a part of the past, and then misses other rows there)
    UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '60 days'
    WHERE "attendedAt" BETWEEN '2025-12-05 17:00' AND '2026-01-20' AND hashtext(id) % 7 = 4
      AND id NOT LIKE 'late-%';
    -- to exactly the first window's start, and to the last millisecond before it
    UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2025-12-05 17:00:00'
    WHERE "attendedAt" BETWEEN '2025-12-06' AND '2025-12-09' AND hashtext(id) % 7 = 5;
    UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = '2025-12-05 16:59:59.999'
    WHERE "attendedAt" BETWEEN '2025-12-05 17:00' AND '2025-12-09' AND hashtext(id) % 7 = 6
      AND id NOT LIKE 'late-%';
    -- the other tables
    UPDATE "HangoutGroup" SET name = name || ' (baru)', "updatedAt" = '2026-02-02'
    WHERE hashtext(id) % 9 = 0;
    UPDATE "HangoutGroup" SET "startDate" = '2026-03-03', "updatedAt" = '2026-02-02'
    WHERE hashtext(id) % 9 = 1;
    UPDATE "HangoutGroup" AS g SET "updatedAt" = '2026-02-02',
        "hangoutId" = (SELECT id FROM "Hangout" AS h ORDER BY hashtext(g.id || h.id) LIMIT 1)
    WHERE hashtext(id) % 19 = 2;
    UPDATE "UserHangoutGroup" SET "hangoutGroupRole" = 'FACILITATOR', "updatedAt" = '2026-02-03'
    WHERE hashtext(id) % 23 = 3;
    UPDATE "UserHangoutGroup" SET "joinedAt" = NULL, "updatedAt" = '2026-02-03'
    WHERE hashtext(id) % 23 = 4;
    UPDATE "User" SET "deletedAt" = '2026-02-04', "updatedAt" = '2026-02-04'
    	WHERE hashtext(id) % 17 = 5;
    UPDATE "User" SET "deletedAt" = NULL, "updatedAt" = '2026-02-04' WHERE hashtext(id) % 17 = 6;
    UPDATE "User" SET email = '  Baru' || email, "updatedAt" = '2026-02-04'
    	WHERE hashtext(id) % 17 = 7;
    UPDATE "HangoutEpisode" SET "order" = "order" + 1, "updatedAt" = '2026-02-05'
    	WHERE hashtext(id) % 11 = 0;
    UPDATE "Hangout" SET name = 'Ngeshare Sesi Hijrah', "updatedAt" = '2026-02-05'
    WHERE id = (SELECT min(id COLLATE "C") FROM "Hangout" WHERE name = 'Ngeshare Sesi Aqidah');
};

my ($production, $local) = start_servers();

for my $seed (11, 12)
{
	my $source = "source_$seed";
	my $database = "local_$seed";

	new_production($production, $source);
	$production->safe_psql($source, "SELECT demo.generate(400, $seed, '$second_clock')");
	$production->safe_psql($source, $put_aside);
	new_local($local, $database);
	$local->safe_psql($database, connect_local($production, $source));
	sync_local($local, $database, $first_clock);
	is(scalar(answers_differ($production, $source, $local, $database, $first_clock)),
		0, "seed $seed: no row differs after the first sync");

	$production->safe_psql($source, $meanwhile);
	sync_local($local, $database, $second_clock);
	for my $as_of (@as_of)
	{
		my @different = answers_differ($production, $source, $local, $database, $as_of);
		is(scalar @different, 0, "seed $seed, after 70 days, as of $as_of: no row differs")
		  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	}
	is(scalar(history_differs($production, $source, $local, $database, 'Asia/Jakarta')),
		0, "seed $seed, after 70 days: the history is production's, to the last attendance");
	is( $local->safe_psql(
			$database, q{SELECT window_start FROM sync_run ORDER BY run_id DESC LIMIT 1}),
		'2025-12-05 17:00:00+00',
		'the second window starts 45 days before the first sync');
	is(raw_differs($source, $database, '2025-12-05 17:00'),
		0, 'raw attendance is exactly the window of production');

	# The next sync's window starts much later. Raw attendance that leaves the window must still
	# count in the answers.
	sync_local($local, $database, $third_clock);
	is(raw_differs($source, $database, '2026-02-13 17:00'),
		0, 'and so it is when the window moves on');
	is(scalar(history_differs($production, $source, $local, $database, 'Asia/Jakarta')),
		0, "seed $seed, a window later: the history is production's still");
	for my $as_of (@as_of)
	{
		my @different = answers_differ($production, $source, $local, $database, $as_of);
		is(scalar @different, 0, "seed $seed, a window later, as of $as_of: no row differs")
		  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
	}

	# A sync finds production's changes before the window by comparing content hashes.
	$production->safe_psql(
		$source, q{
		DELETE FROM "UserHangoutGroupAttendance"
			WHERE "attendedAt" < '2025-11-01' AND hashtext(id) % 31 = 0;
		UPDATE "UserHangoutGroupAttendance" SET "attendedAt" = "attendedAt" - interval '10 days'
		WHERE "attendedAt" < '2025-11-01' AND hashtext(id) % 5 = 1;
		DELETE FROM "UserHangoutGroup" WHERE hashtext(id) % 97 = 1});
	cmp_ok(scalar(answers_differ($production, $source, $local, $database, $second_clock)),
		'>', 0, 'changes before the window make a difference');
	for my $mode ('incremental', 'full')
	{
		sync_local($local, $database, $third_clock, $mode);
		for my $as_of (@as_of)
		{
			my @different = answers_differ($production, $source, $local, $database, $as_of);
			is(scalar @different,
				0, "seed $seed, after a sync ($mode), as of $as_of: no row differs")
			  or diag join("\n", @different[ 0 .. ($#different < 9 ? $#different : 9) ]);
		}
	}
}

$production->stop;
$local->stop;
done_testing();

# Returns how many raw attendance rows differ between production's window and the mirror.
sub raw_differs
{
	my ($source, $database, $window_start) = @_;
	my @wanted = rows_of($production, $source,
		qq{SELECT * FROM "UserHangoutGroupAttendance" WHERE "attendedAt" >= '$window_start'});
	my @got = rows_of($local, $database, 'SELECT * FROM "UserHangoutGroupAttendance"');

	cmp_ok(scalar @wanted, '>', 100, 'the window holds rows');
	return scalar differences(\@wanted, \@got);
}

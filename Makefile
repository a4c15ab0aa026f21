# Builds the extension ngeshare with PGXS: `make && make install`. Everything else is in scripts/.
EXTENSION  = ngeshare
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" ngeshare.control)
MODULE_big = ngeshare

SOURCES := $(sort $(wildcard src/*.c src/*/*.c src/*/*/*.c))
OUR_HEADERS := $(sort $(wildcard src/*.h src/*/*.h src/*/*/*.h))
OBJS = $(SOURCES:.c=.o)

# The install script is made of src/pinned.sql and these parts, in this order.
SQL_PARTS = \
	src/schema.sql \
	src/mirror/mirror.sql \
	src/history/history.sql \
	src/sync/errors.sql \
	src/sync/sync.sql \
	src/sync/compare/verify.sql \
	src/sync/compare/drift.sql \
	src/sync/move/undo.sql \
	src/alert/alert.sql \
	src/sync/run/worker.sql \
	src/mirror/connect.sql \
	src/answers/rules.sql \
	src/snapshot/tables.sql \
	src/snapshot/stale.sql \
	src/snapshot/build.sql \
	src/snapshot/refresh.sql \
	src/snapshot/as_of.sql \
	src/followup/followup.sql \
	src/followup/note.sql \
	src/answers/facts.sql \
	src/followup/effect.sql \
	src/answers/views_courses.sql \
	src/answers/views_groups.sql \
	src/answers/views_time.sql \
	src/answers/views_places.sql \
	src/answers/views_people.sql \
	src/answers/views_anomalies.sql \
	src/answers/explain.sql \
	src/alert/digest.sql \
	src/privacy/forget.sql \
	src/doctor/health.sql \
	src/doctor/quality_places.sql \
	src/doctor/quality.sql \
	src/doctor/doctor.sql \
	src/doctor/doctor_here.sql \
	src/doctor/doctor_code.sql \
	src/doctor/doctor_cron.sql \
	src/doctor/doctor_production.sql \
	src/api/request.sql \
	src/api/csv.sql \
	src/api/answer_cache.sql \
	src/api/answers_home.sql \
	src/api/answers_courses.sql \
	src/api/answers_groups.sql \
	src/api/answers_people.sql \
	src/api/answers_time.sql \
	src/api/answers_quality.sql \
	src/api/explain.sql \
	src/api/sync.sql \
	src/api/follow_up.sql \
	src/api/described.sql \
	src/replication.sql \
	src/grants.sql

# The only update script leads from 1.1 to this version. It runs src/upgrade/begin.sql, the same
# parts, and src/upgrade/end.sql.
UPDATE = ngeshare--1.1--$(EXTVERSION).sql
DATA_built = ngeshare--$(EXTVERSION).sql $(UPDATE)
EXTRA_CLEAN = ngeshare--*.sql tmp_check tmp_check_iso output_iso

REGRESS   = $(patsubst sql/%.sql,%,$(sort $(wildcard sql/*.sql)))
ISOLATION = $(patsubst specs/%.spec,%,$(sort $(wildcard specs/*.spec)))
TAP_TESTS = 1
REGRESS_OPTS   = --temp-instance=./tmp_check --temp-config=t/server.conf --port=$(TEST_PORT) --dbname=ngeshare_regress
ISOLATION_OPTS = --temp-instance=./tmp_check_iso --temp-config=t/server.conf --port=$(TEST_PORT) --dbname=ngeshare_isolation --load-extension=postgres_fdw
TEST_PORT ?= 58432
# The tests need UTF-8. pg_regress unsets LC_ALL, so LANG names the locale.
installcheck: export LANG = C.UTF-8

PG_CPPFLAGS = -I$(srcdir)/src -I$(libpq_srcdir) $(shell $(CURL_CONFIG) --cflags) -DNGESHARE_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type $(if $(WERROR),-Werror)
SHLIB_LINK_INTERNAL = $(libpq)
SHLIB_LINK = $(shell $(CURL_CONFIG) --libs)
CURL_CONFIG ?= curl-config

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# PGXS on Debian does not track header dependencies, so a change of any header rebuilds all objects.
$(OBJS) $(SOURCES:.c=.bc): $(OUR_HEADERS) ngeshare.control

ngeshare--$(EXTVERSION).sql: src/pinned.sql $(SQL_PARTS) ngeshare.control Makefile
	@echo 'joining $@'
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION ngeshare CASCADE" to load this file. \quit'; cat src/pinned.sql; \
	   for part in $(SQL_PARTS); do printf '\n-- from %s\n\n' "$$part"; cat "$$part" || exit 1; done; } > $@.tmp
	@mv $@.tmp $@

# In the update script, CREATE replaces existing functions and views, and skips existing schemas,
# tables and indexes.
$(UPDATE): src/pinned.sql src/upgrade/begin.sql $(SQL_PARTS) src/upgrade/end.sql ngeshare.control Makefile
	@echo 'joining $@'
	@{ printf '%s\n' "\echo Use \"ALTER EXTENSION ngeshare UPDATE TO '$(EXTVERSION)'\" to load this file. \quit" && \
	   cat src/pinned.sql src/upgrade/begin.sql && \
	   sed -E -e 's/^CREATE (FUNCTION|PROCEDURE|AGGREGATE|VIEW) /CREATE OR REPLACE \1 /' \
	       -e 's/^CREATE (SCHEMA|TABLE|INDEX|UNIQUE INDEX) (["a-z])/CREATE \1 IF NOT EXISTS \2/' $(SQL_PARTS) && \
	   cat src/upgrade/end.sql; } > $@.tmp
	@mv $@.tmp $@

.PHONY: scripts
scripts: ngeshare--$(EXTVERSION).sql $(UPDATE)

# Checks of the C code's memory accesses (safety/README.md). FUZZ_SECONDS is the time for all fuzz
# targets together.
.PHONY: check-sanitize check-leaks check-fuzz check-assertions
check-sanitize:
	PG_CONFIG='$(PG_CONFIG)' scripts/sanitize
check-leaks:
	PG_CONFIG='$(PG_CONFIG)' scripts/check-leaks
check-fuzz:
	PG_CONFIG='$(PG_CONFIG)' FUZZ_SECONDS='$(FUZZ_SECONDS)' scripts/sanitize fuzz
# Runs the test suites on a PostgreSQL 18 that is built with assertions.
check-assertions:
	scripts/check-assertions
FUZZ_SECONDS ?= 600

# ai_router: call AI from SQL and let the database choose the model.
#
#   make demo            everything on a fresh Debian machine: a table enriched by routed calls
#   make test            everything on a fresh Debian machine: all tests
#   make psql            psql in a throwaway cluster with the sandbox provider: the README's tour
#   make, make install, make installcheck    as with every PostgreSQL extension
#   make bench           ratios against bare libcurl in one run
#   make bench-router    how well strategy learned does, on public data
#   make fuzz            a million inputs for each parser of foreign text (RUNS=20000 is quick)

EXTENSION = ai_router
MODULE_big = ai_router
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))

# The install script is one file to PostgreSQL and several to its readers.
SQL_PARTS = $(addprefix sql/install/,header.sql hints.sql schema.sql triggers.sql prompts.sql catalogue.sql admin.sql check.sql ledger.sql cascade.sql budgets.sql health.sql progress.sql learning.sql functions.sql feedback.sql embed.sql classify.sql aggregate.sql extract.sql cache.sql prompts_check.sql privileges.sql)
DATA_built = sql/install/ai_router--1.0.sql

# setup first: it drops the extension and makes it again.
REGRESS = setup $(filter-out setup,$(notdir $(basename $(sort $(wildcard sql/*.sql)))))
REGRESS_OPTS = --encoding=UTF8 --load-extension=ai_router
ISOLATION = $(notdir $(basename $(sort $(wildcard test/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test --load-extension=ai_router

PG_CPPFLAGS = -I$(srcdir)/src
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers -Wno-cast-function-type -Wno-clobbered
# The crypto library is the one that PostgreSQL was built with, if it was.
SHLIB_LINK = -lcurl -lcjson $(filter -lcrypto,$(LIBS))
EXTRA_CLEAN = sql/install/ai_router--1.0.sql

PG_CONFIG ?= pg_config

# These install what they need first: PGXS may not be there yet.
ifneq ($(filter demo test bench bench-router fuzz psql,$(MAKECMDGOALS)),)

.PHONY: demo test bench bench-router fuzz psql
demo:
	@test/demo/run
test:
	@test/run-tests
bench:
	@test/bench/run
bench-router:
	@test/bench/router
fuzz:
	@test/fuzz/run
psql:
	@test/psql

else

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

sql/install/ai_router--1.0.sql: $(SQL_PARTS)
	cat $(SQL_PARTS) > $@.tmp
	mv $@.tmp $@

# PGXS knows no headers: rebuild everything when one changes.
$(OBJS): $(wildcard src/*/*.h)

endif

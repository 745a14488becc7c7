# bigtable_fdw: build, install, installcheck, lint.
#
#	make                    build the extension
#	make install            install it into the PostgreSQL of $(PG_CONFIG)
#	make installcheck       pg_regress against a running cluster and emulator
#	make lint               check the dependency rules, the layout, static analysis
#	make -C test            build the mock server and the test tools
#
# scripts/test does all of this, and starts the servers that it needs.

MODULE_big = bigtable_fdw
EXTENSION = bigtable_fdw
DATA = sql/bigtable_fdw--1.0.sql
PGFILEDESC = "bigtable_fdw - foreign data wrapper for Google Cloud Bigtable"

PROTOS = $(wildcard proto/*.proto)
PB_SRCS = $(PROTOS:.proto=.pb-c.c)
PB_HDRS = $(PROTOS:.proto=.pb-c.h)
CLIENT_SRCS = $(wildcard src/client/*.c)
FDW_SRCS = bigtable_fdw.c $(wildcard src/*.c)
OBJS = $(FDW_SRCS:.c=.o) $(CLIENT_SRCS:.c=.o) $(PB_SRCS:.c=.o)

REGRESS = $(patsubst sql/%.sql,%,$(filter-out $(DATA) sql/init.sql,$(sort $(wildcard sql/*.sql))))
REGRESS_OPTS = --load-extension=bigtable_fdw
EXTRA_CLEAN = $(PB_SRCS) $(PB_HDRS) src/*.bc src/client/*.bc proto/*.bc

PG_CPPFLAGS = -I$(srcdir)/src -D_GNU_SOURCE
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-declaration-after-statement
SHLIB_LINK = -lgrpc -lgpr -lprotobuf-c -lcrypto -lcurl -ljansson

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
# Inlining into JIT-compiled code has nothing to gain here.
override with_llvm := no
include $(PGXS)

# The oldest server's flags include -Wmissing-field-initializers through
# -Wextra; designated initializers leave fields out on purpose.
override CFLAGS += -Wno-missing-field-initializers

# protoc-c's initializers of messages that begin with a oneof lack braces.
$(PB_SRCS:.c=.o): override CFLAGS += -Wno-missing-braces

$(PB_SRCS): %.pb-c.c: %.proto
	protoc-c --c_out=proto -Iproto $<
$(PB_HDRS): %.pb-c.h: %.pb-c.c
$(CLIENT_SRCS:.c=.o) $(PB_SRCS:.c=.o): $(PB_HDRS)
# There is no dependency tracking in most builds of PostgreSQL.
$(OBJS): $(wildcard src/*.h src/client/*.h)

.PHONY: lint
lint: $(PB_HDRS)
	$(srcdir)/scripts/lint

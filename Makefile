# Taskfit. `make help` lists what there is to make.

CC       ?= gcc
BUILD    ?= build
OPTIMISE ?= -O2 -g
WARNINGS  = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wformat=2 -Wswitch-enum -Werror
CFLAGS   += -std=c17 -D_GNU_SOURCE $(OPTIMISE) $(WARNINGS) $(SANITIZE) -pthread
CPPFLAGS += -Isrc -I$(BUILD)/gen -I/usr/include/postgresql
LDFLAGS  += $(SANITIZE) -pthread
PREFIX   ?= /usr/local
PYTHON   ?= python3

PURE     := base job quality dialect
IO_LIBS  := -lrdkafka -lcurl -lpq -luv -ljq -lmicrohttpd -lgnutls -lyaml
LIBS     := -lprotobuf-c -lm

GEN      := $(BUILD)/gen/taskfit.pb-c.c $(BUILD)/gen/taskfit.pb-c.h $(BUILD)/gen/queries.h \
            $(BUILD)/gen/migrations.h $(BUILD)/gen/pages.h
pure_src := $(foreach d,$(PURE),$(wildcard src/$(d)/*.c))
io_src   := $(wildcard src/io/*.c)
fleet_src:= $(wildcard src/fleet/*.c)
cli_src  := $(wildcard src/cli/*.c)
gateway_src := $(wildcard src/gateway/*.c)
obj       = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
unit_src := $(wildcard tests/unit/test_*.c)
unit_bin := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(unit_src))
fake_bin := $(BUILD)/model_stub
programs := $(BUILD)/taskfit $(BUILD)/taskfit-worker $(BUILD)/taskfit-escalator \
            $(BUILD)/taskfit-gateway

help: ## what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' Makefile

all: $(programs) ## build the programs into build/

deps: ## install what building, testing and the demo need (Debian 12)
	deploy/local/deps

# --- generated code

$(BUILD)/gen/taskfit.pb-c.%: proto/taskfit.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=proto --c_out=$(BUILD)/gen proto/taskfit.proto

queries := $(sort $(wildcard schema/[a-z]*.sql))
$(BUILD)/gen/queries.h: $(queries) schema/embed
	@mkdir -p $(@D)
	schema/embed queries $(queries) > $@

$(BUILD)/gen/migrations.h: $(wildcard schema/[0-9]*.sql) schema/embed
	@mkdir -p $(@D)
	schema/embed migrations $(sort $(wildcard schema/[0-9]*.sql)) > $@

pages := $(sort $(wildcard src/gateway/web/*))
$(BUILD)/gen/pages.h: $(pages) schema/embed
	@mkdir -p $(@D)
	schema/embed pages $(pages) > $@

# --- libraries: pure, io, fleet, cli, gateway

$(BUILD)/obj/%.o: %.c | $(GEN)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/gen/taskfit.pb-c.o: $(BUILD)/gen/taskfit.pb-c.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(OPTIMISE) $(SANITIZE) -c $< -o $@

$(BUILD)/libpure.a: $(call obj,$(pure_src)) $(BUILD)/obj/gen/taskfit.pb-c.o
	@rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/libio.a: $(call obj,$(io_src))
	@rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/libfleet.a: $(call obj,$(fleet_src))
	@rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/libcli.a: $(call obj,$(cli_src))
	@rm -f $@ && $(AR) rcs $@ $^
$(BUILD)/libgateway.a: $(call obj,$(gateway_src))
	@rm -f $@ && $(AR) rcs $@ $^

fleet_libs = $(BUILD)/libfleet.a $(BUILD)/libio.a $(BUILD)/libpure.a

$(BUILD)/taskfit: $(BUILD)/obj/workers/taskfit.o $(BUILD)/libcli.a $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@
$(BUILD)/taskfit-worker: $(BUILD)/obj/workers/tier_worker.o $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@
$(BUILD)/taskfit-escalator: $(BUILD)/obj/workers/escalator.o $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@
$(BUILD)/taskfit-gateway: $(BUILD)/obj/workers/gateway.o $(BUILD)/libgateway.a $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@

objects: $(call obj,$(pure_src) $(io_src) $(fleet_src) $(cli_src) $(gateway_src) $(wildcard tests/sim/*.c)) ## compile, link nothing

# --- tests

$(BUILD)/obj/tests/unit/%.o: CPPFLAGS += -Itests/unit
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libcli.a $(BUILD)/libgateway.a $(fleet_libs)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) $^ -lcmocka $(IO_LIBS) $(LIBS) -o $@

unit: $(unit_bin) ## unit tests
	@for t in $(unit_bin); do $$t || exit 1; done

$(BUILD)/model_stub: $(call obj,$(wildcard tests/fake/*.c))
	$(CC) $(LDFLAGS) $^ -lm -o $@

# The simulation: the real fleet over fakes of io. Of io itself only what has no outside is linked.
$(BUILD)/obj/tests/sim/%.o: CPPFLAGS += -Itests/sim
sim_io := $(call obj,src/io/pg_params.c src/io/jq.c src/io/yaml.c)
$(BUILD)/sim_run: $(call obj,$(wildcard tests/sim/*.c)) $(BUILD)/libfleet.a $(sim_io) \
                  $(BUILD)/libpure.a
	$(CC) $(LDFLAGS) $^ -ljq -lyaml $(LIBS) -o $@

# One script of statements, over the simulation's tables and on a real server: do they agree?
$(BUILD)/obj/tests/sim/agree/%.o: CPPFLAGS += -Itests/sim
agree := $(BUILD)/agree_tables $(BUILD)/agree_server
agree_script := $(call obj,tests/sim/agree/script.c)
$(BUILD)/agree_tables: $(call obj,tests/sim/agree/on_tables.c) $(agree_script) \
                       $(call obj,$(filter-out tests/sim/run.c,$(wildcard tests/sim/*.c))) \
                       $(BUILD)/libfleet.a $(sim_io) $(BUILD)/libpure.a
	$(CC) $(LDFLAGS) $^ -ljq -lyaml $(LIBS) -o $@
$(BUILD)/agree_server: $(call obj,tests/sim/agree/on_server.c) $(agree_script) $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@

SEEDS ?= 20000
SIM_FROM ?= 1
sim: $(BUILD)/sim_run ## schedules of faults: old seeds, and SEEDS=20000 from SIM_FROM=1
	@$(BUILD)/sim_run --config tests/sim/sim.yaml --old tests/sim/seeds.txt --jobs 2 \
	    --seeds $(SIM_FROM) $(SEEDS)

sim-mutants: $(GEN) ## break the fleet in ways that matter; the simulation must catch each
	@tests/sim/mutants/run

# Targets of libFuzzer need clang: `make fuzz` builds them in a tree of their own and runs each.
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(BUILD)/libcli.a $(BUILD)/libgateway.a $(fleet_libs)
	@mkdir -p $(@D)
	$(CC) -fsanitize=fuzzer,address,undefined -pthread $^ $(IO_LIBS) $(LIBS) -o $@

fuzz-programs: $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

FUZZ_SECONDS ?= 60
fuzz: ## fuzz every parser of outside bytes, FUZZ_SECONDS=60 in all
	@$(MAKE) -s CC=clang BUILD=$(BUILD)/clang-fuzz OPTIMISE='-O1 -g' \
	    SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all' \
	    fuzz-programs
	@tests/fuzz/run $(BUILD)/clang-fuzz/fuzz $(FUZZ_SECONDS) $(FUZZ_SEED)

ASAN_SEEDS ?= 5000
AS_ASAN := OPTIMISE='-O1 -g' SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
asan: ## unit tests and simulation under AddressSanitizer, LeakSanitizer and UBSan
	@$(MAKE) -s BUILD=$(BUILD)/asan $(AS_ASAN) SEEDS=$(ASAN_SEEDS) unit sim

flow: all $(BUILD)/model_stub $(agree) ## the programs with a real Kafka and PostgreSQL; FLOW='-k NAME' for some
	@BUILD=$(BUILD) tests/flow/run $(FLOW)

pictures: ## the README's pictures of the pages, from the browser tests
	@$(MAKE) -s flow FLOW='test_pages.py -k "shows_a_fleet or by_keys"'
	cp $(BUILD)/pictures/dashboard-1280.png deploy/pictures/dashboard.png
	cp $(BUILD)/pictures/review-1280.png deploy/pictures/review.png

# INSPECTED: what a test leaves running ends by SIGTERM, so that it can tell what it leaks.
WATCHED ?= -k 'test_cancel or test_dead or test_poison or test_reload or test_order or test_files \
    or test_program_killed or test_another_worker or test_an_answer or test_a_server_that_fails \
    or test_calls_under_way or test_drain_deadline or test_a_second_signal'
flow-asan: ## some of flow under AddressSanitizer, LeakSanitizer and UBSan; WATCHED='-k NAME': others
	@$(MAKE) -s BUILD=$(BUILD)/asan $(AS_ASAN) all $(BUILD)/asan/model_stub
	@INSPECTED=1 BUILD=$(BUILD)/asan UBSAN_OPTIONS=print_stacktrace=1 tests/flow/run $(WATCHED)

RACED ?= -k 'test_a_batch_in_flight or test_threshold_and_url or test_calls_under_way or test_files \
    or test_program_killed or test_replay_does or test_each_goes_to_dead'
AS_TSAN := OPTIMISE='-O1 -g' SANITIZE=-fsanitize=thread
c11_threads = $(BUILD)/tsan/obj/tests/sanitize/threads.o
flow-tsan: ## some of flow under ThreadSanitizer; RACED='-k NAME': others
	@$(MAKE) -s BUILD=$(BUILD)/tsan $(AS_TSAN) $(c11_threads) $(BUILD)/tsan/model_stub
	@$(MAKE) -s BUILD=$(BUILD)/tsan $(AS_TSAN) LDFLAGS='$(c11_threads) -fsanitize=thread -pthread' all
	@INSPECTED=1 BUILD=$(BUILD)/tsan TSAN_OPTIONS=suppressions=$(CURDIR)/tests/sanitize/tsan.supp \
	    tests/flow/run $(RACED)

JOBS ?= 50000
BROKERS ?= 1
chaos: all $(BUILD)/model_stub ## kill -9 of everything under load, as a table; JOBS=50000, BROKERS=3
	@BUILD=$(BUILD) tests/flow/python tests/chaos/run --jobs $(JOBS) --brokers $(BROKERS) $(CHAOS)

check: deps ## everything that must pass; the last line counts
	@tests/check

bench: all $(BUILD)/model_stub ## speed beside a Go and a Python peer, delay, CPU by part; BENCH=speed: one table
	@BUILD=$(BUILD) tests/flow/python tests/bench/run $(BENCH)

bench-limits: all $(BUILD)/model_stub ## how much of a server's limits is used, which nobody tells
	@BUILD=$(BUILD) tests/flow/python tests/bench/limits

MILLION ?= 1000000
bench-million: all $(BUILD)/model_stub ## memory after MILLION=1000000 finished jobs, and their replay
	@BUILD=$(BUILD) tests/flow/python tests/bench/million --jobs $(MILLION)

$(BUILD)/load: $(BUILD)/obj/tests/bench/load.o
	$(CC) $(LDFLAGS) $^ -o $@

bench-gateway: all $(BUILD)/load ## what the gateway takes: submissions, lines, idle and hostile clients
	@BUILD=$(BUILD) tests/flow/python tests/bench/gateway $(GATEWAY)

$(BUILD)/quality_bench: $(BUILD)/obj/tests/bench/quality.o $(BUILD)/libcli.a $(fleet_libs)
	$(CC) $(LDFLAGS) $^ $(IO_LIBS) $(LIBS) -o $@

SPLITS ?= 100
quality-bench: $(BUILD)/quality_bench ## do certificates hold, what do they accept; DATA=DIR of score files
	@$(BUILD)/quality_bench $(SPLITS) $(if $(DATA),$(wildcard $(DATA)/*.csv $(DATA)/*.ndjson))

tune-bench: $(BUILD)/taskfit ## what a million labelled rows cost tune and quality; ROWS=N
	@tests/bench/rows

# --- the house

tidy: ## layers, sizes, names
	@tests/tidy.sh

lint: $(GEN) ## clang-tidy, cppcheck, shellcheck
	@tests/lint $(BUILD)

format: ## clang-format over all C files
	git ls-files 'src/*.[ch]' 'workers/*.c' 'tests/*.[ch]' | xargs clang-format -i

install: all ## the programs and their systemd units, below PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin
	install $(programs) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	for unit in deploy/systemd/*.service; do \
	    sed 's|/usr/local/bin|$(PREFIX)/bin|' $$unit \
	        > $(DESTDIR)$(PREFIX)/lib/systemd/system/$${unit##*/}; done

demo: ## real invoice lines through three tiers of models; N=50000 for more of them
	@deploy/demo/run $(N)

demo-stop: ## end what the demo left to be looked at, remove its results
	@deploy/demo/stop

stack-up: ## start this checkout's own Kafka and PostgreSQL (deploy/local/stack help)
	deploy/local/stack up

stack-down: ## stop them; their data stay
	deploy/local/stack down

clean: ## remove what was built (fetched jars and environments stay in .cache/)
	@[ ! -d $(BUILD)/demo ] || deploy/demo/stop
	@[ ! -d $(BUILD)/stack ] || deploy/local/stack reset
	rm -rf $(BUILD)

.PHONY: help all deps objects unit pictures sim sim-mutants fuzz fuzz-programs asan flow \
        flow-asan flow-tsan check tidy lint format install demo demo-stop \
        stack-up stack-down bench bench-million bench-limits bench-gateway quality-bench \
        tune-bench chaos clean
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)

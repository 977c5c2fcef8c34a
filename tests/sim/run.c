// sim_run: schedules of the simulated fleet, one for each seed.
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "check.h"
#include "facts.h"
#include "fakes.h"
#include "node.h"
#include "plan.h"
#include "setting.h"
#include "table.h"

// The longest until it is quiet, how long it must stay so, and what is no schedule any more.
enum { REST_US = 1800 * SECOND_US, CALM_US = 5 * SECOND_US, STEPS_MOST = 2000000 };

enum { COMPLETE = 10000 };  // schedules, among which every kind of fault must be

struct options {
    uint64_t from, count;
    const char *seeds;   // a file of seeds that once failed
    const char *config;
    bool trace;
    unsigned failures;   // after so many it stops
    unsigned jobs;       // processes that share the seeds
};

static bool is_busy(void) {
    for (unsigned i = 0; i < node_count; i++) {
        if (!nodes[i].up || nodes[i].process.pool.held > 0 ||
            world.now_us < nodes[i].stalled_until_us) {
            return true;
        }
    }
    return sends_waiting > 0 || plan_waiting > 0 || table_has_unpublished();
}

static void run_until(int64_t until_us) {
    while (!world.is_broken && world_step(until_us)) {
        if (++world.steps > STEPS_MOST) {
            broken("no end after %d events", STEPS_MOST);
        }
    }
}

// Runs until nothing is left to do, and then some more, so that what should not happen can.
static void come_to_rest(void) {
    int64_t limit_us = world.now_us + REST_US, rest_us = 0;
    while (!world.is_broken && rest_us < CALM_US) {
        run_until(world.now_us + SECOND_US / 2);
        rest_us = !logs_read() || is_busy() ? 0 : rest_us + SECOND_US / 2;
        if (world.now_us > limit_us) {
            broken("no rest after %d s", REST_US / SECOND_US);
        }
    }
}

static bool anyone_up(void) {
    for (unsigned i = 0; i < node_count; i++) {
        if (nodes[i].up) {
            return true;
        }
    }
    return false;
}

static void leave(void) {
    int64_t limit_us = world.now_us + 20 * SECOND_US;
    for (unsigned i = 0; i < node_count; i++) {
        nodes[i].for_good = true;
        node_drain(&nodes[i]);
    }
    while (!world.is_broken && anyone_up()) {
        run_until(world.now_us + SECOND_US / 4);
        if (world.now_us > limit_us) {
            broken("a process at rest does not drain");
        }
    }
}

static void close_all(void) {
    for (unsigned i = 0; i < node_count; i++) {
        nodes[i].for_good = true;
        if (nodes[i].up) {
            nodes[i].doomed = true;
            nodes[i].died_at = OP_DRAIN;
            node_crash(&nodes[i]);
        }
    }
    while (heap_first(&world.events)) {
        world_step(INT64_MAX);
    }
}

// One schedule; false: an invariant was broken.
static bool run_seed(uint64_t seed, bool trace_it) {
    world_begin(seed, trace_it);
    facts_begin();
    broker_begin();
    database_is_away = database_is_slow = database_is_full = false;
    model_away = NULL;
    switch_now = 0;
    nodes_begin(setting_for_world());
    int64_t faults_end_us = plan_world();
    run_until(faults_end_us);
    plan_faults_end();
    come_to_rest();
    if (!world.is_broken) {
        check_idle();
        check_all();
    }
    if (!world.is_broken && plan_remake()) {
        come_to_rest();
        check_idle();
        check_all();
    }
    if (!world.is_broken) {
        leave();
    }
    bool was_broken = world.is_broken;
    close_all();
    if (!was_broken && records_out != 0) {
        broken("%lld records were not given back", (long long)records_out);
    }
    tallies.kinds[TALLY_IN_HAND] += world.in_hand;
    tallies.kinds[TALLY_REPEATED] += world.repeated;
    tallies.kinds[TALLY_REPEATED_BY_DEATH] += world.by_death;
    broker_end();
    world_end();
    tallies.schedules++;
    return !world.is_broken;
}

// --- options and report

static uint64_t current_seed;

static void on_abort(int number) {
    char text[80];
    int len = snprintf(text, sizeof(text), "seed %llu: signal %d\n",
                       (unsigned long long)current_seed, number);
    fflush(stdout);
    if (write(STDOUT_FILENO, text, (size_t)len) != len) {
        _exit(EX_IOERR);
    }
    signal(number, SIG_DFL);
    raise(number);
}

// Memory that some part keeps from one schedule to the next is no leak: a leak leaks again.
static bool run_one(uint64_t seed, bool trace_it) {
    current_seed = seed;
    int64_t before = memory_out;
    bool good = run_seed(seed, trace_it);
    if (good && memory_out != before) {
        before = memory_out;
        good = run_seed(seed, false);
        if (memory_out != before) {
            broken("%lld allocations were not freed", (long long)(memory_out - before));
            good = false;
        }
    }
    if (good) {
        return true;
    }
    printf("seed %llu: %s\n", (unsigned long long)seed, world.broken);
    return false;
}

static unsigned run_file(const char *file, bool *readable) {
    char line[256];
    unsigned failed = 0;
    FILE *in = fopen(file, "r");
    *readable = in != NULL;
    while (in && fgets(line, sizeof(line), in)) {
        char *end;
        uint64_t seed = strtoull(line, &end, 10);
        if (end != line) {
            failed += !run_one(seed, false);
        }
    }
    if (in) {
        fclose(in);
    }
    return failed;
}

static int usage(void) {
    fputs("usage: sim_run [--seed N [--trace]] [--seeds FROM COUNT] [--old FILE]\n"
          "               --config FILE\n"
          "  --seeds FROM COUNT  schedules of COUNT seeds from FROM on\n"
          "  --seed N            of one seed\n"
          "  --trace             tells all that happens\n"
          "  --first             stops at the first that fails\n"
          "  --jobs N            N processes share the seeds\n"
          "  --old FILE          of the seeds in FILE first, one a line\n"
          "From 10,000 schedules on it also fails when some kind of fault never happened.\n",
          stderr);
    return EX_USAGE;
}

enum { JOBS_MOST = 64 };

static bool parse(int argc, char **argv, struct options *o) {
    static const struct option names[] = {
        {"seed", required_argument, NULL, 's'}, {"seeds", required_argument, NULL, 'n'},
        {"trace", no_argument, NULL, 't'},      {"old", required_argument, NULL, 'o'},
        {"config", required_argument, NULL, 'f'}, {"first", no_argument, NULL, '1'},
        {"jobs", required_argument, NULL, 'j'},  {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        switch (c) {
        case 's': o->from = strtoull(optarg, NULL, 10); o->count = 1; break;
        case 'n':
            if (optind >= argc) {
                return false;
            }
            o->from = strtoull(optarg, NULL, 10);
            o->count = strtoull(argv[optind++], NULL, 10);
            break;
        case 't': o->trace = true; break;
        case 'o': o->seeds = optarg; break;
        case '1': o->failures = 1; break;
        case 'j': o->jobs = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'f': o->config = optarg; break;
        default: return false;
        }
    }
    return o->config != NULL && optind == argc && o->jobs > 0 && o->jobs <= JOBS_MOST;
}

// --- seeds shared by processes

// What one process has to tell.
struct share {
    struct tallies tallies;
    unsigned failed;
};

static unsigned run_share(const struct options *o, unsigned first) {
    unsigned failed = 0;
    for (uint64_t i = first; i < o->count && failed < o->failures; i += o->jobs) {
        failed += !run_one(o->from + i, o->trace);
    }
    return failed;
}

static pid_t start_share(const struct options *o, unsigned first, int *from) {
    int ends[2];
    fflush(stdout);
    if (pipe(ends) != 0) {
        return -1;
    }
    pid_t pid = fork();
    if (pid == 0) {
        struct share share = {0};
        memset(&tallies, 0, sizeof(tallies));
        share.failed = run_share(o, first);
        share.tallies = tallies;
        fflush(stdout);
        _exit(write(ends[1], &share, sizeof(share)) == sizeof(share) ? EX_OK : EX_IOERR);
    }
    close(ends[1]);
    *from = ends[0];
    return pid;
}

// A process that dies has told its seed, and counts as one that failed.
static unsigned run_shares(const struct options *o) {
    int from[JOBS_MOST];
    unsigned failed = 0;
    for (unsigned i = 0; i < o->jobs; i++) {
        if (start_share(o, i, &from[i]) < 0) {
            perror("fork");
            exit(EX_OSERR);
        }
    }
    for (unsigned i = 0; i < o->jobs; i++) {
        struct share share = {0};
        bool whole = read(from[i], &share, sizeof(share)) == sizeof(share);
        tallies_add(&tallies, &share.tallies);
        failed += whole ? share.failed : 1;
        tallies.schedules += !whole;
        close(from[i]);
        wait(NULL);
    }
    return failed;
}

int main(int argc, char **argv) {
    struct options o = {.failures = 20, .jobs = 1};
    struct err err;
    unsigned failed = 0;
    int64_t start_ms = clock_steady_ms();
    if (!parse(argc, argv, &o)) {
        return usage();
    }
    if (!setting_open(o.config, &err)) {
        fprintf(stderr, "%s\n", err.text);
        return err.exit_code;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    bool readable = true;
    if (o.seeds) {
        failed += run_file(o.seeds, &readable);
    }
    failed += o.jobs > 1 ? run_shares(&o) : run_share(&o, 0);
    if (!readable) {
        fprintf(stderr, "%s cannot be read\n", o.seeds);
        return EX_NOINPUT;
    }
    bool whole = o.trace || tallies_print(&tallies, tallies.schedules >= COMPLETE);
    double seconds = (double)(clock_steady_ms() - start_ms + 1) / 1000;
    printf("%llu schedules, %llu events, seeds from %llu, %.0f s, %.0f schedules/s: "
           "%llu passed, %u failed\n",
           (unsigned long long)tallies.schedules, (unsigned long long)tallies.events,
           (unsigned long long)o.from, seconds, (double)tallies.schedules / seconds,
           (unsigned long long)(tallies.schedules - failed), failed);
    setting_close();
    return failed > 0 || !whole;
}

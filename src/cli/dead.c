// taskfit dead: what could not be processed; looked at, sent again, or let go.
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/dead.h"
#include "cli/replay.h"
#include "io/pg_session.h"

enum verb { VERB_LIST, VERB_SHOW, VERB_REPLAY, VERB_DROP, VERB_COUNT };

static const char *const verbs[VERB_COUNT] = {"list", "show", "replay", "drop"};

// One of these for all letters that the command line names.
struct work {
    const struct dead_options *options;
    enum verb verb;
    struct pg_session *session;
    struct arena *arena;     // of a page
    struct replay *replay;   // NULL: nothing was sent yet
    struct dead_output *output;
    bool by_name;            // letters are named one by one
    int64_t met, done, decided, dropped;  // decided and dropped: passed over for that
};

// --- replay and drop

static void put_keys(struct pg_params *params, const struct letter *const *letters, size_t count) {
    pg_array(params, PG_TEXT);
    for (size_t i = 0; i < count; i++) {
        pg_slice(params, letters[i]->topic);
    }
    pg_array(params, PG_INT4);
    for (size_t i = 0; i < count; i++) {
        pg_int4(params, (int32_t)letters[i]->partition);
    }
    pg_array(params, PG_INT8);
    for (size_t i = 0; i < count; i++) {
        pg_int8(params, letters[i]->offset);
    }
    pg_array(params, PG_TIMESTAMPTZ);
    for (size_t i = 0; i < count; i++) {
        pg_time(params, letters[i]->recorded_ms);
    }
}

static bool mark(struct work *work, enum pg_statement statement,
                 const struct letter *const *letters, size_t count, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    put_keys(&params, letters, count);
    bool ok = pg_session_run(work->session, statement, &params, &result, err);
    pg_params_fini(&params);
    return ok;
}

static bool replay(struct work *work, const struct letter *const *letters, size_t count,
                   struct err *err) {
    struct config *config;
    if (work->replay == NULL) {
        if (cli_config(&config) != EX_OK) {
            return err_exit(err, EX_CONFIG, "there is no configuration");
        }
        if (!replay_open(&work->replay, config, err)) {
            return false;
        }
    }
    return mark(work, PG_dead_replaying, letters, count, err) &&
           replay_send(work->replay, letters, count, err) &&
           mark(work, PG_dead_replayed, letters, count, err);
}

// A job that was decided dead has its outcome, and a job has one: sent again it would only find
// that. What was dropped stays so.
static bool is_wanted(struct work *work, const struct letter *letter) {
    if (letter->dropped_ms) {
        work->dropped++;
        return false;
    }
    if (work->verb == VERB_REPLAY && letter->decided) {
        work->decided++;
        return false;
    }
    return true;
}

static bool act(struct work *work, const struct letter_walk *walk, struct err *err) {
    const struct letter *wanted[LETTERS_PAGE];
    size_t count = 0;
    for (size_t i = 0; i < walk->count; i++) {
        if (is_wanted(work, &walk->letters[i])) {
            wanted[count++] = &walk->letters[i];
        }
    }
    work->done += (int64_t)count;
    if (count == 0 || work->options->dry_run) {
        return true;
    }
    return work->verb == VERB_REPLAY ? replay(work, wanted, count, err)
                                     : mark(work, PG_dead_dropped, wanted, count, err);
}

// --- any verb, over what a filter names

static bool see_page(struct work *work, const struct letter_walk *walk, struct err *err) {
    if (work->verb == VERB_REPLAY || work->verb == VERB_DROP) {
        return act(work, walk, err);
    }
    for (size_t i = 0; i < walk->count; i++) {
        if (work->verb == VERB_LIST) {
            dead_output_row(work->output, &walk->letters[i]);
        } else {
            dead_output_show(work->output, &walk->letters[i]);
        }
    }
    return true;
}

static bool see_all(struct work *work, const struct letter_filter *filter, struct err *err) {
    struct letter_walk *walk = mem_zalloc(sizeof(*walk));
    bool ok = true;
    int64_t before = work->met;
    walk->filter = filter;
    do {
        ok = letter_walk(work->session, walk, work->arena, err) && see_page(work, walk, err);
        work->met += ok ? (int64_t)walk->count : 0;
    } while (ok && walk->count == LETTERS_PAGE);
    mem_free(walk);
    if (ok && work->by_name && work->met == before) {
        return err_exit(err, EX_NOINPUT, "there is no such dead letter; `taskfit dead list --all` "
                        "shows what there is");
    }
    return ok;
}

static bool see_named(struct work *work, const struct letter_filter *base, int count, char **names,
                      struct err *err) {
    if (count == 0) {
        return see_all(work, base, err);
    }
    work->by_name = true;
    for (int i = 0; i < count; i++) {
        struct letter_filter filter = *base;
        filter.closed = true;
        if (!letter_name(&filter, names[i], err) || !see_all(work, &filter, err)) {
            return err_prefix(err, "%s", names[i]);
        }
    }
    return true;
}

// --- the command line

static bool find_verb(const char *name, enum verb *verb, struct err *err) {
    for (int i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i], name) == 0) {
            *verb = (enum verb)i;
            return true;
        }
    }
    return err_exit(err, EX_USAGE, "'%s' is none of list, show, replay, drop", name);
}

static bool read_filter(struct work *work, int names, struct letter_filter *filter,
                        struct err *err) {
    const struct dead_options *o = work->options;
    bool all = o->all, some = names > 0 || o->batch || o->reason || o->older_ms > 0;
    struct batch batch;
    if (work->verb == VERB_SHOW && names == 0) {
        return err_exit(err, EX_USAGE, "show which? a job's id or TOPIC/PARTITION/OFFSET");
    }
    if (work->verb != VERB_LIST && !some && !all) {
        return err_exit(err, EX_USAGE, "%s which? LETTER…, --batch, --reason, --older-than, or "
                        "--all for every open one", verbs[work->verb]);
    }
    *filter = (struct letter_filter){
        .reason = o->reason,
        .older_ms = o->older_ms,
        .closed = all && work->verb == VERB_LIST,
        .values = work->verb == VERB_SHOW || (work->verb == VERB_REPLAY && !o->dry_run),
    };
    if (o->batch) {
        if (!batch_find(work->session, o->batch, work->arena, &batch, err)) {
            return false;
        }
        filter->has_batch = true;
        filter->batch = batch.id;
    }
    return true;
}

static void say_done(const struct work *work) {
    const char *what = work->verb == VERB_REPLAY ? "replayed" : "dropped";
    bool dry = work->options->dry_run;
    struct buf text = {0};
    if (work->options->json) {
        buf_char(&text, '{');
        json_count(&text, what, work->done);
        json_count(&text, "passed_over_decided", work->decided);
        json_count(&text, "passed_over_dropped", work->dropped);
        json_bool(&text, "dry_run", dry);
        buf_text(&text, "}\n");
    } else {
        figure_count(&text, work->done);
        bool one = work->done == 1;
        buf_printf(&text, one ? " letter %s %s" : " letters %s %s",
                   dry ? "would be" : one ? "was" : "were", what);
        if (work->decided > 0) {
            buf_printf(&text, "; %lld decided dead passed over: that is their job's outcome, so "
                       "submit such a job anew", (long long)work->decided);
        }
        if (work->dropped > 0) {
            buf_printf(&text, "; %lld had been dropped before", (long long)work->dropped);
        }
        buf_char(&text, '\n');
    }
    fputs(buf_string(&text), stdout);
    buf_fini(&text);
}

static bool work_through(struct work *work, int names, char **argv, struct err *err) {
    struct letter_filter filter;
    if (!read_filter(work, names, &filter, err)) {
        return false;
    }
    work->output = dead_output_new(work->options, stdout);
    bool ok = see_named(work, &filter, names, argv, err);
    dead_output_free(work->output);
    if (ok && (work->verb == VERB_REPLAY || work->verb == VERB_DROP)) {
        say_done(work);
    }
    if (work->replay) {
        replay_close(work->replay);
    }
    return ok;
}

static int run(const void *given, int argc, char **argv) {
    struct work work = {.options = given};
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    if (!find_verb(argv[0], &work.verb, &err)) {
        return cli_fail(&err);
    }
    int status = cli_database(&work.session);
    if (status != EX_OK) {
        return status;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    work.arena = &arena;
    bool ok = work_through(&work, argc - 1, argv + 1, &err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    pg_session_close(work.session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct dead_options, member)
static const struct option_row rows[] = {
    {"batch", 'b', OPTION_TEXT, AT(batch), "BATCH", NULL, "of this batch"},
    {"reason", 'r', OPTION_TEXT, AT(reason), "CODE", NULL,
     "for this reason, such as message.broken, or 'message' for all of them"},
    {"older-than", '\0', OPTION_DURATION, AT(older_ms), "TIME", NULL,
     "dead for at least so long, such as 30m, 24h or 7d"},
    {"all", 'a', OPTION_FLAG, AT(all), NULL, NULL,
     "list: also those replayed or dropped; replay, drop: every open one"},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, NULL,
     "say what would happen, change nothing"},
    {"raw", '\0', OPTION_FLAG, AT(raw), NULL, NULL, "show: the record's bytes alone"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object a line"},
};

const struct command dead_command = {
    .name = "dead",
    .arguments = "list|show|replay|drop [LETTER…]",
    .summary = "records that could not be processed: look, send again, let go",
    .help = "LETTER is TOPIC/PARTITION/OFFSET as `list` shows it, or a job's id.\n\n"
            "replay sends the original bytes, key and headers to their topic. Twice is once\n"
            "the work: a job that has its outcome is not called again. What was replayed is\n"
            "passed over, unless it is named; what was dropped stays so.\n"
            "drop marks letters as dealt with; the outcome of their jobs stays dead.\n\n"
            "  taskfit dead list --reason message --older-than 1h\n"
            "  taskfit dead show taskfit.jobs.tiny/0/1742\n"
            "  taskfit dead replay --batch invoices.csv --reason path.unknown\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct dead_options),
    .arguments_least = 1,
    .arguments_most = 1000,
    .run = run,
};

// taskfit watch: how far a batch is, until it is finished.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "io/pg_session.h"

static const struct timespec between_looks = {.tv_sec = 1};

struct options {
    bool json;
    bool once;
};

struct watch {
    const struct options *options;
    const struct config *config;
    struct pg_session *session;  // NULL: the database is away
    struct arena_pool pool;
    struct arena arena;
    struct batch batch;
    struct progress progress;
    bool live;       // frames in place of each other
    unsigned drawn;  // lines of the frame on the screen
    bool away_told;
};

// --- the screen

// Prints text, at most width columns a line; returns its lines.
static unsigned print_clipped(const char *text, unsigned width) {
    unsigned lines = 0;
    while (*text) {
        size_t len = strcspn(text, "\n");
        size_t fits = table_fitting((struct slice){text, len}, width);
        printf("%.*s\033[K\n", (int)fits, text);
        text += len + (text[len] == '\n');
        lines++;
    }
    return lines;
}

static void draw(struct watch *w) {
    char *text = NULL;
    size_t size = 0;
    unsigned width = table_screen(stdout);
    FILE *frame = open_memstream(&text, &size);
    progress_frame(&w->progress, frame, width);
    fclose(frame);
    if (w->drawn > 0) {
        printf("\033[%uA", w->drawn);
    }
    w->drawn = print_clipped(text, width);
    printf("\033[J");
    mem_free(text);
}

static void show(struct watch *w) {
    if (w->options->json) {
        progress_json(&w->progress, stdout);
    } else if (w->live) {
        draw(w);
    } else {
        progress_line(&w->progress, stdout);
    }
}

// --- looking

// The database went away: said once, and then it is waited for.
static bool away(struct watch *w, struct err *err) {
    if (err->kind != ERR_RETRY && err->exit_code != EX_UNAVAILABLE) {
        return false;
    }
    if (w->session) {
        pg_session_close(w->session);
        w->session = NULL;
    }
    if (!w->away_told) {
        fprintf(stderr, "taskfit: %s; waiting for it\n", err->text);
        w->away_told = true;
        w->drawn = 0;
    }
    return true;
}

static bool look(struct watch *w, bool *seen, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    *seen = false;
    if (w->session == NULL &&
        !pg_session_open(&w->session, w->config->database_url, "taskfit", err)) {
        w->session = NULL;
        return away(w, err);
    }
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, w->batch.id);
    bool ok = pg_session_run(w->session, PG_watch_batch, &params, &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return away(w, err);
    }
    if (w->away_told) {
        fprintf(stderr, "taskfit: the database is back\n");
        w->away_told = false;
    }
    progress_read(&w->progress, result);
    *seen = true;
    return true;
}

static bool watch(struct watch *w, struct err *err) {
    for (;;) {
        bool seen;
        if (!look(w, &seen, err)) {
            return false;
        }
        if (seen) {
            show(w);
        }
        if (fflush(stdout) != 0) {
            return err_exit(err, EX_IOERR, "standard output cannot be written: %s",
                            strerror(errno));
        }
        if (seen && (w->options->once || progress_finished(&w->progress))) {
            return true;
        }
        nanosleep(&between_looks, NULL);
    }
}

// --- the command

static bool begin(struct watch *w, const char *called, struct err *err) {
    if (!batch_find(w->session, called, &w->arena, &w->batch, err)) {
        return false;
    }
    const struct config_path *path = config_path_find(w->config, slice_of(w->batch.path));
    progress_init(&w->progress, &w->batch, path ? &path->policy : NULL);
    if (!w->live && !w->options->json) {
        printf("%s · batch %s · path %s\n", w->batch.name, w->batch.id_text, w->batch.path);
    }
    return true;
}

static int run(const void *given, int argc, char **argv) {
    struct watch w = {.options = given};
    struct config *config;
    struct err err;
    int status = cli_config(&config);
    if (status == EX_OK) {
        status = cli_database(&w.session);
    }
    if (status != EX_OK) {
        return status;
    }
    w.config = config;
    w.live = !w.options->json && isatty(STDOUT_FILENO) != 0;
    arena_pool_init(&w.pool, 0);
    arena_init(&w.arena, &w.pool);
    bool ok = begin(&w, argc > 0 ? argv[0] : NULL, &err) && watch(&w, &err);
    if (w.session) {
        pg_session_close(w.session);
    }
    arena_fini(&w.arena);
    arena_pool_fini(&w.pool);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object a line, once a second"},
    {"once", '1', OPTION_FLAG, AT(once), NULL, NULL, "look once and leave"},
};

const struct command watch_command = {
    .name = "watch",
    .arguments = "[BATCH]",
    .summary = "how far a batch is, until it is finished",
    .help = "BATCH is an id, the beginning of one, or a name; without it the newest batch is\n"
            "taken. On a terminal a bar for each tier, else a line a second. Ends, with status 0,\n"
            "when every job has its outcome. A database that goes away is waited for.\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 1,
    .run = run,
};

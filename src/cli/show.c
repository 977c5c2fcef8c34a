// taskfit show: the whole story of a job.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/story.h"
#include "io/pg_session.h"

struct options {
    const char *batch;
    bool json;
};

static bool show(struct pg_session *session, const struct options *options, const char *name,
                 struct err *err) {
    struct arena_pool pool;
    struct arena arena;
    struct story story;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = story_find(session, options->batch, name, &arena, &story, err);
    if (ok && options->json) {
        story_json(&story, stdout);
    } else if (ok) {
        story_print(&story, stdout, &arena);
    }
    if (ok && fflush(stdout) != 0) {
        ok = err_exit(err, EX_IOERR, "standard output cannot be written: %s", strerror(errno));
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

static int run(const void *given, int argc, char **argv) {
    struct pg_session *session;
    struct err err;
    (void)argc;
    int status = cli_database(&session);
    if (status != EX_OK) {
        return status;
    }
    bool ok = show(session, given, argv[0], &err);
    pg_session_close(session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"batch", 'b', OPTION_TEXT, AT(batch), "BATCH", NULL, "JOB is a custom id of this batch"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command show_command = {
    .name = "show",
    .arguments = "JOB",
    .summary = "the whole story of a job: what was answered, decided, paid, and why",
    .help = "JOB is a job's id, BATCH/CUSTOM_ID, or a custom id of the newest batch.\n\n"
            "  taskfit show 0198a3c2-5e1f-8000-b1c3-2f0b6d1a77e0\n"
            "  taskfit show invoices.csv/INV-004217\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 1,
    .run = run,
};

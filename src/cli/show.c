// taskfit show: the whole story of a job.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/story.h"
#include "io/pg_session.h"

struct options {
    const char *batch;
    bool json;
};

static bool is_empty(const struct story *story) {
    return story->hop_count == 0 && story->letter_count == 0;
}

static bool read_of_batch(struct pg_session *session, const char *called, const char *custom_id,
                          struct arena *arena, struct story *story, struct err *err) {
    struct batch batch;
    struct uuid job;
    if (!batch_find(session, called, arena, &batch, err)) {
        return false;
    }
    job = uuid_derive(batch.id, slice_of(custom_id));
    if (!story_read(session, job, arena, story, err)) {
        return false;
    }
    return !is_empty(story) || (batch_find_job(session, &batch, custom_id, &job, err) &&
                                story_read(session, job, arena, story, err));
}

static bool read_of_id(struct pg_session *session, struct uuid job, struct arena *arena,
                       struct story *story, struct err *err) {
    if (!story_read(session, job, arena, story, err)) {
        return false;
    }
    if (is_empty(story)) {
        return err_exit(err, EX_NOINPUT, "nothing is stored of a job %s: it waits in a topic, or "
                        "there is none", story->id_text);
    }
    return true;
}

// A job's id; BATCH/CUSTOM_ID; or a custom id of --batch, or of the newest batch.
static bool read_story(struct pg_session *session, const struct options *options, const char *name,
                       struct arena *arena, struct story *story, struct err *err) {
    struct uuid job;
    const char *slash = strchr(name, '/');
    if (options->batch == NULL && uuid_parse(slice_of(name), &job)) {
        return read_of_id(session, job, arena, story, err);
    }
    if (options->batch == NULL && slash && slash > name && slash[1]) {
        struct slice before = {name, (size_t)(slash - name)};
        return read_of_batch(session, arena_string(arena, before), slash + 1, arena, story, err);
    }
    return read_of_batch(session, options->batch, name, arena, story, err);
}

static bool show(struct pg_session *session, const struct options *options, const char *name,
                 struct err *err) {
    struct arena_pool pool;
    struct arena arena;
    struct story story;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = read_story(session, options, name, &arena, &story, err);
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

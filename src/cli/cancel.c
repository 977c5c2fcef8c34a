// taskfit cancel: no more calls for a batch or a job.
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/story.h"
#include "io/pg_session.h"

struct options {
    bool dry_run;
    bool json;
};

// What is to be cancelled, and what the database says of it.
struct aim {
    bool is_batch;
    struct batch batch;
    struct story story;   // of a job
    bool before;          // it was cancelled earlier
    int64_t cancelled_ms;  // 0: it is not
};

// --- which

static bool aim_at_job(struct pg_session *session, struct uuid job, struct arena *arena,
                       struct aim *aim, struct err *err) {
    aim->is_batch = false;
    return story_read(session, job, arena, &aim->story, err);
}

// BATCH/CUSTOM_ID: by the id that submit derives, unless only rows tell of another.
static bool aim_in_batch(struct pg_session *session, const char *name, struct arena *arena,
                         struct aim *aim, struct err *err) {
    const char *slash = strchr(name, '/');
    const char *called = arena_string(arena, (struct slice){name, (size_t)(slash - name)});
    struct err none;
    struct uuid job;
    if (!batch_find(session, called, arena, &aim->batch, err)) {
        return false;
    }
    job = uuid_derive(aim->batch.id, slice_of(slash + 1));
    if (!aim_at_job(session, job, arena, aim, err)) {
        return false;
    }
    if (aim->story.hop_count > 0 || aim->story.letter_count > 0 ||
        !batch_find_job(session, &aim->batch, slash + 1, &job, &none)) {
        return true;
    }
    return aim_at_job(session, job, arena, aim, err);
}

// A whole id that is no batch's is a job's: that may wait in a topic, and nothing be stored of it.
static bool aim_find(struct pg_session *session, const char *name, struct arena *arena,
                     struct aim *aim, struct err *err) {
    struct uuid id;
    const char *slash = strchr(name, '/');
    if (slash && slash > name && slash[1]) {
        return aim_in_batch(session, name, arena, aim, err);
    }
    if (batch_find(session, name, arena, &aim->batch, err)) {
        aim->is_batch = true;
        return true;
    }
    if (err->exit_code == EX_NOINPUT && uuid_parse(slice_of(name), &id)) {
        return aim_at_job(session, id, arena, aim, err);
    }
    return false;
}

static bool is_over(const struct aim *aim) {
    if (aim->is_batch) {
        return aim->batch.total >= 0 && aim->batch.done >= aim->batch.total;
    }
    return story_outcome(&aim->story).at != NULL;
}

// --- doing it

static bool cancel(struct pg_session *session, struct aim *aim, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, aim->is_batch ? aim->batch.id : aim->story.id);
    bool ok = pg_session_run(session, aim->is_batch ? PG_cancel_batch : PG_cancel_job, &params,
                             &result, err);
    pg_params_fini(&params);
    if (!ok) {
        return false;
    }
    aim->before = pg_get_int(result, 0, 0) != 0;
    aim->cancelled_ms = pg_get_time(result, 0, 1);
    if (aim->is_batch) {
        aim->batch.total = pg_is_null(result, 0, 2) ? -1 : pg_get_int(result, 0, 2);
        aim->batch.done = pg_get_int(result, 0, 3);
    }
    return true;
}

// --- saying it

static void say_batch(struct buf *out, const struct aim *aim, bool dry_run) {
    const struct batch *batch = &aim->batch;
    buf_printf(out, "batch %s (%s): ", batch->id_text, batch->name);
    if (is_over(aim)) {
        buf_text(out, "all of its ");
        figure_count(out, batch->total);
        buf_text(out, " jobs have their outcome; there is nothing to cancel\n");
        return;
    }
    buf_text(out, dry_run ? "would be cancelled; " : aim->before ? "was cancelled before, "
                                                                  : "cancelled; ");
    if (aim->before) {
        figure_time(out, aim->cancelled_ms);
        buf_text(out, "; ");
    }
    if (batch->total < 0) {
        buf_text(out, "it is still being submitted, and ");
        figure_count(out, batch->done);
        buf_text(out, " jobs are done\n");
    } else {
        figure_count(out, batch->total - batch->done);
        buf_text(out, " of ");
        figure_count(out, batch->total);
        buf_text(out, " jobs are open\n");
    }
    buf_text(out, "Calls under way are given up within two seconds, and no more are made; each "
                  "open job ends as\n'cancelled' when its turn comes. What is decided stays.\n");
}

static void say_job(struct buf *out, const struct aim *aim, bool dry_run) {
    const struct story *story = &aim->story;
    struct slice outcome = story_outcome(story);
    buf_printf(out, "job %s: ", story->id_text);
    if (outcome.at) {
        buf_printf(out, "has its outcome, %.*s; there is nothing to cancel\n", SLICE_ARGS(outcome));
        return;
    }
    buf_text(out, dry_run ? "would be cancelled" : aim->before ? "was cancelled before, "
                                                                : "cancelled");
    if (aim->before) {
        figure_time(out, aim->cancelled_ms);
    }
    if (story->hop_count == 0 && story->letter_count == 0) {
        buf_text(out, "; nothing is stored of it yet: it ends as 'cancelled' when its turn comes, "
                      "if there is such a job\n");
    } else {
        buf_text(out, "; it ends as 'cancelled' at its next step, and no model is called\n");
    }
}

static void say_json(struct buf *out, const struct aim *aim, bool dry_run) {
    buf_char(out, '{');
    if (aim->is_batch) {
        json_text(out, "batch_id", slice_of(aim->batch.id_text));
        json_text(out, "name", slice_of(aim->batch.name));
        if (aim->batch.total >= 0) {
            json_count(out, "total", aim->batch.total);
            json_count(out, "open", aim->batch.total - aim->batch.done);
        }
        json_count(out, "done", aim->batch.done);
    } else {
        json_text(out, "job_id", slice_of(aim->story.id_text));
        json_text(out, "outcome", story_outcome(&aim->story));
    }
    json_bool(out, "dry_run", dry_run);
    json_bool(out, "before", aim->before);
    json_time(out, "cancelled_at", aim->cancelled_ms);
    buf_text(out, "}\n");
}

static void say(const struct aim *aim, const struct options *options) {
    struct buf text = {0};
    if (options->json) {
        say_json(&text, aim, options->dry_run);
    } else if (aim->is_batch) {
        say_batch(&text, aim, options->dry_run);
    } else {
        say_job(&text, aim, options->dry_run);
    }
    fputs(buf_string(&text), stdout);
    buf_fini(&text);
}

// --- the command

static bool run_with(struct pg_session *session, const struct options *options, const char *name,
                     struct err *err) {
    struct arena_pool pool;
    struct arena arena;
    struct aim aim = {0};
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = aim_find(session, name, &arena, &aim, err);
    if (ok && !is_over(&aim) && !options->dry_run) {
        ok = cancel(session, &aim, err);
    }
    if (ok) {
        say(&aim, options);
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
    bool ok = run_with(session, given, argv[0], &err);
    pg_session_close(session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, NULL, "say what would happen, change nothing"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command cancel_command = {
    .name = "cancel",
    .arguments = "BATCH|JOB",
    .summary = "no more calls for a batch or a job; what is decided stays",
    .help = "BATCH is an id, the beginning of one, or a name; JOB is an id or BATCH/CUSTOM_ID.\n"
            "Running it again changes nothing.\n\n"
            "  taskfit cancel invoices.csv\n"
            "  taskfit cancel invoices.csv/INV-004217\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 1,
    .run = run,
};

// taskfit review: people as the last tier.
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json_out.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/review.h"
#include "cli/review_screen.h"
#include "io/pg_session.h"

enum { LIST_MOST = 50 };

struct review {
    const struct review_options *options;
    struct reviewer reviewer;
    struct review_filter filter;
    struct arena *arena;
};

// --- a word from the command line

// HOP or TIER: whose answer is meant.
static bool find_attempt(const struct story *story, const char *name, const struct story_hop **hop,
                         struct err *err) {
    char *end;
    unsigned long number = strtoul(name, &end, 10);
    bool numbered = isdigit((unsigned char)name[0]) && *end == '\0';
    *hop = NULL;
    for (size_t i = 0; i < story->hop_count; i++) {
        const struct story_hop *at = &story->hops[i];
        if (numbered ? at->hop == number : slice_is(at->tier, name)) {
            *hop = at;
        }
    }
    if (*hop == NULL) {
        return err_exit(err, EX_USAGE, "--accept: the job was at no hop and no tier '%s'; "
                        "`taskfit show` says where it was", name);
    }
    return (*hop)->attempt.answer.at ||
           err_exit(err, EX_DATAERR, "--accept: hop %" PRIu32 " has no answer", (*hop)->hop);
}

static bool make_word(const struct review *review, const struct story *story,
                      struct review_word *word, struct err *err) {
    const struct review_options *o = review->options;
    const struct path *path = reviewer_path(&review->reviewer, story->path);
    const struct story_hop *hop;
    *word = (struct review_word){.answer_hop = -1, .note = slice_of(o->note)};
    if (o->accept) {
        if (!find_attempt(story, o->accept, &hop, err)) {
            return false;
        }
        word->answer = hop->attempt.answer;
        word->answer_hop = (int)hop->hop;
        return true;
    }
    if (path == NULL) {
        return err_exit(err, EX_CONFIG, "the configuration has no path '%.*s', so what an answer "
                        "is like is not known; --accept works", SLICE_ARGS(story->path));
    }
    return reviewer_answer(path, slice_of(o->answer), review->arena, &word->answer, err);
}

static void tell(const struct review *review, const struct story *story, const char *what,
                 struct slice answer, const struct reviewer_result *result) {
    static const char *const next[] = {
        "", "; a second person will be asked, too", "; a second person has to say the same first",
        "; two persons differ, another look will settle it"};
    struct buf out = {0};
    if (review->options->json) {
        buf_char(&out, '{');
        json_text(&out, "job_id", slice_of(story->id_text));
        json_text(&out, "custom_id", story->custom_id);
        json_text(&out, "did", slice_of(what));
        json_raw_text(&out, "answer", answer);
        json_count(&out, "revision", result->revision);
        json_text(&out, "next", slice_of(round_why_name(result->next)));
        buf_char(&out, '}');
    } else {
        struct slice name = story->custom_id.at ? story->custom_id : slice_of(story->id_text);
        buf_printf(&out, "%.*s: %s", SLICE_ARGS(name), what);
        if (answer.at) {
            buf_printf(&out, " %.*s", SLICE_ARGS(answer));
        }
        if (result->revision > 0) {
            buf_printf(&out, "; revision %" PRIu32 " of its outcome", result->revision);
        }
        buf_text(&out, next[result->next]);
    }
    puts(buf_string(&out));
    buf_fini(&out);
}

static bool say(const struct review *review, const struct story *story, struct err *err) {
    struct review_lease lease;
    struct review_word word;
    struct reviewer_result result;
    if (!make_word(review, story, &word, err) ||
        !reviewer_take(&review->reviewer, &story->id, review->arena, &lease, err) ||
        !reviewer_say(&review->reviewer, &lease, &word, review->arena, &result, err)) {
        return false;
    }
    tell(review, story, word.answer_hop < 0 ? "corrected to" : "accepted", word.answer, &result);
    return true;
}

static bool skip(const struct review *review, const struct story *story, struct err *err) {
    struct review_lease lease;
    const struct reviewer_result nothing = {0};
    if (story->round_count == 0 ||
        !slice_is(story->rounds[story->round_count - 1].state, "open")) {
        return err_exit(err, EX_NOINPUT, "the job does not wait for people");
    }
    if (!reviewer_take(&review->reviewer, &story->id, review->arena, &lease, err) ||
        !reviewer_release(&review->reviewer, &lease, true, err)) {
        return false;
    }
    tell(review, story, "skipped", (struct slice){0}, &nothing);
    return true;
}

static bool undo(const struct review *review, const struct story *story, struct err *err) {
    const struct reviewer_result nothing = {0};
    if (!reviewer_undo(&review->reviewer, &story->id, story->path, err)) {
        return false;
    }
    tell(review, story, "taken back, and open again", (struct slice){0}, &nothing);
    return true;
}

static bool one_job(struct review *review, const char *name, struct err *err) {
    const struct review_options *o = review->options;
    struct story story;
    if (!story_find(review->reviewer.session, o->batch, name, review->arena, &story, err)) {
        return false;
    }
    if (o->skip) {
        return skip(review, &story, err);
    }
    return o->undo ? undo(review, &story, err) : say(review, &story, err);
}

// --- the command line

static bool read_filter(struct review *review, struct err *err) {
    const struct review_options *o = review->options;
    struct batch batch;
    review->filter = (struct review_filter){.path = o->path, .reason = o->reason};
    if (o->path && !reviewer_path(&review->reviewer, slice_of(o->path))) {
        return err_exit(err, EX_USAGE, "--path: the configuration has no path '%s'", o->path);
    }
    if (o->batch == NULL) {
        return true;
    }
    if (!batch_find(review->reviewer.session, o->batch, review->arena, &batch, err)) {
        return false;
    }
    review->filter.has_batch = true;
    review->filter.batch = batch.id;
    return true;
}

static bool check_use(const struct review_options *o, int argc, struct err *err) {
    int words = (o->accept != NULL) + (o->answer != NULL) + o->skip + o->undo;
    if (argc > 0 && (o->list || o->stats)) {
        return err_exit(err, EX_USAGE, "--list and --stats take no JOB");
    }
    if (argc == 0 && words > 0) {
        return err_exit(err, EX_USAGE, "which JOB? `taskfit review --list` shows what waits");
    }
    if (argc > 0 && words != 1) {
        return err_exit(err, EX_USAGE, "one of --accept HOP, --answer JSON, --skip and --undo");
    }
    if (argc == 0 && !o->list && !o->stats && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
        return err_exit(err, EX_USAGE, "standard input and output are no terminal: --list, "
                        "--stats, or JOB with --accept HOP, --answer JSON, --skip or --undo");
    }
    return true;
}

static bool review_run(struct review *review, int argc, char **argv, struct err *err) {
    const struct review_options *o = review->options;
    struct pg_session *session = review->reviewer.session;
    if (o->list || o->stats) {
        return read_filter(review, err) &&
               (o->list ? review_list(session, &review->filter, o, err)
                        : review_stats(session, &review->filter, o, review->arena, err));
    }
    if (!reviewer_name(o->by, &review->reviewer.person, err)) {
        return false;
    }
    if (argc > 0) {
        return one_job(review, argv[0], err);
    }
    return read_filter(review, err) && review_screen_run(&review->reviewer, &review->filter, err);
}

static int run(const void *given, int argc, char **argv) {
    struct review_options options = *(const struct review_options *)given;
    struct review review = {.options = &options};
    struct arena_pool pool;
    struct arena arena;
    struct config *config;
    struct err err;
    options.most = options.most ? options.most : LIST_MOST;
    if (!check_use(&options, argc, &err)) {
        return cli_fail(&err);
    }
    int status = cli_config(&config);
    if (status != EX_OK || (status = cli_database(&review.reviewer.session)) != EX_OK) {
        return status;
    }
    review.reviewer.config = config;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    review.arena = &arena;
    bool ok = review_run(&review, argc, argv, &err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    pg_session_close(review.reviewer.session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct review_options, member)
static const struct option_row rows[] = {
    {"list", 'l', OPTION_FLAG, AT(list), NULL, NULL, "what waits, oldest first"},
    {"stats", '\0', OPTION_FLAG, AT(stats), NULL, NULL,
     "how the queue stands, and how far second opinions agree"},
    {"path", 'p', OPTION_TEXT, AT(path), "PATH", NULL, "only jobs of this path"},
    {"batch", 'b', OPTION_TEXT, AT(batch), "BATCH", NULL,
     "only jobs of this batch; JOB is a custom id of it"},
    {"reason", 'r', OPTION_TEXT, AT(reason), "CODE", NULL,
     "only for this reason: of the decision, such as rule.tax_type or 'rule' for all of them, or "
     "of the queue: outcome, audit, second, four_eyes, dispute, asked"},
    {"most", 'n', OPTION_COUNT, AT(most), "N", NULL, "list at most so many (default: 50)"},
    {"accept", 'a', OPTION_TEXT, AT(accept), "HOP", NULL,
     "the answer of this hop, or of this tier, is right"},
    {"answer", '\0', OPTION_TEXT, AT(answer), "JSON", NULL,
     "this is right: JSON of the path's form, or the label alone"},
    {"skip", '\0', OPTION_FLAG, AT(skip), NULL, NULL, "leave it to somebody else"},
    {"undo", '\0', OPTION_FLAG, AT(undo), NULL, NULL, "take back what you said last on it"},
    {"note", '\0', OPTION_TEXT, AT(note), "TEXT", NULL, "why, kept with the word"},
    {"by", '\0', OPTION_TEXT, AT(by), "NAME", NULL,
     "who says so (default: $TASKFIT_REVIEWER, then $USER)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object a line"},
};

const struct command review_command = {
    .name = "review",
    .arguments = "[JOB]",
    .summary = "people as the last tier: what waits, and what is right",
    .help = "Without JOB, on a terminal, the queue is worked off key by key: the input, all\n"
            "answers side by side, why the job is here; keys to accept, correct, skip, undo.\n\n"
            "JOB is a job's id, BATCH/CUSTOM_ID, or a custom id of the newest batch. A word is a\n"
            "label, and makes the outcome: accepted, at the tier `review`. What the fleet had\n"
            "decided stays as it was; the new outcome is a revision of it, in the view `outcomes`\n"
            "and on the topic of decisions. A job that does not wait is looked at again.\n\n"
            "  taskfit review --path invoices --by anna\n"
            "  taskfit review --list --reason rule\n"
            "  taskfit review INV-004217 --accept mid --by anna\n"
            "  taskfit review INV-004218 --answer IGST --by anna --note 'states differ'\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct review_options),
    .arguments_least = 0,
    .arguments_most = 1,
    .run = run,
};

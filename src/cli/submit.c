// taskfit submit: the lines of a file become the jobs of a batch.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"
#include "base/figure.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/sender.h"
#include "cli/submission.h"
#include "fleet/process.h"
#include "io/kafka_admin.h"
#include "io/pg_session.h"

enum {
    BROKER_WAIT_MS = 10000,
    SLOW_BYTES = 100 << 20,  // their digest takes about a second
};

enum choice_format { CHOICE_AUTO, CHOICE_NDJSON, CHOICE_CSV, CHOICE_OPENAI };

static const char *const format_names[] = {
    [SOURCE_NDJSON] = "ndjson", [SOURCE_CSV] = "csv", [SOURCE_OPENAI] = "openai"};

struct options {
    const char *path, *key, *name, *tenant, *id_field, *order_key, *attachments, *deadline,
        *bad;
    int format;  // enum choice_format
    int64_t spend_cap;
    bool strict, again, all_tiers, wait, json;
};

struct submit {
    const struct options *options;
    struct config *config;
    const struct config_path *path;
    struct pg_session *session;
    struct input input;
    struct source_options source;
    struct bad_lines bad;
    int64_t deadline_ms;
    char digest_text[SHA256_HEX];
    struct submission batch;
    struct sender_result result;
};

// --- before anything is sent

static bool choose_format(struct submit *s, struct err *err) {
    const struct options *options = s->options;
    struct input *input = &s->input;
    s->source = (struct source_options){
        .id_field = options->id_field,
        .order_field = options->order_key,
        .input_bytes = (size_t)s->config->limits.input_bytes,
        .input_depth = s->config->limits.input_depth,
    };
    bool ok = source_sniff(input->head, err);
    if (ok && options->format != CHOICE_AUTO) {
        s->source.format = (enum source_format)(options->format - CHOICE_NDJSON);
    } else if (ok) {
        ok = source_guess(input->head, input->file, &s->source.format, err);
    }
    if (!ok) {
        struct err what = *err;
        err_exit(err, what.exit_code, "%s %s", input->name, what.text);
    }
    return ok;
}

static bool read_options(struct submit *s, const char *file, struct err *err) {
    const char *deadline = s->options->deadline;
    if (deadline && (!duration_parse(slice_of(deadline), &s->deadline_ms) || !s->deadline_ms)) {
        return err_exit(err, EX_USAGE, "--deadline %s: a time such as 30m, 24h or 7d is wanted",
                        deadline);
    }
    if (s->options->wait && s->options->json) {
        return err_exit(err, EX_USAGE, "--wait shows a batch to people, --json is for programs: "
                                       "one of them");
    }
    if (file == NULL && isatty(STDIN_FILENO)) {
        return err_exit(err, EX_USAGE, "no FILE, and nothing is piped; `-` reads the terminal");
    }
    return true;
}

// What makes other jobs of the same content is part of the key.
static void key_begin(const struct submit *s, struct sha256 *sha) {
    const char *const parts[] = {s->path->policy.name, format_names[s->source.format],
                                 s->source.id_field ? s->source.id_field : "",
                                 s->source.order_field ? s->source.order_field : "",
                                 s->options->all_tiers ? "all tiers" : NULL,
                                 s->options->attachments};
    size_t count = sizeof(parts) / sizeof(parts[0]);
    sha256_init(sha);
    for (size_t i = 0; i < count; i++) {
        if (parts[i]) {
            sha256_update(sha, (struct slice){parts[i], strlen(parts[i]) + 1});
        }
    }
}

// A pipe that names its key and is not checked first is read only once.
static bool make_key(struct submit *s, struct err *err) {
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    s->batch.key = s->options->key ? s->options->key : s->digest_text;
    if (s->options->key && !s->options->strict) {
        return true;
    }
    if (isatty(STDERR_FILENO) && s->input.size > SLOW_BYTES) {
        fprintf(stderr, "reading %s …", s->input.name);  // the bar takes its place
    }
    key_begin(s, &sha);
    if (!input_digest(&s->input, &sha, err)) {
        return false;
    }
    sha256_final(&sha, digest);
    sha256_to_hex(digest, s->digest_text);
    return true;
}

static struct sender *new_sender(struct submit *s) {
    const struct sender_options options = {
        .config = s->config,
        .path = s->path,
        .tenant = slice_of(s->options->tenant),
        .all_tiers = s->options->all_tiers,
        .deadline_ms = s->deadline_ms,
        .source = &s->source,
        .attached = {s->config, s->options->attachments, s->input.file,
                     s->source.format == SOURCE_CSV},
        .live = isatty(STDERR_FILENO) != 0,
    };
    return sender_new(&options, &s->input, &s->bad);
}

static bool check_all(struct submit *s, struct err *err) {
    struct sender *sender = new_sender(s);
    bool ok = sender_check(sender, err);
    sender_free(sender);
    if (ok && s->bad.count > 0) {
        return err_exit(err, EX_DATAERR, "%s: %" PRIu64 " bad line%s; nothing was submitted",
                        s->input.name, s->bad.count, s->bad.count == 1 ? "" : "s");
    }
    return ok && input_rewind(&s->input, err);
}

static bool check_topic(const struct submit *s, struct err *err) {
    const struct kafka_options options = process_kafka(s->config);
    const char *tier = path_first_tier(&s->path->policy, s->options->all_tiers);
    char name[TOPIC_TEXT];
    struct kafka_admin *admin;
    config_jobs_topic(s->config, &s->path->policy, tier, name);
    struct kafka_topic topic = {.name = name};
    if (!kafka_admin_open(&admin, &options, BROKER_WAIT_MS, err)) {
        return false;
    }
    bool ok = kafka_admin_look(admin, &topic, 1, err);
    kafka_admin_close(admin);
    if (ok && topic.partitions == 0) {
        return err_exit(err, EX_UNAVAILABLE,
                        "the topic %s of tier '%s' does not exist: `taskfit init` makes it", name,
                        tier);
    }
    return ok;
}

static const char *batch_name(const struct submit *s) {
    if (s->options->name) {
        return s->options->name;
    }
    const char *slash = s->input.file ? strrchr(s->input.file, '/') : NULL;
    return slash ? slash + 1 : s->input.file ? s->input.file : "standard input";
}

// --- the report

static double rate(const struct sender_result *result) {
    return 1000.0 * (double)result->jobs / (double)(result->took_ms + (result->took_ms == 0));
}

// Submitted before, and not to be sent again.
static bool is_known(const struct submit *s) {
    return s->batch.submitted && !s->options->again;
}

static void report_json(struct submit *s, bool complete, const struct err *err) {
    bool known = is_known(s);
    struct buf text = {0};
    if (s->batch.id_text[0]) {
        buf_printf(&text, "\"batch_id\":\"%s\",", s->batch.id_text);
    }
    buf_text(&text, "\"name\":");
    buf_json_string(&text, slice_of(batch_name(s)));
    buf_text(&text, ",\"path\":");
    buf_json_string(&text, slice_of(s->path->policy.name));
    buf_printf(&text,
               ",\"format\":\"%s\",\"jobs\":%" PRId64 ",\"bad_lines\":%" PRId64
               ",\"already_submitted\":%s,\"complete\":%s,\"seconds\":%.3f,"
               "\"jobs_per_second\":%.1f",
               format_names[s->source.format], known ? s->batch.total : (int64_t)s->result.jobs,
               known ? s->batch.bad_lines : (int64_t)s->bad.count,
               s->batch.submitted ? "true" : "false", complete ? "true" : "false",
               (double)s->result.took_ms / 1000, rate(&s->result));
    if (s->options->attachments) {
        buf_printf(&text, ",\"attachments\":%" PRIu64, s->result.attachments);
    }
    if (err) {
        buf_text(&text, ",\"error\":");
        buf_json_string(&text, slice_of(err->text));
    }
    printf("%s}\n", buf_string(&text));
    buf_fini(&text);
}

static void report_text(const struct submit *s) {
    const struct sender_result *result = &s->result;
    struct buf text = {0};
    buf_printf(&text, "batch    %s\njobs     ", s->batch.id_text);
    figure_count(&text, (int64_t)result->jobs);
    buf_printf(&text, " to path %s, first tier %s\n", s->path->policy.name,
               path_first_tier(&s->path->policy, s->options->all_tiers));
    if (s->options->attachments) {
        buf_text(&text, "attached ");
        figure_count(&text, (int64_t)result->attachments);
        buf_text(&text, " images and documents\n");
    }
    if (s->bad.count > 0) {
        buf_text(&text, "bad      ");
        figure_count(&text, (int64_t)s->bad.count);
        buf_printf(&text, " line%s, not submitted\n", s->bad.count == 1 ? "" : "s");
    }
    buf_text(&text, "took     ");
    figure_span(&text, result->took_ms);
    buf_text(&text, ", ");
    figure_rate(&text, rate(result));
    buf_printf(&text, "\nnext     taskfit watch %s\n", s->batch.id_text);
    fputs(buf_string(&text), stdout);
    buf_fini(&text);
}

static void report_known(const struct submit *s) {
    printf("already submitted: batch %s, %" PRId64 " jobs; nothing was sent (--again does)\n"
           "next     taskfit watch %s\n", s->batch.id_text, s->batch.total, s->batch.id_text);
}

// --- the command

static bool stopped(const struct submit *s, struct err *err) {
    return err_exit(err, EX_TEMPFAIL,
                    "stopped: %" PRIu64 " jobs of batch %s are sent%s; the same command again goes "
                    "on with it", s->result.jobs, s->batch.id_text,
                    s->result.unconfirmed ? ", others perhaps" : "");
}

static bool send_all(struct submit *s, struct sender *sender, struct err *err) {
    bool found;
    if (!sender_first(sender, &found, err)) {
        return false;
    }
    if (!found) {
        return err_exit(err, EX_DATAERR, "%s: %s; nothing was submitted", s->input.name,
                        s->bad.count ? "not one line is a job" : "there is no job in it");
    }
    if (!submission_begin(&s->batch, s->session, err) ||
        !sender_run(sender, s->batch.id, &s->result, err)) {
        return false;
    }
    s->batch.total = (int64_t)s->result.jobs;
    s->batch.bad_lines = (int64_t)s->bad.count;
    if (s->result.stopped) {
        return stopped(s, err);
    }
    return input_unchanged(&s->input, err) &&
           submission_finish(&s->batch, &s->session, s->config->database_url, err);
}

static bool find_batch(struct submit *s, struct err *err) {
    bool found;
    s->batch.tenant = s->options->tenant ? s->options->tenant : "";
    s->batch.name = batch_name(s);
    s->batch.path = s->path->policy.name;
    s->batch.format = format_names[s->source.format];
    s->batch.spend_cap_pico_usd = s->options->spend_cap;
    if (!submission_find(&s->batch, s->session, &found, err)) {
        return false;
    }
    if (found && !s->batch.submitted) {
        fprintf(stderr, "taskfit: going on with batch %s, which was not submitted to its end\n",
                s->batch.id_text);
    }
    return true;
}

static bool submit(struct submit *s, struct err *err) {
    if (!choose_format(s, err) || !make_key(s, err) || !find_batch(s, err)) {
        return false;
    }
    if (is_known(s)) {
        return true;
    }
    if (!check_topic(s, err) || (s->options->strict && !check_all(s, err))) {
        return false;
    }
    struct sender *sender = new_sender(s);
    bool ok = send_all(s, sender, err);
    sender_free(sender);
    return ok;
}

static int report(struct submit *s, bool ok, struct err *err) {
    struct err file_err;
    bool listed = bad_lines_close(&s->bad, &file_err);
    if (ok && !listed) {
        ok = false;
        *err = file_err;
    }
    if (s->options->json) {
        report_json(s, ok, ok ? NULL : err);
    } else if (ok && is_known(s)) {
        report_known(s);
    } else if (ok) {
        report_text(s);
    }
    return ok ? EX_OK : cli_fail(err);
}

static int watch(struct submit *s) {
    char *arguments[] = {s->batch.id_text, NULL};
    void *options = mem_zalloc(watch_command.options_size);
    int status = watch_command.run(options, 1, arguments);
    mem_free(options);
    return status;
}

static int run(const void *given, int argc, char **argv) {
    struct submit s = {.options = given};
    const char *file = argc > 0 ? argv[0] : NULL;
    struct err err;
    int status = cli_config(&s.config);
    if (status != EX_OK) {
        return status;
    }
    if (!read_options(&s, file, &err) || !cli_path(s.config, s.options->path, &s.path, &err) ||
        !input_open(&s.input, file, &err)) {
        return cli_fail(&err);
    }
    s.bad = (struct bad_lines){.input = s.input.name, .json = s.options->json};
    status = cli_database(&s.session);
    if (status == EX_OK) {
        bool ok = bad_lines_open(&s.bad, s.options->bad, &err) && submit(&s, &err);
        status = report(&s, ok, &err);
    }
    if (s.session) {
        pg_session_close(s.session);
    }
    input_close(&s.input);
    return status == EX_OK && s.options->wait ? watch(&s) : status;
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"path", 'p', OPTION_TEXT, AT(path), "NAME", NULL,
     "the jobs' path; may be left out when the configuration has one"},
    {"format", 'f', OPTION_CHOICE, AT(format), "FORMAT", "auto ndjson csv openai",
     "of FILE; auto: by its name and first bytes"},
    {"id-field", '\0', OPTION_TEXT, AT(id_field), "NAME", NULL,
     "column or member that is the custom id (else custom_id or id, else the line's number)"},
    {"order-key", '\0', OPTION_TEXT, AT(order_key), "NAME", NULL,
     "column or member by which jobs are called one after the other"},
    {"attachments", '\0', OPTION_TEXT, AT(attachments), "NAME", NULL,
     "column or member that names a job's images and documents: files beside FILE or below its "
     "folder, or addresses; one, or a list, as texts or {path or uri, media_type, name}"},
    {"key", '\0', OPTION_TEXT, AT(key), "KEY", NULL,
     "names the batch: the same key is the same batch (else a digest of path and content)"},
    {"name", '\0', OPTION_TEXT, AT(name), "NAME", NULL, "of the batch, for people (else FILE's)"},
    {"tenant", '\0', OPTION_TEXT, AT(tenant), "NAME", NULL, "whose batch it is"},
    {"spend-cap", '\0', OPTION_MONEY, AT(spend_cap), "USD", NULL, "most that the batch may cost"},
    {"deadline", '\0', OPTION_TEXT, AT(deadline), "TIME", NULL,
     "for each job, from now: 30m, 24h, 7d (else the path's)"},
    {"strict", '\0', OPTION_FLAG, AT(strict), NULL, NULL,
     "submit nothing when any line is bad (read twice)"},
    {"bad", '\0', OPTION_TEXT, AT(bad), "FILE", NULL,
     "write every bad line's number and reason there, an object a line"},
    {"again", '\0', OPTION_FLAG, AT(again), NULL, NULL,
     "send a submitted batch once more: what is done is not done again"},
    {"all-tiers", '\0', OPTION_FLAG, AT(all_tiers), NULL, NULL,
     "a sample to label: every tier answers each job, then it goes to people (taskfit review); "
     "what taskfit tune wants"},
    {"wait", 'w', OPTION_FLAG, AT(wait), NULL, NULL, "then `taskfit watch` it to its end"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command submit_command = {
    .name = "submit",
    .arguments = "[FILE]",
    .summary = "send the lines of a file as jobs",
    .help = "FILE holds a JSON object a line (ndjson), rows under a header (csv: each row becomes\n"
            "an object of strings) or requests of OpenAI's Batch API (openai: the body is the\n"
            "input). Without FILE, or with -, standard input is read. Bad lines are reported by\n"
            "number and reason, and the rest is sent.\n"
            "\n"
            "The same file twice is once the work. A submit that was stopped goes on when the\n"
            "same command is given again.\n"
            "\n"
            "  taskfit submit invoices.csv --path invoices --id-field invoice_no\n"
            "  zcat night.ndjson.gz | taskfit submit --path invoices --key night-2026-11-24\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 1,
    .run = run,
};

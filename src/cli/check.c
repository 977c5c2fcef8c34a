// taskfit check: the configuration, and whether what it names can be reached.
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/figure.h"
#include "cli/cli.h"
#include "cli/rule_check.h"
#include "fleet/topics.h"
#include "fleet/process.h"
#include "fleet/verdicts.h"
#include "io/http.h"
#include "io/pg_session.h"
#include "quality/certificate.h"

enum { KAFKA_MS = 5000, MODEL_MS = 3000 };

struct options {
    bool offline, reference, json;
};

struct check {
    const struct options *options;
    const struct config *config;
    struct buf json;
    size_t lines;
    int status;  // of the first that failed
};

// One line: err NULL, all is well.
static void say(struct check *check, const char *what, const char *detail, const struct err *err) {
    if (err && check->status == EX_OK) {
        check->status = err->exit_code;
    }
    const char *text = err ? err_after(err->text, what) : detail;
    if (!check->options->json) {
        printf("%-7s %-14s %s\n", err ? "failed" : "ok", what, text);
        fflush(stdout);  // the next may take seconds
        return;
    }
    buf_text(&check->json, check->lines++ ? ",{\"what\":" : "{\"what\":");
    buf_json_string(&check->json, slice_of(what));
    buf_printf(&check->json, ",\"ok\":%s,\"text\":", err ? "false" : "true");
    buf_json_string(&check->json, slice_of(text));
    buf_char(&check->json, '}');
}

// --- broker

static void check_topic(struct check *check, const struct kafka_topic *topic) {
    char detail[TOPIC_TEXT + 80];
    struct err err;
    if (topic->partitions == 0) {
        err_exit(&err, EX_CONFIG, "%s: there is none; run `taskfit init`", topic->name);
        say(check, "topic", NULL, &err);
        return;
    }
    snprintf(detail, sizeof(detail), "%s: %d partition%s%s", topic->name, topic->partitions,
             topic->partitions == 1 ? "" : "s",
             topic->partitions < (int32_t)check->config->kafka.partitions
                 ? ", fewer than kafka.partitions" : "");
    say(check, "topic", detail, NULL);
}

static void check_topics(struct check *check, struct kafka_admin *admin, struct arena *arena) {
    struct err err;
    size_t count;
    struct kafka_topic *topics = topics_of(check->config, arena, &count);
    if (!kafka_admin_look(admin, topics, count, &err)) {
        say(check, "kafka", NULL, &err);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        check_topic(check, &topics[i]);
    }
}

static void check_kafka(struct check *check) {
    struct kafka_options options = process_kafka(check->config);
    struct kafka_admin *admin;
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    if (!kafka_admin_open(&admin, &options, KAFKA_MS, &err)) {
        say(check, "kafka", NULL, &err);
        return;
    }
    say(check, "kafka", options.brokers, NULL);
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    check_topics(check, admin, &arena);
    kafka_admin_close(admin);
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

// --- database

static void check_promise(struct check *check, const struct verdict_watch *watch) {
    const struct audit *audit = &watch->audit;
    struct buf detail = {0};
    struct err err;
    buf_printf(&detail, "%s: the promise %s: ", watch->path->name,
               audit_state(audit) == AUDIT_HOLDS    ? "holds"
               : audit_state(audit) == AUDIT_WATCH ? "is to be watched"
                                                    : "is broken");
    figure_count(&detail, (int64_t)audit->wrong);
    buf_text(&detail, " of ");
    figure_count(&detail, (int64_t)audit->seen);
    buf_printf(&detail, " audited answers wrong; evidence against it %.3g, at %.3g it is broken",
               audit_evidence(audit), 1 / audit->delta);
    bool broken = audit_state(audit) == AUDIT_BROKEN;
    if (broken) {
        err_exit(&err, EX_UNAVAILABLE, "%s", buf_string(&detail));
    }
    say(check, "audit", buf_string(&detail), broken ? &err : NULL);
    buf_fini(&detail);
}

static void check_audits(struct check *check, struct pg_session *session) {
    struct verdicts verdicts;
    struct err err;
    bool ok = true, more = true;
    verdicts_init(&verdicts, check->config);
    while (verdicts.count > 0 && ok && more) {
        struct pg_params params = {0};
        const struct pg_result *result;
        verdicts_ask(&verdicts, &params);
        ok = pg_session_run(session, PG_audit_verdicts, &params, &result, &err);
        more = ok && verdicts_take(&verdicts, result);
        pg_params_fini(&params);
    }
    for (uint32_t i = 0; i < verdicts.count && ok; i++) {
        check_promise(check, &verdicts.watches[i]);
    }
    if (!ok) {
        say(check, "audit", NULL, &err);
    }
    verdicts_fini(&verdicts);
}

static void check_database(struct check *check) {
    struct pg_session *session;
    struct err err;
    if (!pg_session_open(&session, check->config->database_url, "taskfit", &err)) {
        say(check, "database", NULL, &err);
        return;
    }
    say(check, "database", "connected", NULL);
    bool ok = pg_session_check_schema(session, &err);
    say(check, "schema", "of this program's version", ok ? NULL : &err);
    if (ok) {
        check_audits(check, session);
    }
    pg_session_close(session);
}

// --- models

// scheme://host:port of a URL, without what may be a secret.
static void write_origin(const char *url, struct buf *out) {
    const char *slashes = strstr(url, "://");
    const char *host = slashes ? slashes + 3 : url;
    size_t len = strcspn(host, "/?#");
    const char *user = memrchr(host, '@', len);
    const char *from = user ? user + 1 : host;
    buf_bytes(out, url, (size_t)(host - url));
    buf_bytes(out, from, len - (size_t)(from - host));
}

static void check_model(struct check *check, const struct model *model) {
    struct err err;
    struct buf detail = {0};
    int64_t start_ms = clock_steady_ms();
    bool ok = http_reach(model->url, MODEL_MS, &err);
    buf_printf(&detail, "%s: ", model->name);
    write_origin(model->url, &detail);
    if (ok) {
        buf_printf(&detail, " connected in %lld ms; no call was made",
                   (long long)(clock_steady_ms() - start_ms));
    } else {
        size_t used = strlen(err.text);
        snprintf(err.text + used, sizeof(err.text) - used, "; is it running there? check its url");
        err_prefix(&err, "%s", buf_string(&detail));
    }
    say(check, "model", buf_string(&detail), ok ? NULL : &err);
    buf_fini(&detail);
}

// --- certificates

static void check_certificate(struct check *check, const struct config_path *path) {
    const struct certificate *c = path->policy.certificate;
    struct buf detail = {0};
    buf_printf(&detail, "%s: %s: ", path->policy.name, c->version);
    certificate_say(c, &detail);
    for (uint32_t i = 0; i < path->policy.tier_count; i++) {
        const struct certificate_tier *tier =
            certificate_tier_find(c, path->policy.tiers[i].name);
        buf_printf(&detail, tier->used ? "; %s from %g raw on" : "; %s is left out", tier->name,
                   tier->threshold);
    }
    say(check, "certificate", buf_string(&detail), NULL);
    buf_fini(&detail);
}

// --- rules

static void on_fault(void *owner, const char *text) {
    struct err err;
    err_exit(&err, EX_CONFIG, "%s", text);
    say(owner, "rules", NULL, &err);
}

static void check_rules(struct check *check, const struct config_path *path) {
    const struct rules *rules = &path->rules;
    struct arena_pool pool;
    struct arena arena;
    struct rule_fields fields;
    char detail[400];
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    rule_fields_init(&fields, &arena);
    rule_fields_add_known(&fields, rules, &path->policy.answer);
    uint32_t faults = rule_check_examples(rules, &arena, on_fault, check);
    if (rules->example_count > 0) {
        faults += rule_check_fields(rules, &fields, on_fault, check);
    }
    if (faults == 0) {
        snprintf(detail, sizeof(detail), "path %s: %u in %s, with %u examples", path->policy.name,
                 rules->count, rules->file, rules->example_count);
        say(check, "rules", detail, NULL);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

// --- the command

static int finish(struct check *check) {
    if (check->options->json) {
        printf("{\"ok\":%s,\"checks\":[%s]}\n", check->status == EX_OK ? "true" : "false",
               buf_string(&check->json));
    } else if (check->status == EX_OK) {
        puts(check->options->offline ? "the configuration is good" : "all is well");
    }
    buf_fini(&check->json);
    return check->status;
}

static int run(const void *options, int argc, char **argv) {
    struct check check = {.options = options};
    struct config *config;
    char detail[200];
    (void)argc;
    (void)argv;
    if (check.options->reference) {
        config_reference(stdout);
        return EX_OK;
    }
    int status = cli_config(&config);
    if (status != EX_OK) {
        return status;
    }
    check.config = config;
    snprintf(detail, sizeof(detail), "%s (models: %u, tiers: %u, paths: %u)", config->file,
             config->model_count, config->tier_count, config->path_count);
    say(&check, "configuration", detail, NULL);
    for (uint32_t i = 0; i < config->path_count; i++) {
        if (config->paths[i].rules.program) {
            check_rules(&check, &config->paths[i]);
        }
        if (config->paths[i].policy.certificate) {
            check_certificate(&check, &config->paths[i]);
        }
    }
    if (!check.options->offline) {
        check_kafka(&check);
        check_database(&check);
        for (uint32_t i = 0; i < config->model_count; i++) {
            check_model(&check, &config->models[i].model);
        }
    }
    return finish(&check);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"offline", '\0', OPTION_FLAG, AT(offline), NULL, NULL, "check the file only"},
    {"reference", '\0', OPTION_FLAG, AT(reference), NULL, NULL,
     "print every key that a configuration may have, as Markdown"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command check_command = {
    .name = "check",
    .arguments = "",
    .summary = "checks the configuration and whether all that it names can be reached",
    .help = "The file first, its prompts, its rules with their examples, its certificates; then\n"
            "the brokers and their topics, the database, its schema, and what audits found of\n"
            "each promise; then a connection to each model, on which nothing is sent and so\n"
            "nothing paid for. The status is that of the first that failed.\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .run = run,
};

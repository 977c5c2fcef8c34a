// taskfit probe: how fast, how sure and how dear a model is, over some calls.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/page.h"
#include "cli/quantile.h"
#include "cli/reasons.h"
#include "cli/trial.h"
#include "job/answer.h"

enum { CALLS = 50, CALLS_MOST = 100000, AT_A_TIME = 4 };

// What an endpoint gets when no input is given: a request that every chat server understands.
static const char greeting[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

struct options {
    uint32_t calls, at_a_time;
    const char *input, *path;
    bool json;
};

struct fault {
    struct slice code, text;  // text: the first one's
    uint32_t count;
};

struct probe {
    const struct options *options;
    const struct config *config;
    const char *name;
    const struct config_path *path;
    // The tier, or the model alone, with copies of its models that try once.
    struct config_tier tier;
    struct config_model models[8];
    struct inputs inputs;
    uint32_t planned, at_a_time;
    struct arena *arena;
    // What came of it.
    int64_t *latencies_ms;
    uint32_t answered;
    struct fault faults[REASON_COUNT];
    size_t fault_count;
    int64_t input_tokens, output_tokens, cost_pico_usd, took_ms;
    uint32_t calls;
};

// --- which

static bool uses(const struct config_tier *tier, const struct config_model *model) {
    for (uint32_t i = 0; i < tier->model_count; i++) {
        if (tier->models[i].model == model) {
            return true;
        }
    }
    return false;
}

static bool leads_there(const struct probe *p, const struct config_path *path,
                        const struct config_tier *tier, const struct config_model *model) {
    for (uint32_t i = 0; i < path->policy.tier_count; i++) {
        const struct config_tier *t =
            config_tier_find(p->config, slice_of(path->policy.tiers[i].name));
        if (t && (t == tier || (model && uses(t, model)))) {
            return true;
        }
    }
    return false;
}

// The path that says what answers must look like: the one named, or the first that leads there.
static bool choose_path(struct probe *p, const struct config_tier *tier,
                        const struct config_model *model, struct err *err) {
    const char *name = p->options->path;
    p->path = name ? config_path_find(p->config, slice_of(name)) : NULL;
    for (uint32_t i = 0; !name && !p->path && i < p->config->path_count; i++) {
        if (leads_there(p, &p->config->paths[i], tier, model)) {
            p->path = &p->config->paths[i];
        }
    }
    if (p->path) {
        return true;
    }
    return name ? err_exit(err, EX_USAGE, "--path: %s has no path '%s'", p->config->file, name)
                : err_exit(err, EX_USAGE, "no path leads to '%s': name one with --path", p->name);
}

static bool choose(struct probe *p, struct err *err) {
    const struct config_tier *tier = config_tier_find(p->config, slice_of(p->name));
    const struct config_model *model =
        tier ? NULL : config_model_find(p->config, slice_of(p->name));
    if (tier) {
        p->tier = *tier;
    } else if (model) {
        p->tier = (struct config_tier){.name = p->name, .models = {{model, 1}}, .model_count = 1};
    } else {
        return err_exit(err, EX_USAGE, "%s has no tier and no model '%s'; models are written "
                        "name@version", p->config->file, p->name);
    }
    for (uint32_t i = 0; i < p->tier.model_count; i++) {
        p->models[i] = *p->tier.models[i].model;
        p->models[i].model.attempts = 1;
        p->tier.models[i].model = &p->models[i];
    }
    return choose_path(p, tier, model, err);
}

// --- counting

static void count_fault(struct probe *p, struct slice code, struct slice text) {
    size_t i = 0;
    while (i < p->fault_count && !slice_equal(p->faults[i].code, code)) {
        i++;
    }
    if (i == REASON_COUNT) {
        return;
    }
    if (i == p->fault_count) {
        p->faults[p->fault_count++] = (struct fault){.code = code, .text = text};
    }
    p->faults[i].count++;
}

static void count(struct probe *p, struct hop *hop) {
    const struct attempt *a = &hop->attempt;
    struct slice detail = {0};
    p->input_tokens += a->input_tokens;
    p->output_tokens += a->output_tokens;
    p->cost_pico_usd += a->cost_pico_usd;
    p->calls += a->calls;
    if (a->error.at) {
        count_fault(p, a->error, a->error_text);
        return;
    }
    p->latencies_ms[p->answered++] = a->latency_ms;
    enum reason reason = answer_check(&p->path->policy.answer, a->answer, &hop->arena, &detail);
    if (reason != REASON_NONE) {
        count_fault(p, slice_of(reason_code(reason)), detail);
    }
}

static void carry_out(struct probe *p, struct trial *trial) {
    p->latencies_ms = mem_array(p->planned, sizeof(*p->latencies_ms));
    for (uint32_t i = 0; i < p->planned; i++) {
        trial_add(trial, &p->tier, p->path, p->inputs.items[i % p->inputs.count]);
    }
    p->took_ms = trial_run(trial, p->at_a_time);
    LIST_FOR(node, &trial->hops) {
        count(p, LIST_ENTRY(node, struct hop, all));
    }
    quantile_sort(p->latencies_ms, p->answered);
}

// --- showing

static int64_t latency(const struct probe *p, double share) {
    return quantile_of(p->latencies_ms, p->answered, share);
}

static double calls_per_second(const struct probe *p) {
    return p->took_ms > 0 ? 1000.0 * (double)p->calls / (double)p->took_ms : 0;
}

static void print_latency(const struct probe *p, struct page *page) {
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"median ", 0.5}, {", p95 ", 0.95}, {", fastest ", 0}, {", slowest ", 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_text(&page->text, rows[i].name);
        figure_span(&page->text, latency(p, rows[i].share));
    }
    page_flush(page, "latency");
}

static void print_faults(const struct probe *p, struct page *page) {
    for (size_t i = 0; i < p->fault_count; i++) {
        const struct fault *fault = &p->faults[i];
        struct decision_reason reason = {.code = fault->code, .text = fault->text};
        struct slice name = arena_printf(page->arena, "%.*s ×%" PRIu32, SLICE_ARGS(fault->code),
                                         fault->count);
        page_pair(page, i == 0 ? "errors" : "", name, 0, reason_words(&reason, page->arena));
    }
}

static void print(const struct probe *p) {
    struct page page;
    page_init(&page, stdout, p->arena);
    page_heading(&page, "%s, path %s: %" PRIu32 " calls, %" PRIu32 " at a time", p->name,
                 p->path->policy.name, p->planned, p->at_a_time);
    for (uint32_t i = 0; i < p->tier.model_count; i++) {
        page_field(&page, i == 0 ? "model" : "",
                   arena_printf(p->arena, "%s at %s", p->models[i].model.name,
                                p->models[i].model.url));
    }
    buf_printf(&page.text, "%" PRIu32 " of %" PRIu32 ", ", p->answered, p->planned);
    figure_rate(&page.text, calls_per_second(p));
    page_flush(&page, "answered");
    if (p->answered > 0) {
        print_latency(p, &page);
    }
    figure_count(&page.text, p->input_tokens);
    buf_text(&page.text, " in, ");
    figure_count(&page.text, p->output_tokens);
    buf_text(&page.text, " out");
    page_flush(&page, "tokens");
    figure_money(&page.text, p->cost_pico_usd);
    if (p->answered > 0) {
        buf_text(&page.text, ", ");
        figure_money(&page.text, p->cost_pico_usd / p->answered);
        buf_text(&page.text, " an answer");
    }
    page_flush(&page, "cost");
    print_faults(p, &page);
    page_fini(&page);
}

static void json_latency(struct buf *out, const char *key, const struct probe *p, double share) {
    if (p->answered > 0) {
        json_count(out, key, latency(p, share));
    } else {
        json_text(out, key, (struct slice){0});
    }
}

static void print_json(const struct probe *p) {
    struct buf out = {0};
    buf_char(&out, '{');
    json_text(&out, "name", slice_of(p->name));
    json_text(&out, "path", slice_of(p->path->policy.name));
    json_count(&out, "calls", p->planned);
    json_count(&out, "answered", p->answered);
    json_latency(&out, "latency_p50_ms", p, 0.5);
    json_latency(&out, "latency_p95_ms", p, 0.95);
    json_latency(&out, "latency_least_ms", p, 0);
    json_latency(&out, "latency_most_ms", p, 1);
    json_real(&out, "calls_per_second", calls_per_second(p));
    json_count(&out, "input_tokens", p->input_tokens);
    json_count(&out, "output_tokens", p->output_tokens);
    json_usd(&out, "cost_usd", p->cost_pico_usd);
    json_key(&out, "errors");
    buf_char(&out, '{');
    for (size_t i = 0; i < p->fault_count; i++) {
        json_count(&out, arena_string(p->arena, p->faults[i].code), p->faults[i].count);
    }
    printf("%s}}\n", buf_string(&out));
    buf_fini(&out);
}

// --- the command

static bool probe(struct probe *p, struct trial *trial, struct err *err) {
    static struct slice greetings[1];
    p->planned = p->options->calls ? p->options->calls : CALLS;
    p->at_a_time = p->options->at_a_time ? p->options->at_a_time : AT_A_TIME;
    if (p->planned > CALLS_MOST) {
        return err_exit(err, EX_USAGE, "--calls: at most %d", CALLS_MOST);
    }
    if (!choose(p, err)) {
        return false;
    }
    if (p->options->input) {
        if (!inputs_read(p->options->input, p->planned, (size_t)p->config->limits.input_bytes,
                         p->arena, &p->inputs, err)) {
            return false;
        }
    } else {
        greetings[0] = slice_of(greeting);
        p->inputs = (struct inputs){greetings, 1};
    }
    carry_out(p, trial);
    if (p->options->json) {
        print_json(p);
    } else {
        print(p);
    }
    return true;
}

static int run(const void *given, int argc, char **argv) {
    struct arena_pool pool;
    struct arena arena;
    struct config *config;
    struct trial trial;
    struct err err;
    int status = cli_config(&config);
    (void)argc;
    if (status != EX_OK) {
        return status;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    trial_init(&trial, config);
    struct probe p = {.options = given, .config = config, .name = argv[0], .arena = &arena};
    if (!probe(&p, &trial, &err)) {
        status = cli_fail(&err);
    } else if (p.answered == 0) {
        status = EX_UNAVAILABLE;
    }
    trial_fini(&trial);
    mem_free(p.latencies_ms);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return status;
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"calls", 'n', OPTION_COUNT, AT(calls), "N", NULL, "so many calls (default: 50)"},
    {"concurrency", 'j', OPTION_COUNT, AT(at_a_time), "N", NULL,
     "so many at a time (default: 4)"},
    {"input", 'i', OPTION_TEXT, AT(input), "FILE", NULL,
     "inputs, in turn: a JSON document, or what submit reads (default: a greeting)"},
    {"path", 'p', OPTION_TEXT, AT(path), "PATH", NULL,
     "whose answers are asked for (default: the first that leads there)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command probe_command = {
    .name = "probe",
    .arguments = "TIER|MODEL",
    .summary = "latency, errors, tokens and cost of a model over some calls",
    .help = "Each call is tried once: what the fleet would try again is counted as an error.\n"
            "Exit status 69 when there was no answer at all.\n\n"
            "  taskfit probe mid -n 200 --concurrency 32 --input lines.ndjson\n"
            "  taskfit probe mini@2026-08\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 1,
    .run = run,
};

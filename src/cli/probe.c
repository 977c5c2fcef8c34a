// taskfit probe: how fast, how sure and how dear a model is, over some calls.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/page.h"
#include "cli/probe.h"
#include "cli/quantile.h"
#include "cli/reasons.h"
#include "job/answer.h"

enum { CALLS = 50, CALLS_MOST = 100000, AT_A_TIME = 4, REASON_TEXT = 128 };

// What an endpoint gets when no input is given: a request that every chat server understands.
static const char greeting[] = "{\"messages\":[{\"role\":\"user\",\"content\":\"Say hello.\"}]}";

struct options {
    uint32_t calls, at_a_time, seed;
    const char *input, *path, *compare;
    bool json;
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
static bool choose_path(struct probe *p, const char *name, const struct config_tier *tier,
                        const struct config_model *model, struct err *err) {
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

bool probe_choose(struct probe *p, const char *path, struct err *err) {
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
    p->latencies_ms = mem_array(p->planned, sizeof(*p->latencies_ms));
    return choose_path(p, path, tier, model, err);
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
        p->faults[p->fault_count++] = (struct probe_fault){.code = code, .text = text};
    }
    p->faults[i].count++;
}

void probe_count(struct probe *p, struct hop *hop) {
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
    p->spent_ms += a->latency_ms;
    enum reason reason = answer_check(&p->path->policy.answer, a->answer, &hop->arena, &detail);
    if (reason != REASON_NONE) {
        count_fault(p, slice_of(reason_code(reason)), detail);
    }
}

uint32_t probe_failed(const struct probe *p) {
    uint32_t failed = 0;
    for (size_t i = 0; i < p->fault_count; i++) {
        failed += p->faults[i].count;
    }
    return failed;
}

// --- showing

int64_t probe_latency(const struct probe *p, double share) {
    return quantile_of(p->latencies_ms, p->answered, share);
}

double probe_mean(const struct probe *p) {
    return p->answered > 0 ? (double)p->spent_ms / p->answered : 0;
}

double probe_tokens_per_second(const struct probe *p) {
    return p->spent_ms > 0 ? 1000.0 * (double)p->output_tokens / (double)p->spent_ms : 0;
}

static double calls_per_second(const struct probe *p, int64_t took_ms) {
    return took_ms > 0 ? 1000.0 * (double)p->calls / (double)took_ms : 0;
}

static void print_latency(const struct probe *p, struct page *page) {
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"median ", 0.5},    {", p95 ", 0.95},    {", p99 ", 0.99},
                {", half from ", 0.25}, {" to ", 0.75}, {", all from ", 0}, {" to ", 1}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        buf_text(&page->text, rows[i].name);
        figure_span(&page->text, probe_latency(p, rows[i].share));
    }
    page_flush(page, "latency");
}

static void print_faults(const struct probe *p, struct page *page) {
    for (size_t i = 0; i < p->fault_count; i++) {
        const struct probe_fault *fault = &p->faults[i];
        struct decision_reason reason = {.code = fault->code, .text = fault->text};
        struct slice name = arena_printf(page->arena, "%.*s ×%" PRIu32, SLICE_ARGS(fault->code),
                                         fault->count);
        page_pair(page, i == 0 ? "errors" : "", name, 0, reason_words(&reason, page->arena));
    }
}

static void print(const struct probe *p, uint32_t at_a_time, int64_t took_ms,
                  struct arena *arena) {
    struct page page;
    page_init(&page, stdout, arena);
    page_heading(&page, "%s, path %s: %" PRIu32 " calls, %" PRIu32 " at a time", p->name,
                 p->path->policy.name, p->planned, at_a_time);
    for (uint32_t i = 0; i < p->tier.model_count; i++) {
        page_field(&page, i == 0 ? "model" : "",
                   arena_printf(arena, "%s at %s", p->models[i].model.name,
                                p->models[i].model.url));
    }
    buf_printf(&page.text, "%" PRIu32 " of %" PRIu32 ", ", p->answered, p->planned);
    figure_rate(&page.text, calls_per_second(p, took_ms));
    page_flush(&page, "answered");
    if (p->answered > 0) {
        print_latency(p, &page);
    }
    figure_count(&page.text, p->input_tokens);
    buf_text(&page.text, " in, ");
    figure_count(&page.text, p->output_tokens);
    buf_printf(&page.text, " out, %.1f/s in a call", probe_tokens_per_second(p));
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
        json_count(out, key, probe_latency(p, share));
    } else {
        json_text(out, key, (struct slice){0});
    }
}

void probe_json(const struct probe *p, struct buf *out) {
    char code[REASON_TEXT];
    json_text(out, "name", slice_of(p->name));
    json_text(out, "path", slice_of(p->path->policy.name));
    json_count(out, "calls", p->planned);
    json_count(out, "answered", p->answered);
    json_latency(out, "latency_p50_ms", p, 0.5);
    json_latency(out, "latency_p25_ms", p, 0.25);
    json_latency(out, "latency_p75_ms", p, 0.75);
    json_latency(out, "latency_p95_ms", p, 0.95);
    json_latency(out, "latency_p99_ms", p, 0.99);
    json_latency(out, "latency_least_ms", p, 0);
    json_latency(out, "latency_most_ms", p, 1);
    json_real(out, "latency_mean_ms", p->answered > 0 ? probe_mean(p) : NAN);
    json_count(out, "input_tokens", p->input_tokens);
    json_count(out, "output_tokens", p->output_tokens);
    json_real(out, "output_tokens_per_second", probe_tokens_per_second(p));
    json_usd(out, "cost_usd", p->cost_pico_usd);
    json_key(out, "errors");
    buf_char(out, '{');
    for (size_t i = 0; i < p->fault_count; i++) {
        snprintf(code, sizeof(code), "%.*s", SLICE_ARGS(p->faults[i].code));
        json_count(out, code, p->faults[i].count);
    }
    buf_char(out, '}');
}

static void print_json(const struct probe *p, int64_t took_ms) {
    struct buf out = {0};
    buf_char(&out, '{');
    probe_json(p, &out);
    json_real(&out, "calls_per_second", calls_per_second(p, took_ms));
    printf("%s}\n", buf_string(&out));
    buf_fini(&out);
}

// --- the command

static bool read_inputs(const struct options *options, const struct probe *p,
                        struct arena *arena, struct inputs *inputs, struct err *err) {
    static struct slice greetings[1];
    if (options->input) {
        return inputs_read(options->input, p->planned, (size_t)p->config->limits.input_bytes,
                           arena, inputs, err);
    }
    greetings[0] = slice_of(greeting);
    *inputs = (struct inputs){greetings, 1};
    return true;
}

static void carry_out(struct probe *p, struct trial *trial, const struct inputs *inputs,
                      const struct options *options, uint32_t at_a_time, struct arena *arena) {
    for (uint32_t i = 0; i < p->planned; i++) {
        trial_add(trial, &p->tier, p->path, inputs->items[i % inputs->count]);
    }
    int64_t took_ms = trial_run(trial, at_a_time);
    LIST_FOR(node, &trial->hops) {
        probe_count(p, LIST_ENTRY(node, struct hop, all));
    }
    quantile_sort(p->latencies_ms, p->answered);
    if (options->json) {
        print_json(p, took_ms);
    } else {
        print(p, at_a_time, took_ms, arena);
    }
}

// sides: the second only to compare. *answered: was there an answer, of each.
static bool probe(const struct options *options, struct probe *sides, struct trial *trial,
                  struct arena *arena, bool *answered, struct err *err) {
    uint32_t at_a_time = options->at_a_time ? options->at_a_time : AT_A_TIME;
    struct inputs inputs;
    if (sides[0].planned > CALLS_MOST) {
        return err_exit(err, EX_USAGE, "--calls: at most %d", CALLS_MOST);
    }
    if (!probe_choose(&sides[0], options->path, err) ||
        (options->compare && !probe_choose(&sides[1], options->path, err)) ||
        !read_inputs(options, &sides[0], arena, &inputs, err)) {
        return false;
    }
    if (options->compare) {
        uint64_t seed = options->seed ? options->seed
                                      : 1 + random_below(&trial->process.random, UINT32_MAX - 1);
        *answered = probe_compare(&sides[0], &sides[1], trial, &inputs, at_a_time, seed,
                                  options->json, arena);
        return true;
    }
    carry_out(&sides[0], trial, &inputs, options, at_a_time, arena);
    *answered = sides[0].answered > 0;
    return true;
}

static int run(const void *given, int argc, char **argv) {
    const struct options *options = given;
    struct arena_pool pool;
    struct arena arena;
    struct config *config;
    struct trial trial;
    struct err err;
    bool answered = false;
    int status = cli_config(&config);
    (void)argc;
    if (status != EX_OK) {
        return status;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    trial_init(&trial, config);
    struct probe *sides = mem_zalloc(2 * sizeof(*sides));
    for (int i = 0; i < 2; i++) {
        sides[i].config = config;
        sides[i].name = i == 0 ? argv[0] : options->compare;
        sides[i].planned = options->calls ? options->calls : CALLS;
    }
    if (!probe(options, sides, &trial, &arena, &answered, &err)) {
        status = cli_fail(&err);
    } else if (!answered) {
        status = EX_UNAVAILABLE;
    }
    trial_fini(&trial);
    mem_free(sides[0].latencies_ms);
    mem_free(sides[1].latencies_ms);
    mem_free(sides);
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
    {"compare", '\0', OPTION_TEXT, AT(compare), "TIER|MODEL", NULL,
     "call this one as often, in an order of chance, and say how the two differ"},
    {"seed", '\0', OPTION_COUNT, AT(seed), "N", NULL, "of that order (default: any)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command probe_command = {
    .name = "probe",
    .arguments = "TIER|MODEL",
    .summary = "latency, errors, tokens and cost of a model over some calls",
    .help = "Each call is tried once: what the fleet would try again is counted as an error.\n"
            "Exit status 69 when there was no answer at all. Differences are those of the second\n"
            "to the first, with 95 % intervals: of latency by the bootstrap, of failures by\n"
            "Newcombe's formula.\n\n"
            "  taskfit probe mid -n 200 --concurrency 32 --input lines.ndjson\n"
            "  taskfit probe mini@2026-08\n"
            "  taskfit probe mini@2026-08 --compare haiku@5 -n 100\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 1,
    .run = run,
};

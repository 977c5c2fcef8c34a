// taskfit probe --compare: which of two is faster, and by how much.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/page.h"
#include "cli/probe.h"
#include "cli/quantile.h"
#include "cli/table.h"
#include "quality/difference.h"

struct comparison {
    const struct probe *a, *b;
    uint32_t at_a_time;
    uint64_t seed;
    bool timed;  // both answered something
    struct difference median, mean, errors;
};

// --- calls

// Both get the same inputs; whose turn it is, is drawn: what changes on the way meets both alike.
static void call_both(struct probe *a, struct probe *b, struct trial *trial,
                      const struct inputs *inputs, uint32_t at_a_time, struct random *random) {
    uint32_t count = a->planned + b->planned, turn[2] = {0, 0};
    bool *is_b = mem_array(count, sizeof(*is_b));
    for (uint32_t i = 0; i < count; i++) {
        is_b[i] = i >= a->planned;
    }
    for (uint32_t i = count - 1; i > 0; i--) {  // Fisher and Yates
        uint32_t j = (uint32_t)random_below(random, i + 1);
        bool kept = is_b[i];
        is_b[i] = is_b[j];
        is_b[j] = kept;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct probe *p = is_b[i] ? b : a;
        trial_add(trial, &p->tier, p->path, inputs->items[turn[is_b[i]]++ % inputs->count]);
    }
    trial_run(trial, at_a_time);
    uint32_t at = 0;
    LIST_FOR(node, &trial->hops) {
        probe_count(is_b[at++] ? b : a, LIST_ENTRY(node, struct hop, all));
    }
    mem_free(is_b);
}

// --- saying it

static void print_sides(const struct comparison *c) {
    static const struct table_column columns[] = {
        {"", false, 8},      {"ANSWERED", true, 0}, {"FAILED", true, 0},
        {"MEDIAN", true, 0}, {"MEAN", true, 0},     {"P95", true, 0},
        {"P99", true, 0},    {"TOKENS/S", true, 0}, {"COST", true, 0},
    };
    static const double shares[] = {0.5, -1, 0.95, 0.99};  // -1: the mean
    const struct probe *sides[] = {c->a, c->b};
    struct table table;
    struct buf cell = {0};
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout, table_screen(stdout));
    for (int i = 0; i < 2; i++) {
        const struct probe *p = sides[i];
        const int64_t counts[] = {p->answered, probe_failed(p)};
        table_add(&table, slice_of(p->name));
        for (int n = 0; n < 2; n++) {
            buf_clear(&cell);
            figure_count(&cell, counts[n]);
            table_add(&table, buf_slice(&cell));
        }
        for (int s = 0; s < 4; s++) {
            buf_clear(&cell);
            figure_span(&cell, p->answered == 0 ? -1
                               : shares[s] < 0  ? (int64_t)lround(probe_mean(p))
                                                : probe_latency(p, shares[s]));
            table_add(&table, buf_slice(&cell));
        }
        buf_clear(&cell);
        buf_printf(&cell, "%.1f", probe_tokens_per_second(p));
        table_add(&table, buf_slice(&cell));
        buf_clear(&cell);
        figure_money(&cell, p->cost_pico_usd);
        table_add(&table, buf_slice(&cell));
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&cell);
}

static void add_difference(struct buf *out, const struct difference *d, double scale,
                           const char *unit) {
    buf_printf(out, "%+.*f%s, from %+.*f to %+.*f with 95 %% certainty", scale == 1 ? 0 : 1,
               d->value * scale, unit, scale == 1 ? 0 : 1, d->low * scale, scale == 1 ? 0 : 1,
               d->high * scale);
}

// Where the interval has 0 in it, nothing is told.
static const char *told(const struct comparison *c) {
    return !c->timed || (c->median.low <= 0 && c->median.high >= 0) ? NULL
           : c->median.value < 0                                    ? c->b->name
                                                                    : c->a->name;
}

static void print(const struct comparison *c, struct arena *arena) {
    struct page page;
    page_init(&page, stdout, arena);
    page_heading(&page,
                 "A: %s, B: %s: %" PRIu32 " calls each in an order of chance (seed %" PRIu64
                 "), %" PRIu32 " at a time",
                 c->a->name, c->b->name, c->a->planned, c->seed, c->at_a_time);
    fflush(stdout);
    print_sides(c);
    if (c->timed) {
        buf_text(&page.text, "B ");
        add_difference(&page.text, &c->median, 1, " ms");
        page_flush(&page, "median");
        buf_text(&page.text, "B ");
        add_difference(&page.text, &c->mean, 1, " ms");
        page_flush(&page, "mean");
    }
    buf_text(&page.text, "B ");
    add_difference(&page.text, &c->errors, 100, " points");
    page_flush(&page, "failed");
    const char *name = told(c);
    page_field(&page, "faster", slice_of(name ? name : "neither, as far as these calls tell"));
    page_fini(&page);
}

static void json_difference(struct buf *out, const char *key, const struct difference *d) {
    json_key(out, key);
    buf_char(out, '{');
    json_real(out, "difference", d->value);
    json_real(out, "low", d->low);
    json_real(out, "high", d->high);
    buf_char(out, '}');
}

static void print_json(const struct comparison *c) {
    struct buf out = {0};
    const char *name = told(c);
    buf_text(&out, "{\"a\":{");
    probe_json(c->a, &out);
    buf_text(&out, "},\"b\":{");
    probe_json(c->b, &out);
    buf_char(&out, '}');
    json_key(&out, "seed");
    buf_printf(&out, "%" PRIu64, c->seed);
    if (c->timed) {
        json_difference(&out, "median_ms", &c->median);
        json_difference(&out, "mean_ms", &c->mean);
    }
    json_difference(&out, "failed", &c->errors);
    json_text(&out, "faster", slice_of(name));
    printf("%s}\n", buf_string(&out));
    buf_fini(&out);
}

bool probe_compare(struct probe *a, struct probe *b, struct trial *trial,
                   const struct inputs *inputs, uint32_t at_a_time, uint64_t seed, bool json,
                   struct arena *arena) {
    struct comparison c = {.a = a, .b = b, .at_a_time = at_a_time, .seed = seed};
    struct random random;
    random_seed(&random, seed);
    call_both(a, b, trial, inputs, at_a_time, &random);
    c.timed = a->answered > 0 && b->answered > 0;
    if (c.timed) {
        c.median = difference_of(DIFFERENCE_MEDIAN, a->latencies_ms, a->answered, b->latencies_ms,
                                 b->answered, &random);
        c.mean = difference_of(DIFFERENCE_MEAN, a->latencies_ms, a->answered, b->latencies_ms,
                               b->answered, &random);
    }
    c.errors = difference_of_shares(probe_failed(a), a->planned, probe_failed(b), b->planned);
    quantile_sort(a->latencies_ms, a->answered);
    quantile_sort(b->latencies_ms, b->answered);
    if (json) {
        print_json(&c);
    } else {
        print(&c, arena);
    }
    return c.timed;
}

// A comparison for people, and for programs.
#include "base/figure.h"
#include "base/json_out.h"
#include "cli/compare.h"
#include "cli/page.h"
#include "cli/quantile.h"
#include "cli/table.h"
#include "job/stored_outcome.h"

enum { TELLING_LEAST = 5 };  // items that tell, before it is said how many would do

char compare_winner(const struct comparison *c, const struct paired_result *result) {
    double p = c->once ? result->p_once : result->p_always;
    return p > c->level ? 0 : result->difference > 0 ? 'b' : result->difference < 0 ? 'a' : 0;
}

static double share(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

// --- for people

static void put_cell(struct table *table, struct buf *cell) {
    table_add(table, buf_slice(cell));
    buf_clear(cell);
}

static void print_side(struct table *table, const struct comparison *c,
                       const struct compare_side *side, const struct paired_rate *rate) {
    struct buf cell = {0};
    table_add(table, slice_of(side->name));
    if (rate) {
        buf_printf(&cell, "%.1f %%", 100 * rate->share);
    } else {
        buf_char(&cell, '-');
    }
    put_cell(table, &cell);
    if (rate) {
        buf_printf(&cell, "%.1f to %.1f %%", 100 * rate->low, 100 * rate->high);
    }
    put_cell(table, &cell);
    figure_money(&cell, side->cost_pico_usd);
    put_cell(table, &cell);
    figure_span(&cell, quantile_of(side->latency_ms, c->pairs, 0.5));
    put_cell(table, &cell);
    figure_span(&cell, quantile_of(side->latency_ms, c->pairs, 0.95));
    put_cell(table, &cell);
    buf_fini(&cell);
}

static void print_sides(const struct comparison *c, const struct paired_result *result) {
    static const struct table_column columns[] = {
        {"", false, 8}, {"RIGHT", true, 0}, {"95 % CERTAIN", false, 0}, {"COST", true, 0},
        {"LATENCY", true, 0}, {"P95", true, 0}};
    struct table table;
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    print_side(&table, c, &c->a, result->count ? &result->a : NULL);
    print_side(&table, c, &c->b, result->count ? &result->b : NULL);
    table_end(&table);
    table_fini(&table);
}

static void put_count(struct table *table, struct buf *cell, uint64_t count) {
    figure_count(cell, (int64_t)count);
    put_cell(table, cell);
}

static void put_share(struct table *table, struct buf *cell, uint64_t part, uint64_t whole) {
    buf_printf(cell, "%.1f %%", 100 * share(part, whole));
    put_cell(table, cell);
}

static void print_classes(struct page *page, const struct compare_count *count) {
    static const struct table_column columns[] = {
        {"RIGHT ANSWER", false, 12}, {"JOBS", true, 0}, {"A RIGHT", true, 0}, {"B RIGHT", true, 0}};
    struct table table;
    struct buf cell = {0};
    if (count->class_count == 0 || count->classes[0]->a_right == count->classes[0]->b_right) {
        return;
    }
    page_heading(page, "where they differ most");
    fflush(stdout);
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (size_t i = 0; i < count->class_count && i < COMPARE_CLASSES_SHOWN; i++) {
        const struct compare_class *of = count->classes[i];
        if (of->a_right == of->b_right) {
            break;
        }
        table_add(&table, stored_outcome_plain(of->label, page->arena));
        put_count(&table, &cell, of->count);
        put_share(&table, &cell, of->a_right, of->count);
        put_share(&table, &cell, of->b_right, of->count);
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&cell);
}

static struct slice said(struct slice answer, struct page *page) {
    return answer.at ? stored_outcome_plain(answer, page->arena) : slice_of("-");
}

static void print_differences(struct page *page, const struct comparison *c) {
    static const struct table_column columns[] = {
        {"A SAID", false, 12}, {"B SAID", false, 12}, {"RIGHT IS", false, 12}, {"JOBS", true, 0},
        {"OF WHAT DIFFERS", true, 0}};
    const struct compare_count *count = &c->count;
    struct table table;
    struct buf cell = {0};
    if (count->difference_count == 0) {
        return;
    }
    page_heading(page, "what they say differently");
    fflush(stdout);
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (size_t i = 0; i < count->difference_count && i < COMPARE_CLASSES_SHOWN; i++) {
        const struct compare_difference *of = count->differences[i];
        table_add(&table, said(of->a, page));
        table_add(&table, said(of->b, page));
        table_add(&table, said(of->label, page));
        put_count(&table, &cell, of->count);
        put_share(&table, &cell, of->count, c->pairs - c->same);
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&cell);
}

static void print_examples(struct page *page, const char *side,
                           const struct compare_example *list, uint32_t count) {
    if (count > 0) {
        page_heading(page, "only %s was right, for example", side);
    }
    for (uint32_t i = 0; i < count; i++) {
        struct slice name = list[i].custom_id.at ? list[i].custom_id : slice_of(list[i].job);
        buf_printf(&page->text, "A %.*s, B %.*s, right %.*s", SLICE_ARGS(list[i].a),
                   SLICE_ARGS(list[i].b), SLICE_ARGS(list[i].label));
        page_flush(page, arena_string(page->arena, name));
    }
}

static void print_winner(struct page *page, const struct comparison *c,
                         const struct paired_result *r) {
    struct buf *out = &page->text;
    char winner = compare_winner(c, r);
    const char *ahead = r->difference > 0 ? c->b.name : c->a.name;
    if (winner) {
        buf_printf(out, "%s", winner == 'a' ? c->a.name : c->b.name);
    } else {
        buf_text(out, "none");
    }
    page_flush(page, "winner");
    if (winner == 0 && r->difference != 0) {
        uint64_t needed = paired_needed(&c->paired, c->level);
        buf_printf(out, "%s is ahead", ahead);
        if (!c->once && r->p_once <= c->level) {
            buf_text(out, "; were this the only look, that would be significant");
        }
        if (needed > r->count && c->paired.only_a + c->paired.only_b >= TELLING_LEAST) {
            buf_text(out, "; if it goes on so, about ");
            figure_count(out, (int64_t)needed);
            buf_text(out, " labelled jobs will tell");
        }
        page_flush(page, "");
    }
}

static void print_labelled(struct page *page, const struct comparison *c,
                           const struct paired_result *r) {
    struct buf *out = &page->text;
    buf_printf(out, "B is right %+.1f points more often, from %+.1f to %+.1f with 95 %% certainty",
               100 * r->difference, 100 * r->low, 100 * r->high);
    page_flush(page, "difference");
    buf_printf(out, "both %llu, only A %llu, only B %llu, neither %llu",
               (unsigned long long)c->paired.both, (unsigned long long)c->paired.only_a,
               (unsigned long long)c->paired.only_b, (unsigned long long)c->paired.neither);
    page_flush(page, "right");
    buf_printf(out, "%.2g however often it is looked at, %.2g for a single look (McNemar, exact)",
               r->p_always, r->p_once);
    page_flush(page, "p");
    print_winner(page, c, r);
}

void compare_print(const struct comparison *c, struct arena *arena) {
    const struct paired_result r = paired_test(&c->paired);
    struct page page;
    page_init(&page, stdout, arena);
    page_heading(&page, "A: %s %s, B: %s %s", c->a.kind, c->a.name, c->b.kind, c->b.name);
    figure_count(&page.text, (int64_t)c->pairs);
    buf_text(&page.text, " that both answered, ");
    figure_count(&page.text, (int64_t)r.count);
    buf_text(&page.text, " of them labelled");
    buf_text(&page.text, c->by_name ? "; the same by their custom ids" : "");
    page_flush(&page, "jobs");
    if (c->field) {
        page_field(&page, "counts", slice_of(c->field));
    }
    buf_printf(&page.text, "the same answer to %.1f %%", 100 * share(c->same, c->pairs));
    page_flush(&page, "agreement");
    if (c->unsure > 0) {
        figure_count(&page.text, (int64_t)c->unsure);
        buf_text(&page.text, " of these jobs came to the second tier because the first was unsure "
                 "or wrong, so the first looks worse than it is: submit some with --all-tiers");
        page_flush(&page, "beware");
    }
    fflush(stdout);
    print_sides(c, &r);
    if (r.count > 0) {
        print_labelled(&page, c, &r);
    } else {
        page_field(&page, "winner", slice_of("none: no job of these has a label "
                                             "(`taskfit label`, `taskfit review`)"));
    }
    print_classes(&page, &c->count);
    print_differences(&page, c);
    print_examples(&page, "A", c->only_a, c->only_a_count);
    print_examples(&page, "B", c->only_b, c->only_b_count);
    page_fini(&page);
}

// --- for programs

static void add_side(struct buf *out, const char *key, const struct comparison *c,
                     const struct compare_side *side, const struct paired_rate *rate) {
    json_key(out, key);
    buf_char(out, '{');
    json_text(out, "kind", slice_of(side->kind));
    json_text(out, "name", slice_of(side->name));
    if (rate) {
        json_real(out, "accuracy", rate->share);
        json_real(out, "accuracy_low", rate->low);
        json_real(out, "accuracy_high", rate->high);
    }
    json_usd(out, "cost_usd", side->cost_pico_usd);
    json_count(out, "latency_p50_ms", quantile_of(side->latency_ms, c->pairs, 0.5));
    json_count(out, "latency_p95_ms", quantile_of(side->latency_ms, c->pairs, 0.95));
    buf_char(out, '}');
}

static void add_classes(struct buf *out, const struct compare_count *count) {
    json_key(out, "classes");
    buf_char(out, '[');
    for (size_t i = 0; i < count->class_count; i++) {
        const struct compare_class *of = count->classes[i];
        buf_text(out, i ? ",{" : "{");
        json_raw_text(out, "label", of->label);
        json_count(out, "jobs", (int64_t)of->count);
        json_count(out, "a_right", (int64_t)of->a_right);
        json_count(out, "b_right", (int64_t)of->b_right);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void add_differences(struct buf *out, const struct compare_count *count) {
    json_key(out, "differences");
    buf_char(out, '[');
    for (size_t i = 0; i < count->difference_count; i++) {
        const struct compare_difference *of = count->differences[i];
        buf_text(out, i ? ",{" : "{");
        json_raw_text(out, "label", of->label);
        json_raw_text(out, "a", of->a);
        json_raw_text(out, "b", of->b);
        json_count(out, "jobs", (int64_t)of->count);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_count(out, "other_differences", (int64_t)count->others);
}

void compare_json(const struct comparison *c) {
    const struct paired_result r = paired_test(&c->paired);
    char winner = compare_winner(c, &r);
    struct buf out = {0};
    buf_char(&out, '{');
    json_count(&out, "jobs", (int64_t)c->pairs);
    json_count(&out, "labelled", (int64_t)r.count);
    json_count(&out, "unsure", (int64_t)c->unsure);
    json_bool(&out, "by_custom_id", c->by_name);
    json_real(&out, "agreement", share(c->same, c->pairs));
    add_side(&out, "a", c, &c->a, r.count ? &r.a : NULL);
    add_side(&out, "b", c, &c->b, r.count ? &r.b : NULL);
    json_count(&out, "both_right", (int64_t)c->paired.both);
    json_count(&out, "only_a_right", (int64_t)c->paired.only_a);
    json_count(&out, "only_b_right", (int64_t)c->paired.only_b);
    json_count(&out, "neither_right", (int64_t)c->paired.neither);
    json_real(&out, "difference", r.difference);
    json_real(&out, "difference_low", r.low);
    json_real(&out, "difference_high", r.high);
    json_real(&out, "p_once", r.p_once);
    json_real(&out, "p_always", r.p_always);
    json_text(&out, "winner", winner ? slice_of(winner == 'a' ? c->a.name : c->b.name)
                                     : (struct slice){0});
    add_classes(&out, &c->count);
    add_differences(&out, &c->count);
    buf_char(&out, '}');
    puts(buf_string(&out));
    buf_fini(&out);
}

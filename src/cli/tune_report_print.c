#include <inttypes.h>
#include <math.h>

#include "base/figure.h"
#include "cli/tune_report.h"
#include "cli/page.h"
#include "cli/table.h"
#include "quality/calibrate.h"

static void put_percent(struct buf *out, double share) {
    buf_printf(out, "%.1f %%", 100 * share);
}

static void heading(struct page *page, const struct tune_report *c) {
    const struct certify_promise *promise = &c->options->promise;
    const char *refused = c->tuned->refused ? "refused: " : "";
    switch (c->options->goal) {
    case TUNE_RISK:
        page_heading(page, "%samong accepted answers at most %g %% are wrong, with %g %% certainty",
                     refused, 100 * promise->risk, 100 * (1 - promise->delta));
        break;
    case TUNE_BUDGET:
        page_heading(page, "%sthe most right answers for %g of the last tier's cost", refused,
                     c->options->budget);
        break;
    case TUNE_MATCH:
        page_heading(page, "%sthe least cost at which as many answers are right as with the last "
                     "tier alone", refused);
        break;
    }
}

static void print_accepted(struct page *page, const struct tune_report *c) {
    const struct tune_outcome *o = &c->tuned->outcome;
    double items = (double)o->items;
    put_percent(&page->text, (double)o->accepted / items);
    buf_text(&page->text, " of ");
    figure_count(&page->text, (int64_t)o->items);
    buf_printf(&page->text, " items, %" PRIu64 " of them wrong", o->wrong);
    if (o->accepted > 0) {
        buf_text(&page->text, " (");
        put_percent(&page->text, (double)o->wrong / (double)o->accepted);
        buf_text(&page->text, ")");
    }
    page_flush(page, "accepted");
}

static void print_outcome(struct page *page, const struct tune_report *c) {
    const struct tune_outcome *o = &c->tuned->outcome;
    double items = (double)o->items;
    if (c->options->goal == TUNE_RISK) {
        print_accepted(page, c);
        put_percent(&page->text, c->tuned->error_bound);
        buf_text(&page->text, " at most, where this threshold was tested");
        page_flush(page, "error");
    } else {
        put_percent(&page->text, (double)(o->last_right + o->won - o->lost) / items);
        buf_text(&page->text, " of ");
        figure_count(&page->text, (int64_t)o->items);
        buf_text(&page->text, " items; with the last tier alone ");
        put_percent(&page->text, (double)o->last_right / items);
        page_flush(page, "right");
    }
    if (c->labels->costs && o->last_cost > 0) {
        buf_printf(&page->text, "%.3f of the last tier alone", o->cost / o->last_cost);
        page_flush(page, "cost");
    }
}

static void print_labels(struct page *page, const struct tune_report *c) {
    figure_count(&page->text, (int64_t)c->labels->cascade.item_count);
    buf_text(&page->text, " items");
    if (c->tuned->fitted > 0) {
        buf_text(&page->text, ": ");
        figure_count(&page->text, (int64_t)c->tuned->fitted);
        buf_text(&page->text, " to calibrate and to choose tiers, ");
        figure_count(&page->text, (int64_t)c->tuned->tested);
        buf_text(&page->text, " to test");
    }
    if (c->labels->items > c->labels->cascade.item_count) {
        buf_text(&page->text, "; left out: ");
        figure_count(&page->text,
                     (int64_t)(c->labels->items - c->labels->cascade.item_count));
        buf_text(&page->text, " that lack an answer of some tier");
    }
    if (c->labels->others > 0) {
        buf_text(&page->text, "; ");
        figure_count(&page->text, (int64_t)c->labels->others);
        buf_text(&page->text, " answers of other models or prompts do not count");
    }
    page_flush(page, "labels");
}

static void put_threshold(struct buf *out, const struct tune_report *c, uint32_t tier) {
    const struct tune_tier *t = &c->tuned->tiers[tier];
    buf_clear(out);
    if (isnan(t->threshold)) {
        buf_text(out, "-");
    } else {
        buf_json_number(out, t->threshold);
    }
}

static void put_why(struct buf *out, const struct tune_report *c, uint32_t tier) {
    const struct tune_tier *t = &c->tuned->tiers[tier];
    buf_clear(out);
    if (t->used || c->tuned->refused || isnan(t->gain)) {
        return;
    }
    bool promise = c->options->goal == TUNE_RISK;
    buf_printf(out, "left out: would bring %+.1f %% %s", 100 * t->gain,
               promise ? "accepted" : "right");
    if (c->labels->costs) {
        buf_printf(out, " for %+.3f of the cost", t->gain_cost);
    }
}

static void print_tier(struct table *table, const struct tune_report *c, uint32_t tier) {
    const struct cascade_tier *from = &c->labels->cascade.tiers[tier];
    const struct tune_tier *t = &c->tuned->tiers[tier];
    struct buf text = {0};
    table_add(table, slice_of(from->name));
    put_threshold(&text, c, tier);
    table_add(table, buf_slice(&text));
    buf_clear(&text);
    if (t->used && c->tuned->outcome.items > 0) {
        put_percent(&text, (double)t->accepted / (double)c->tuned->outcome.items);
    }
    table_add(table, buf_slice(&text));
    table_add(table, slice_of(calibrate_kind_name(from->calibration.kind)));
    buf_clear(&text);
    if (!isnan(t->auroc.value)) {
        buf_printf(&text, "%.3f", t->auroc.value);
    }
    table_add(table, buf_slice(&text));
    put_why(&text, c, tier);
    table_add(table, buf_slice(&text));
    buf_fini(&text);
}

static void print_tiers(const struct tune_report *c) {
    static const struct table_column columns[] = {
        {"tier", false, 0},        {"threshold", true, 0}, {"accepts", true, 0},
        {"calibration", false, 0}, {"AUROC", true, 0},     {"", false, 20}};
    const struct arrangement *used = &c->tuned->arrangement;
    struct table table;
    putchar('\n');
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (uint32_t i = 0; i < used->count; i++) {
        print_tier(&table, c, used->tiers[i]);
    }
    for (uint32_t tier = 0; tier < c->labels->cascade.tier_count; tier++) {
        if (!c->tuned->tiers[tier].used) {
            print_tier(&table, c, tier);
        }
    }
    table_end(&table);
    table_fini(&table);
}

void tune_report_print(const struct tune_report *c, struct arena *arena) {
    struct page page;
    page_init(&page, stdout, arena);
    heading(&page, c);
    if (c->tuned->refused) {
        tune_report_reason(c, &page.text);
        page_flush(&page, "because");
    } else {
        print_outcome(&page, c);
    }
    print_labels(&page, c);
    page_fini(&page);
    print_tiers(c);
}

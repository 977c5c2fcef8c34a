// taskfit quality: what tiers' answers and confidences are worth, on labelled answers.
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/labels_source.h"
#include "cli/quality_detail.h"
#include "cli/table.h"
#include "quality/tune.h"

enum { SEED = 1 };

struct options {
    struct labels_source labels;
    const char *html;
    bool json;
};

// --- measuring

// The tier's answers in an order that owes nothing to the file's.
static void measure(const struct cascade_tier *answers, const uint32_t *order, size_t count,
                    struct quality_tier *tier) {
    double *raw = mem_array(count + 1, sizeof(*raw));
    double *calibrated = mem_array(count + 1, sizeof(*calibrated));
    bool *correct = mem_array(count + 1, sizeof(*correct));
    for (size_t i = 0; i < count; i++) {
        raw[i] = answers->raw[order[i]];
        correct[i] = answers->correct[order[i]];
    }
    struct calibrate_rows rows = {raw, correct, count};
    tier->name = answers->name;
    reliability_measure(rows, &tier->raw);
    reliability_calibrate(rows, calibrated);
    rows.raw = calibrated;
    reliability_measure(rows, &tier->calibrated);
    mem_free(raw);
    mem_free(calibrated);
    mem_free(correct);
}

static void measure_all(const struct labels *labels, struct quality_report *report) {
    const struct cascade *cascade = &labels->cascade;
    uint32_t *order = tune_shuffle(cascade->item_count, SEED);
    report->labels = labels;
    report->tier_count = cascade->tier_count;
    for (uint32_t i = 0; i < cascade->tier_count; i++) {
        measure(&cascade->tiers[i], order, cascade->item_count, &report->tiers[i]);
    }
    mem_free(order);
    quality_detail_measure(labels, report);
}

// --- telling

static void cell(struct table *table, struct buf *text) {
    table_add(table, buf_slice(text));
    buf_clear(text);
}

static void print_row(struct table *table, const char *name, const char *by,
                      const struct reliability *r) {
    struct buf text = {0};
    table_add(table, slice_of(name));
    table_add(table, slice_of(by));
    figure_count(&text, (int64_t)r->answers);
    cell(table, &text);
    buf_printf(&text, "%.1f %%", 100 * r->accuracy);
    cell(table, &text);
    const double figures[] = {r->confidence, r->ece, r->brier, r->auroc, r->aurc};
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        figure_probability(&text, figures[i]);
        cell(table, &text);
    }
    buf_fini(&text);
}

static void print_left_out(const struct labels *labels) {
    uint64_t left_out = labels->items - labels->cascade.item_count;
    if (left_out > 0) {
        printf("\nLeft out: %" PRIu64 " items that lack an answer of some tier.\n", left_out);
    }
    if (labels->others > 0) {
        printf("\n%" PRIu64 " answers of other models or prompts do not count.\n",
               labels->others);
    }
}

static void print(const struct quality_report *report) {
    static const struct table_column columns[] = {
        {"TIER", false, 0}, {"CONFIDENCE", false, 0}, {"ANSWERS", true, 0},
        {"RIGHT", true, 0}, {"SAYS", true, 0},        {"ECE", true, 0},
        {"BRIER", true, 0}, {"AUROC", true, 0},       {"AURC", true, 0},
    };
    struct table table;
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (uint32_t i = 0; i < report->tier_count; i++) {
        print_row(&table, report->tiers[i].name, "raw", &report->tiers[i].raw);
        print_row(&table, "", "calibrated", &report->tiers[i].calibrated);
    }
    table_end(&table);
    table_fini(&table);
    puts("\nSAYS: the mean confidence, which RIGHT should equal. ECE, BRIER, AURC: less is better; "
         "AUROC:\n1 ranks all right answers above the wrong ones, 0.5 none. Calibrated: by a map "
         "fitted on the\nother half of the labels.");
    print_left_out(report->labels);
    quality_detail_print(report);
}

static void json_measures(struct buf *out, const char *key, const struct reliability *r) {
    json_key(out, key);
    buf_char(out, '{');
    json_count(out, "answers", (int64_t)r->answers);
    json_count(out, "without_confidence", (int64_t)r->silent);
    json_real(out, "accuracy", r->accuracy);
    json_real(out, "confidence", r->confidence);
    json_real(out, "ece", r->ece);
    json_real(out, "brier", r->brier);
    json_real(out, "auroc", r->auroc);
    json_real(out, "aurc", r->aurc);
    json_key(out, "bins");
    buf_char(out, '[');
    for (size_t i = 0; i < r->bin_count; i++) {
        buf_text(out, i ? ",{" : "{");
        json_count(out, "answers", (int64_t)r->bins[i].count);
        json_real(out, "confidence", r->bins[i].confidence);
        json_real(out, "accuracy", r->bins[i].accuracy);
        buf_char(out, '}');
    }
    buf_text(out, "]}");
}

static void print_json(const struct quality_report *report) {
    struct buf out = {0};
    buf_char(&out, '{');
    json_count(&out, "items", (int64_t)report->labels->cascade.item_count);
    json_count(&out, "left_out",
               (int64_t)(report->labels->items - report->labels->cascade.item_count));
    if (report->field) {
        json_text(&out, "field", slice_of(report->field->name));
    }
    if (report->rules) {
        json_text(&out, "cost_unit", slice_of(report->costs ? "USD" : "answers"));
    }
    json_key(&out, "tiers");
    buf_char(&out, '[');
    for (uint32_t i = 0; i < report->tier_count; i++) {
        buf_text(&out, i ? ",{" : "{");
        json_text(&out, "tier", slice_of(report->tiers[i].name));
        json_measures(&out, "raw", &report->tiers[i].raw);
        json_measures(&out, "calibrated", &report->tiers[i].calibrated);
        quality_detail_json(report, &report->tiers[i], &out);
        buf_char(&out, '}');
    }
    printf("%s]}\n", buf_string(&out));
    buf_fini(&out);
}

static bool give(const struct quality_report *report, const struct options *options,
                 struct err *err) {
    if (options->json) {
        print_json(report);
    } else {
        print(report);
    }
    if (options->html == NULL) {
        return true;
    }
    struct buf page = {0};
    quality_page(report, &page);
    bool ok = file_write(options->html, buf_slice(&page), err);
    buf_fini(&page);
    return ok;
}

// --- the command

static int run(const void *given, int argc, char **argv) {
    const struct options *options = given;
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    (void)argc;
    (void)argv;
    if (!labels_source_check(&options->labels, &err)) {
        return cli_fail(&err);
    }
    struct labels *labels = mem_zalloc(sizeof(*labels));
    struct quality_report *report = mem_zalloc(sizeof(*report));
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    struct labels_source source = options->labels;
    source.facts = true;
    int status = labels_source_read(&source, &arena, labels);
    if (status == EX_OK) {
        report->source = labels_source_name(&options->labels, &arena);
        report->now_ms = clock_wall_ms();
        measure_all(labels, report);
        status = give(report, options, &err) ? EX_OK : cli_fail(&err);
        quality_detail_fini(report);
    }
    labels_fini(labels);
    mem_free(labels);
    mem_free(report);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return status;
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    LABELS_SOURCE_ROWS(struct options, labels),
    {"field", '\0', OPTION_TEXT, LABELS_SOURCE_AT(struct options, labels, field), "NAME", NULL,
     "of the path's answers, whose labels are the classes (default: the first that has labels)"},
    {"html", '\0', OPTION_TEXT, AT(html), "FILE", NULL,
     "also writes a page with plots: reliability by tier, error by coverage"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object, with the bins"},
};

const struct command quality_command = {
    .name = "quality",
    .arguments = "",
    .summary = "what the tiers' answers and confidences are worth, on labelled answers",
    .help = "Reads what tune reads. Only items with an answer of every tier count. Of a path's\n"
            "jobs it also tells which classes are taken for which others, and what rules caught\n"
            "and cost.\n\n"
            "  taskfit quality --path invoices --html quality.html\n"
            "  taskfit quality --from labels.csv --json\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .skips_certificates = true,
    .run = run,
};

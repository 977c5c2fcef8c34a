#include "cli/quality_detail.h"

#include <math.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/plot.h"
#include "cli/table.h"
#include "fleet/config.h"

enum { COLUMNS_MOST = 8, CLASSES_SHOWN = 20, CONFUSIONS_SHOWN = 10, CONFUSIONS_TOLD = 1000 };

// --- measuring

static void measure_classes(const struct labels *labels, uint32_t tier,
                            struct quality_report *report) {
    size_t count = labels->cascade.item_count;
    struct class_pair *pairs = mem_array(count + 1, sizeof(*pairs));
    for (size_t i = 0; i < count; i++) {
        const struct labels_fact *fact = &labels->facts[tier][i];
        pairs[i] = (struct class_pair){fact->right, fact->said};
    }
    classes_count(pairs, count, report->field->label_count, &report->tiers[tier].classes);
    mem_free(pairs);
}

static void measure_rules(const struct labels *labels, uint32_t tier,
                          struct quality_tier *measured) {
    const struct cascade *cascade = &labels->cascade;
    for (size_t i = 0; i < cascade->item_count; i++) {
        uint32_t broken = labels->facts[tier][i].rules;
        bool wrong = !cascade->tiers[tier].correct[i];
        double later = 0;
        for (uint32_t next = tier + 1; next < cascade->tier_count; next++) {
            later += cascade->tiers[next].cost[i];
        }
        for (uint32_t rule = 0; broken >> rule; rule++) {
            struct quality_rule *r = &measured->rules[rule];
            bool hit = broken >> rule & 1;
            r->hits += hit;
            r->wrong += hit && wrong;
            r->later_cost += hit ? later : 0;
            r->for_nothing += hit && !wrong ? later : 0;
        }
        measured->wrong += wrong;
    }
}

void quality_detail_measure(const struct labels *labels, struct quality_report *report) {
    if (labels->facts[0] == NULL) {
        return;
    }
    report->field = labels->field;
    report->rules = &labels->path->rules;
    report->costs = labels->costs;
    for (uint32_t tier = 0; tier < report->tier_count; tier++) {
        if (report->field) {
            measure_classes(labels, tier, report);
        }
        measure_rules(labels, tier, &report->tiers[tier]);
    }
}

void quality_detail_fini(struct quality_report *report) {
    for (uint32_t tier = 0; tier < report->tier_count; tier++) {
        classes_fini(&report->tiers[tier].classes);
    }
}

// --- for people

// Where the cells of a table go: on a screen, or into a page.
struct cells {
    struct table *table;
    struct buf *page;  // NULL: the table
    size_t columns, at;
    struct buf text;
};

static void put(struct cells *cells, const char *text) {
    if (cells->page == NULL) {
        table_add(cells->table, slice_of(text));
        return;
    }
    buf_text(cells->page, cells->at == 0 ? "<tr><td>" : "<td>");
    plot_text(cells->page, text);
    cells->at = (cells->at + 1) % cells->columns;
    buf_text(cells->page, cells->at == 0 ? "</td></tr>\n" : "</td>");
}

static void put_made(struct cells *cells) {
    put(cells, buf_string(&cells->text));
    buf_clear(&cells->text);
}

static void put_count(struct cells *cells, uint64_t count) {
    figure_count(&cells->text, (int64_t)count);
    put_made(cells);
}

static void put_share(struct cells *cells, double share) {
    if (isnan(share)) {
        buf_char(&cells->text, '-');
    } else {
        buf_printf(&cells->text, "%.1f %%", 100 * share);
    }
    put_made(cells);
}

// Money, or a number of answers where those have no price.
static void put_cost(struct cells *cells, const struct quality_report *report, double cost) {
    if (report->costs) {
        figure_money(&cells->text, llround(cost * 1e12));
    } else {
        figure_count(&cells->text, llround(cost));
        buf_text(&cells->text, " calls");
    }
    put_made(cells);
}

static const char *class_name(const struct quality_report *report, uint32_t at) {
    return at < report->field->label_count ? report->field->labels[at] : "(none of them)";
}

typedef void add_rows(struct cells *cells, const struct quality_report *report,
                      const struct quality_tier *tier);

static void class_rows(struct cells *cells, const struct quality_report *report,
                       const struct quality_tier *tier) {
    uint32_t *worst = classes_by_errors(&tier->classes), shown = 0;
    for (uint32_t i = 0; i <= tier->classes.class_count && shown < CLASSES_SHOWN; i++) {
        const struct class_figures *f = &tier->classes.figures[worst[i]];
        if (f->labelled + f->said == 0) {
            continue;
        }
        put(cells, shown++ == 0 ? tier->name : "");
        put(cells, class_name(report, worst[i]));
        put_count(cells, f->labelled);
        put_count(cells, f->said);
        put_count(cells, f->correct);
        put_share(cells, class_precision(f));
        put_share(cells, class_recall(f));
    }
    mem_free(worst);
}

static void confusion_rows(struct cells *cells, const struct quality_report *report,
                           const struct quality_tier *tier) {
    const struct classes *classes = &tier->classes;
    for (size_t i = 0; i < classes->confusion_count && i < CONFUSIONS_SHOWN; i++) {
        const struct confusion *confusion = &classes->confusions[i];
        put(cells, i == 0 ? tier->name : "");
        put(cells, class_name(report, confusion->right));
        put(cells, class_name(report, confusion->said));
        put_count(cells, confusion->count);
        put_share(cells, (double)confusion->count / (double)classes->wrong);
    }
}

static void rule_rows(struct cells *cells, const struct quality_report *report,
                      const struct quality_tier *tier) {
    for (uint32_t i = 0; i < report->rules->count; i++) {
        const struct quality_rule *rule = &tier->rules[i];
        put(cells, i == 0 ? tier->name : "");
        put(cells, report->rules->table[i].name);
        put(cells, rule_severity_name(report->rules->table[i].severity));
        put_count(cells, rule->hits);
        put_count(cells, rule->wrong);
        put_share(cells, (double)rule->wrong / (double)tier->wrong);
        put_cost(cells, report, rule->later_cost);
        put_cost(cells, report, rule->for_nothing);
    }
}

static const struct part {
    const char *title, *note;
    add_rows *add;
    struct table_column columns[COLUMNS_MOST];
    bool of_rules;
} parts[] = {
    {"Which classes go wrong?", NULL, class_rows,
     {{"TIER", false, 0}, {"CLASS", false, 12}, {"LABELLED", true, 0}, {"SAID", true, 0},
      {"CORRECT", true, 0}, {"PRECISION", true, 0}, {"RECALL", true, 0}}, false},
    {"What is taken for what?", NULL, confusion_rows,
     {{"TIER", false, 0}, {"RIGHT IS", false, 12}, {"SAID WAS", false, 12}, {"TIMES", true, 0},
      {"OF THE WRONG", true, 0}}, false},
    {"What did rules catch, and cost?",
     "CAUGHT of the tier's wrong answers break the rule. LATER TIERS: what their answers to the "
     "hits\ncost; FOR NOTHING: to those that were right.", rule_rows,
     {{"TIER", false, 0}, {"RULE", false, 12}, {"SEVERITY", false, 0}, {"HITS", true, 0},
      {"WRONG", true, 0}, {"CAUGHT", true, 0}, {"LATER TIERS", true, 0},
      {"FOR NOTHING", true, 0}}, true},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static bool has_part(const struct quality_report *report, const struct part *part) {
    return part->of_rules ? report->rules && report->rules->count > 0 : report->field != NULL;
}

static size_t column_count(const struct part *part) {
    size_t count = 0;
    while (count < COLUMNS_MOST && part->columns[count].title) {
        count++;
    }
    return count;
}

static void add_tiers(struct cells *cells, const struct quality_report *report,
                      const struct part *part) {
    for (uint32_t tier = 0; tier < report->tier_count; tier++) {
        part->add(cells, report, &report->tiers[tier]);
    }
    buf_fini(&cells->text);
}

void quality_detail_print(const struct quality_report *report) {
    for (size_t i = 0; i < PARTS; i++) {
        const struct part *part = &parts[i];
        struct table table;
        struct cells cells = {.table = &table};
        if (!has_part(report, part)) {
            continue;
        }
        putchar('\n');
        table_init(&table, part->columns, column_count(part), stdout, table_screen(stdout));
        add_tiers(&cells, report, part);
        table_end(&table);
        table_fini(&table);
        if (part->note) {
            printf("\n%s\n", part->note);
        }
    }
}

void quality_detail_page(const struct quality_report *report, struct buf *out) {
    for (size_t i = 0; i < PARTS; i++) {
        const struct part *part = &parts[i];
        struct cells cells = {.page = out, .columns = column_count(part)};
        if (!has_part(report, part)) {
            continue;
        }
        buf_printf(out, "<h2>%s</h2>\n<div class=\"table\"><table><tr>", part->title);
        for (size_t column = 0; column < cells.columns; column++) {
            buf_printf(out, "<th>%s</th>", part->columns[column].title);
        }
        buf_text(out, "</tr>\n");
        add_tiers(&cells, report, part);
        buf_text(out, "</table></div>\n");
        if (part->note) {
            buf_printf(out, "<p class=\"soft\">%s</p>\n", part->note);
        }
    }
}

// --- for programs

static void json_class(const struct quality_report *report, uint32_t at, const char *key,
                       struct buf *out) {
    bool known = at < report->field->label_count;
    json_text(out, key, known ? slice_of(report->field->labels[at]) : (struct slice){0});
}

static void json_classes(const struct quality_report *report, const struct classes *classes,
                         struct buf *out) {
    json_key(out, "classes");
    buf_char(out, '[');
    for (uint32_t i = 0; i <= classes->class_count; i++) {
        const struct class_figures *f = &classes->figures[i];
        buf_text(out, i ? ",{" : "{");
        json_class(report, i, "class", out);
        json_count(out, "labelled", (int64_t)f->labelled);
        json_count(out, "said", (int64_t)f->said);
        json_count(out, "correct", (int64_t)f->correct);
        json_real(out, "precision", class_precision(f));
        json_real(out, "recall", class_recall(f));
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_key(out, "confusions");
    buf_char(out, '[');
    for (size_t i = 0; i < classes->confusion_count && i < CONFUSIONS_TOLD; i++) {
        buf_text(out, i ? ",{" : "{");
        json_class(report, classes->confusions[i].right, "right", out);
        json_class(report, classes->confusions[i].said, "said", out);
        json_count(out, "count", (int64_t)classes->confusions[i].count);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void quality_detail_json(const struct quality_report *report, const struct quality_tier *tier,
                         struct buf *out) {
    if (report->field) {
        json_classes(report, &tier->classes, out);
    }
    if (report->rules == NULL) {
        return;
    }
    json_count(out, "wrong", (int64_t)tier->wrong);
    json_key(out, "rules");
    buf_char(out, '[');
    for (uint32_t i = 0; i < report->rules->count; i++) {
        const struct rule *rule = &report->rules->table[i];
        buf_text(out, i ? ",{" : "{");
        json_text(out, "rule", slice_of(rule->name));
        json_text(out, "severity", slice_of(rule_severity_name(rule->severity)));
        json_count(out, "hits", (int64_t)tier->rules[i].hits);
        json_count(out, "wrong", (int64_t)tier->rules[i].wrong);
        json_real(out, "later_cost", tier->rules[i].later_cost);
        json_real(out, "later_cost_for_nothing", tier->rules[i].for_nothing);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

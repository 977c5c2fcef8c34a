#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/figure.h"
#include "cli/frontier_report.h"
#include "cli/page.h"
#include "cli/plot.h"
#include "cli/table.h"

enum { ROWS = 18, COLUMNS_LEAST = 30, COLUMNS_MOST = 100, MARGIN = 9, NO_SCREEN = 80 };

// --- the plot

struct picture {
    struct plot plot;
    size_t columns;
    char cells[ROWS + 1][COLUMNS_MOST + 1];
};

static size_t column_of(const struct picture *p, double x) {
    const struct plot_axis *axis = &p->plot.x;
    return (size_t)lround((x - axis->least) / (axis->most - axis->least) *
                          (double)(p->columns - 1));
}

static size_t row_of(const struct picture *p, double y) {
    const struct plot_axis *axis = &p->plot.y;
    return (size_t)lround((axis->most - y) / (axis->most - axis->least) * ROWS);
}

static void draw_interval(struct picture *p, const struct frontier_point *point) {
    size_t column = column_of(p, point->cost.value), to = row_of(p, point->right.low);
    for (size_t row = row_of(p, point->right.high); row <= to; row++) {
        p->cells[row][column] = '|';
    }
}

static void draw_mark(struct picture *p, const struct frontier_point *point, char mark) {
    p->cells[row_of(p, point->right.value)][column_of(p, point->cost.value)] = mark;
}

static bool is_plain(const char *name) {
    while (*name >= ' ' && *name <= '~') {
        name++;
    }
    return *name == '\0';
}

static void write_over(char *at, const char *name) {
    while (*name) {
        *at++ = *name++;
    }
}

// The name goes where there is nothing, right of the mark, else left of it, else nowhere.
static void draw_name(struct picture *p, const struct frontier_point *point, const char *name) {
    char *row = p->cells[row_of(p, point->right.value)];
    size_t column = column_of(p, point->cost.value), len = strlen(name);
    size_t right = column + 2, left = column > len + 1 ? column - len - 1 : 0;
    if (!is_plain(name)) {
        return;
    }
    if (right + len <= p->columns && strspn(row + right, " ") >= len) {
        write_over(row + right, name);
    } else if (left > 0 && strspn(row + left, " ") >= len) {
        write_over(row + left, name);
    }
}

static void draw(struct picture *p, const struct frontier_report *report) {
    const struct frontier *f = report->frontier;
    uint32_t tiers = report->labels->cascade.tier_count;
    for (size_t row = 0; row <= ROWS; row++) {
        memset(p->cells[row], ' ', p->columns);
        p->cells[row][p->columns] = '\0';
    }
    for (size_t i = 0; i < f->count; i++) {
        draw_interval(p, &f->points[i]);
    }
    for (size_t i = 0; i < f->count; i++) {
        draw_mark(p, &f->points[i], '*');
    }
    for (uint32_t i = 0; i < tiers; i++) {
        draw_mark(p, &f->alone[i], 'o');
    }
    for (uint32_t i = 0; i < tiers; i++) {
        draw_name(p, &f->alone[i], frontier_report_tier(report, &f->alone[i], 0));
    }
}

static void print_y(const struct picture *p) {
    const struct plot_axis *axis = &p->plot.y;
    double marks = round((axis->most - axis->least) / axis->step);
    for (size_t row = 0; row <= ROWS; row++) {
        size_t len = strlen(p->cells[row]);
        while (len > 0 && p->cells[row][len - 1] == ' ') {
            len--;
        }
        double mark = round((double)(ROWS - row) / ROWS * marks);
        double y = axis->least + mark * axis->step;
        if (row_of(p, y) == row) {
            printf("%6.5g %% |%.*s\n", 100 * y, (int)len, p->cells[row]);
        } else {
            printf("%*s|%.*s\n", MARGIN, "", (int)len, p->cells[row]);
        }
    }
}

static void print_x(const struct picture *p) {
    const struct plot_axis *axis = &p->plot.x;
    char line[MARGIN + COLUMNS_MOST + 16], figure[16];
    unsigned marks = (unsigned)lround((axis->most - axis->least) / axis->step);
    memset(line, ' ', sizeof(line));
    line[sizeof(line) - 1] = '\0';
    printf("%*s+", MARGIN, "");
    for (size_t i = 0; i < p->columns; i++) {
        putchar('-');
    }
    for (unsigned i = 0; i <= marks; i++) {
        double x = axis->least + i * axis->step;
        size_t len = (size_t)snprintf(figure, sizeof(figure), "%.5g", x);
        memcpy(line + MARGIN + 1 + column_of(p, x) - len / 2, figure, len);
    }
    printf("\n%.*s\n%*s%s\n", (int)(MARGIN + p->columns + 3), line, MARGIN + 1, "", axis->title);
}

static void print_plot(const struct frontier_report *report) {
    struct picture p = {.plot = frontier_report_plot(report)};
    size_t width = table_screen(stdout);
    width = width > 0 ? width : NO_SCREEN;
    width = width > MARGIN + 4 + COLUMNS_LEAST ? width - MARGIN - 4 : COLUMNS_LEAST;
    p.columns = width < COLUMNS_MOST ? width : COLUMNS_MOST;
    draw(&p, report);
    putchar('\n');
    print_y(&p);
    print_x(&p);
}

// --- the table

static void put_policy(struct buf *out, const struct frontier_report *report,
                       const struct frontier_point *point) {
    uint32_t count = point->arrangement.count;
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i ? ", " : "", frontier_report_tier(report, point, i));
        if (i + 1 < count) {
            buf_text(out, " from ");
            buf_json_number(out, point->thresholds[i]);
        }
        if (count > 1) {
            buf_printf(out, " (%.0f %%)", 100 * point->answers[i]);
        }
    }
}

static void print_row(struct table *table, const struct frontier_report *report,
                      const struct frontier_point *point) {
    struct buf text = {0};
    buf_printf(&text, "%.3f", point->cost.value);
    table_add(table, buf_slice(&text));
    buf_clear(&text);
    buf_printf(&text, "%.1f %%", 100 * point->right.value);
    table_add(table, buf_slice(&text));
    buf_clear(&text);
    buf_printf(&text, "%.1f - %.1f", 100 * point->right.low, 100 * point->right.high);
    table_add(table, buf_slice(&text));
    buf_clear(&text);
    put_policy(&text, report, point);
    table_add(table, buf_slice(&text));
    buf_fini(&text);
}

static void print_table(const struct frontier_report *report) {
    static const struct table_column columns[] = {
        {"COST", true, 0}, {"RIGHT", true, 0}, {"95 %", true, 0}, {"POLICY", false, 30}};
    struct table table;
    putchar('\n');
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (size_t i = 0; i < report->frontier->count; i++) {
        print_row(&table, report, &report->frontier->points[i]);
    }
    table_end(&table);
    table_fini(&table);
}

void frontier_report_print(const struct frontier_report *report, struct arena *arena) {
    const struct frontier *f = report->frontier;
    struct page page;
    page_init(&page, stdout, arena);
    page_heading(&page, "what accuracy costs: policies that no other is cheaper than and right as "
                 "often");
    figure_count(&page.text, (int64_t)report->labels->cascade.item_count);
    buf_text(&page.text, " items: ");
    figure_count(&page.text, (int64_t)f->fitted);
    buf_text(&page.text, " to find the policies, ");
    figure_count(&page.text, (int64_t)f->tested);
    buf_text(&page.text, " to measure them");
    page_flush(&page, "labels");
    page_fini(&page);
    print_plot(report);
    print_table(report);
    puts("\nCOST: of that of the last tier alone. 95 %: of the share that is right, by the "
         "bootstrap. A\ntier's share of the answers is in parentheses. `taskfit tune --budget "
         "COST` writes such a policy.");
}

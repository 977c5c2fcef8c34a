#include "cli/frontier_report.h"

#include <math.h>

#include "base/json_out.h"
#include "cli/csv_field.h"
#include "cli/plot.h"

const char *frontier_report_tier(const struct frontier_report *report,
                                 const struct frontier_point *point, uint32_t place) {
    return report->labels->cascade.tiers[point->arrangement.tiers[place]].name;
}

// --- CSV

static void csv_figure(struct buf *out, const struct frontier_figure *figure) {
    const double values[] = {figure->value, figure->low, figure->high};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (!isnan(values[i])) {
            buf_json_number(out, values[i]);
        }
        buf_char(out, ',');
    }
}

static void csv_point(struct buf *out, const struct frontier_report *report,
                      const struct frontier_point *point) {
    struct buf policy = {0};
    csv_figure(out, &point->cost);
    csv_figure(out, &point->right);
    if (!isnan(point->tau)) {
        buf_json_number(out, point->tau);
    }
    buf_char(out, ',');
    for (uint32_t i = 0; i < point->arrangement.count; i++) {
        buf_printf(&policy, "%s%s", i ? ";" : "", frontier_report_tier(report, point, i));
        if (i + 1 < point->arrangement.count) {
            buf_text(&policy, ">=");
            buf_json_number(&policy, point->thresholds[i]);
        }
    }
    csv_field(out, buf_slice(&policy));
    buf_char(out, '\n');
    buf_fini(&policy);
}

void frontier_report_csv(const struct frontier_report *report, struct buf *out) {
    buf_text(out, "cost_ratio,cost_ratio_low,cost_ratio_high,accuracy,accuracy_low,accuracy_high,"
                  "tau,policy\n");
    for (size_t i = 0; i < report->frontier->count; i++) {
        csv_point(out, report, &report->frontier->points[i]);
    }
}

// --- JSON

static void json_figures(struct buf *out, const struct frontier_point *point) {
    json_real(out, "cost_ratio", point->cost.value);
    json_real(out, "cost_ratio_low", point->cost.low);
    json_real(out, "cost_ratio_high", point->cost.high);
    json_real(out, "accuracy", point->right.value);
    json_real(out, "accuracy_low", point->right.low);
    json_real(out, "accuracy_high", point->right.high);
}

static void json_point(struct buf *out, const struct frontier_report *report,
                       const struct frontier_point *point) {
    json_figures(out, point);
    json_real(out, "tau", point->tau);
    json_key(out, "tiers");
    buf_char(out, '[');
    for (uint32_t i = 0; i < point->arrangement.count; i++) {
        buf_text(out, i ? ",{" : "{");
        json_text(out, "tier", slice_of(frontier_report_tier(report, point, i)));
        json_real(out, "threshold", point->thresholds[i]);
        json_real(out, "answers", point->answers[i]);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void frontier_report_json(const struct frontier_report *report, struct buf *out) {
    const struct frontier *f = report->frontier;
    buf_char(out, '{');
    json_text(out, "goal", slice_of("frontier"));
    json_real(out, "level", frontier_level);
    json_key(out, "points");
    buf_char(out, '[');
    for (size_t i = 0; i < f->count; i++) {
        buf_text(out, i ? ",{" : "{");
        json_point(out, report, &f->points[i]);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_key(out, "alone");
    buf_char(out, '[');
    for (uint32_t i = 0; i < report->labels->cascade.tier_count; i++) {
        buf_text(out, i ? ",{" : "{");
        json_text(out, "tier", slice_of(frontier_report_tier(report, &f->alone[i], 0)));
        json_figures(out, &f->alone[i]);
        buf_char(out, '}');
    }
    buf_char(out, ']');
    json_real(out, "last_tier_cost", f->last_cost);
    json_count(out, "labels", (int64_t)report->labels->cascade.item_count);
    json_count(out, "fitted_on", (int64_t)f->fitted);
    json_count(out, "tested_on", (int64_t)f->tested);
    json_count(out, "seed", (int64_t)report->seed);
    json_text(out, "data_sha256", slice_of(report->labels->sha256));
    json_time(out, "created", report->created_ms);
    buf_text(out, "}\n");
}

// --- SVG

static void widen(struct plot *plot, const struct frontier_point *point) {
    plot->x.most = fmax(plot->x.most, point->cost.value);
    plot->y.least = fmin(plot->y.least, point->right.low);
    plot->y.most = fmax(plot->y.most, point->right.high);
}

struct plot frontier_report_plot(const struct frontier_report *report) {
    const struct frontier *f = report->frontier;
    struct plot plot = {.title = "accuracy by cost", .y = {.least = 1}};
    for (size_t i = 0; i < f->count; i++) {
        widen(&plot, &f->points[i]);
    }
    for (uint32_t i = 0; i < report->labels->cascade.tier_count; i++) {
        widen(&plot, &f->alone[i]);
    }
    plot.x = plot_axis("cost, of that of the last tier alone", 0, plot.x.most);
    plot.y = plot_axis("share that is right", plot.y.least, plot.y.most);
    return plot;
}

static void svg_title(struct buf *out, const struct frontier_report *report,
                      const struct frontier_point *point) {
    buf_printf(out, "<title>cost %.3f, right %.1f %% (%.1f to %.1f):", point->cost.value,
               100 * point->right.value, 100 * point->right.low, 100 * point->right.high);
    for (uint32_t i = 0; i < point->arrangement.count; i++) {
        buf_text(out, i ? ", " : " ");
        plot_text(out, frontier_report_tier(report, point, i));
        if (i + 1 < point->arrangement.count) {
            buf_text(out, " from ");
            buf_json_number(out, point->thresholds[i]);
        }
    }
    buf_text(out, "</title>");
}

static void svg_curve(struct buf *out, const struct frontier_report *report,
                      const struct plot *plot) {
    const struct frontier *f = report->frontier;
    buf_text(out, "<polyline fill=\"none\" stroke=\"var(--cal)\" stroke-width=\"1.5\" points=\"");
    for (size_t i = 0; i < f->count; i++) {
        buf_printf(out, "%.1f,%.1f ", plot_across(plot, f->points[i].cost.value),
                   plot_down(plot, f->points[i].right.value));
    }
    buf_text(out, "\"/>\n");
    for (size_t i = 0; i < f->count; i++) {
        const struct frontier_point *point = &f->points[i];
        double x = plot_across(plot, point->cost.value);
        buf_printf(out, "<path stroke=\"var(--cal)\" opacity=\"0.4\" d=\"M%.1f %.1fV%.1f\"/>"
                        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--cal)\">",
                   x, plot_down(plot, point->right.low), plot_down(plot, point->right.high), x,
                   plot_down(plot, point->right.value));
        svg_title(out, report, point);
        buf_text(out, "</circle>\n");
    }
}

// Beside a tier's place its name, on the side where there is room.
static void svg_alone(struct buf *out, const struct frontier_report *report,
                      const struct plot *plot, const struct frontier_point *point) {
    double x = plot_across(plot, point->cost.value), y = plot_down(plot, point->right.value);
    bool left = x > PLOT_LEFT + PLOT_SIDE * 0.7;
    buf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"none\" stroke=\"var(--raw)\" "
                    "stroke-width=\"1.5\">", x, y);
    svg_title(out, report, point);
    buf_printf(out, "</circle><text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">",
               left ? x - 9 : x + 9, y + 16, left ? "end" : "start");
    plot_text(out, frontier_report_tier(report, point, 0));
    buf_text(out, "</text>\n");
}

void frontier_report_svg(const struct frontier_report *report, struct buf *out) {
    const struct plot plot = frontier_report_plot(report);
    plot_open(out, &plot, true);
    svg_curve(out, report, &plot);
    for (uint32_t i = 0; i < report->labels->cascade.tier_count; i++) {
        svg_alone(out, report, &plot, &report->frontier->alone[i]);
    }
    buf_text(out, "</svg>\n");
}

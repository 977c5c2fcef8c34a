// The quality report as a page: HTML with its style and plots (SVG) in it, light and dark.
#include <math.h>

#include "base/figure.h"
#include "cli/plot.h"
#include "cli/quality_detail.h"
#include "quality/stats.h"

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Quality</title>\n<style>\n";

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
    "table{border-collapse:collapse}th,td{padding:.2rem .8rem;text-align:right;"
    "border-bottom:1px solid var(--line)}\n"
    "th:first-child,td:first-child,td:nth-child(2),th:nth-child(2){text-align:left}\n"
    ".plots{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}"
    "figcaption,.soft{color:var(--soft)}\n"
    ".table{overflow-x:auto}\n</style></head><body>\n";

// --- the table

static void table_row(struct buf *out, const char *name, const char *by,
                      const struct reliability *r) {
    const double figures[] = {r->confidence, r->ece, r->brier, r->auroc, r->aurc};
    buf_text(out, "<tr><td>");
    plot_text(out, name);
    buf_printf(out, "</td><td>%s</td><td>", by);
    figure_count(out, (int64_t)r->answers);
    buf_printf(out, "</td><td>%.1f&nbsp;%%</td>", 100 * r->accuracy);
    for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
        buf_text(out, "<td>");
        figure_probability(out, figures[i]);
        buf_text(out, "</td>");
    }
    buf_text(out, "</tr>\n");
}

static void table(struct buf *out, const struct quality_report *report) {
    buf_text(out, "<div class=\"table\"><table><tr><th>tier</th><th>confidence</th><th>answers</th>"
                  "<th>right</th><th>says</th><th>ECE</th><th>Brier</th><th>AUROC</th>"
                  "<th>AURC</th></tr>\n");
    for (uint32_t i = 0; i < report->tier_count; i++) {
        table_row(out, report->tiers[i].name, "raw", &report->tiers[i].raw);
        table_row(out, "", "calibrated", &report->tiers[i].calibrated);
    }
    buf_text(out, "</table></div>\n<p class=\"soft\">Says: the mean confidence, which the share of "
                  "right answers should equal. Calibrated: by a map fitted on the other half of "
                  "the labels. ECE: how far what it says lies from what is right, over 15 bins of "
                  "equal mass; 0 is best. Brier: the mean square of that over single answers; 0 is "
                  "best. AUROC: the chance that a right answer has a higher confidence than a "
                  "wrong one; 0.5 is none at all, 1 is best. AURC: the mean error of what is "
                  "accepted, over all shares that could be, the surest first; 0 is best.</p>\n");
}

// --- plots

static void bins(struct buf *out, const struct plot *plot, const struct reliability *r,
                 const char *colour) {
    buf_printf(out, "<polyline fill=\"none\" stroke=\"var(--%s)\" stroke-width=\"1.5\" points=\"",
               colour);
    for (size_t i = 0; i < r->bin_count; i++) {
        buf_printf(out, "%.1f,%.1f ", plot_across(plot, r->bins[i].confidence),
                   plot_down(plot, r->bins[i].accuracy));
    }
    buf_text(out, "\"/>\n");
    for (size_t i = 0; i < r->bin_count; i++) {
        const struct reliability_bin *bin = &r->bins[i];
        uint64_t right = (uint64_t)llround((double)bin->count * bin->accuracy);
        buf_printf(out, "<path stroke=\"var(--%s)\" opacity=\".35\" "
                        "d=\"M%.1f %.1fV%.1f\"/>\n", colour, plot_across(plot, bin->confidence),
                   plot_down(plot, 1 - stats_upper(bin->count - right, bin->count, 0.025)),
                   plot_down(plot, stats_upper(right, bin->count, 0.025)));
        buf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--%s)\"><title>%zu "
                        "answers say %.3f, %.3f are right</title></circle>\n",
                   plot_across(plot, bin->confidence), plot_down(plot, bin->accuracy), colour,
                   bin->count, bin->confidence, bin->accuracy);
    }
}

static void reliability_plot(struct buf *out, const struct quality_tier *tier) {
    const struct plot plot = {"reliability", plot_axis("confidence", 0, 1),
                              plot_axis("share that is right", 0, 1)};
    buf_text(out, "<figure>");
    plot_open(out, &plot, false);
    buf_printf(out, "<path style=\"stroke:var(--soft)\" stroke-dasharray=\"4\" "
                    "d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
               plot_across(&plot, 0), plot_down(&plot, 0), plot_across(&plot, 1),
               plot_down(&plot, 1));
    bins(out, &plot, &tier->raw, "raw");
    bins(out, &plot, &tier->calibrated, "cal");
    buf_text(out, "</svg><figcaption><b>");
    plot_text(out, tier->name);
    buf_printf(out, "</b>: <span style=\"color:var(--raw)\">raw</span>, ECE %.3f; "
                    "<span style=\"color:var(--cal)\">calibrated</span>, %.3f</figcaption>"
                    "</figure>\n",
               tier->raw.ece, tier->calibrated.ece);
}

static double most_risk(const struct quality_report *report) {
    double most = 0;
    for (uint32_t i = 0; i < report->tier_count; i++) {
        const struct reliability *r = &report->tiers[i].raw;
        for (size_t p = 0; p < r->point_count; p++) {
            most = fmax(most, r->points[p].risk);
        }
    }
    return most;
}

static void coverage_plot(struct buf *out, const struct quality_report *report) {
    const struct plot plot = {
        "error by coverage", plot_axis("share of answers accepted, the surest first", 0, 1),
        plot_axis("error among them", 0, fmax(most_risk(report), 0.01))};
    buf_text(out, "<figure>");
    plot_open(out, &plot, false);
    for (uint32_t i = 0; i < report->tier_count; i++) {
        const struct reliability *r = &report->tiers[i].raw;
        buf_printf(out, "<polyline fill=\"none\" stroke=\"var(--t%u)\" stroke-width=\"2\" "
                        "points=\"", i % 4);
        for (size_t p = 0; p < r->point_count; p++) {
            buf_printf(out, "%.1f,%.1f ", plot_across(&plot, r->points[p].coverage),
                       plot_down(&plot, r->points[p].risk));
        }
        buf_text(out, "\"/>\n");
    }
    buf_text(out, "</svg><figcaption><b>error by coverage</b>:");
    for (uint32_t i = 0; i < report->tier_count; i++) {
        buf_printf(out, "%s <span style=\"color:var(--t%u)\">", i ? "," : "", i % 4);
        plot_text(out, report->tiers[i].name);
        buf_text(out, "</span>");
    }
    buf_text(out, "</figcaption></figure>\n");
}

void quality_page(const struct quality_report *report, struct buf *out) {
    buf_text(out, head);
    buf_text(out, plot_colours);
    buf_text(out, plot_style);
    buf_text(out, style);
    buf_text(out, "<h1>Quality</h1>\n<p class=\"soft\">");
    figure_count(out, (int64_t)report->labels->cascade.item_count);
    buf_text(out, " labelled items of ");
    plot_text(out, report->source);
    buf_text(out, ", ");
    figure_time(out, report->now_ms);
    buf_text(out, " UTC</p>\n");
    table(out, report);
    buf_text(out, "<h2>Does confidence say how often answers are right?</h2>\n"
                  "<p class=\"soft\">A dot is a fifteenth of the answers, with the interval in "
                  "which 95 % certainty puts its share of right ones. On the dashed line "
                  "confidence is what it says; above it is too low, below it too high.</p>\n"
                  "<div class=\"plots\">\n");
    for (uint32_t i = 0; i < report->tier_count; i++) {
        reliability_plot(out, &report->tiers[i]);
    }
    buf_text(out, "</div>\n<h2>Does it rank them?</h2>\n<div class=\"plots\">\n");
    coverage_plot(out, report);
    buf_text(out, "</div>\n");
    quality_detail_page(report, out);
    buf_text(out, "</body></html>\n");
}

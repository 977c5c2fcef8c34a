// The quality report as a page: HTML with its style and plots (SVG) in it, light and dark.
#include <math.h>

#include "base/figure.h"
#include "cli/quality.h"

enum { PLOT = 320, MARGIN = 46, FULL = PLOT + MARGIN + 14 };

static const char head[] =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<title>Quality</title>\n<style>\n"
    ":root{--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#656d76;--raw:#c4500c;--cal:#0b6bcb;"
    "--t0:#0b6bcb;--t1:#c4500c;--t2:#1a7f37;--t3:#8250df}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;"
    "--soft:#8d96a0;--raw:#f0883e;--cal:#58a6ff;--t0:#58a6ff;--t1:#f0883e;--t2:#3fb950;"
    "--t3:#bc8cff}}\n"
    "body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
    "table{border-collapse:collapse}th,td{padding:.2rem .8rem;text-align:right;"
    "border-bottom:1px solid var(--line)}\n"
    "th:first-child,td:first-child,td:nth-child(2),th:nth-child(2){text-align:left}\n"
    ".plots{display:flex;flex-wrap:wrap;gap:1.5rem}figure{margin:0}"
    "figcaption,.soft{color:var(--soft)}\n"
    "svg text{font:12px system-ui,sans-serif;fill:var(--soft)}"
    "svg .axis{stroke:var(--line);fill:none}\n"
    ".table{overflow-x:auto}\n</style></head><body>\n";

static void escaped(struct buf *out, const char *text) {
    for (; *text; text++) {
        switch (*text) {
        case '<': buf_text(out, "&lt;"); break;
        case '>': buf_text(out, "&gt;"); break;
        case '&': buf_text(out, "&amp;"); break;
        case '"': buf_text(out, "&quot;"); break;
        default: buf_char(out, *text);
        }
    }
}

// --- the table

static void table_row(struct buf *out, const char *name, const char *by,
                      const struct reliability *r) {
    const double figures[] = {r->confidence, r->ece, r->brier, r->auroc, r->aurc};
    buf_text(out, "<tr><td>");
    escaped(out, name);
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
                  "the labels.</p>\n");
}

// --- plots

static double across(double share) {
    return MARGIN + PLOT * share;
}

// share of `most`
static double down(double share, double most) {
    return 8 + PLOT * (1 - share / most);
}

static void axes(struct buf *out, const char *title, const char *x, const char *y, double most) {
    buf_printf(out, "<svg role=\"img\" aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                    "height=\"%d\">\n", title, FULL, FULL, FULL, FULL);
    for (int i = 0; i <= 4; i++) {
        double share = i / 4.0;
        buf_printf(out, "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                        "text-anchor=\"end\">%g</text><text x=\"%.1f\" y=\"%d\" "
                        "text-anchor=\"middle\">%g</text>\n",
                   MARGIN, down(share * most, most), MARGIN + PLOT, MARGIN - 6,
                   down(share * most, most) + 4, share * most, across(share), PLOT + 24, share);
    }
    buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>"
                    "<text transform=\"translate(11 %.1f) rotate(-90)\" text-anchor=\"middle\">%s"
                    "</text>\n",
               across(0.5), FULL - 12, x, down(0.5, 1), y);
}

static void bins(struct buf *out, const struct reliability *r, const char *colour) {
    buf_printf(out, "<polyline fill=\"none\" stroke=\"var(--%s)\" stroke-width=\"1.5\" points=\"",
               colour);
    for (size_t i = 0; i < r->bin_count; i++) {
        buf_printf(out, "%.1f,%.1f ", across(r->bins[i].confidence),
                   down(r->bins[i].accuracy, 1));
    }
    buf_text(out, "\"/>\n");
    for (size_t i = 0; i < r->bin_count; i++) {
        const struct reliability_bin *bin = &r->bins[i];
        buf_printf(out, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--%s)\"><title>%zu "
                        "answers say %.3f, %.3f are right</title></circle>\n",
                   across(bin->confidence), down(bin->accuracy, 1), colour, bin->count,
                   bin->confidence, bin->accuracy);
    }
}

static void reliability_plot(struct buf *out, const struct quality_tier *tier) {
    buf_text(out, "<figure>");
    axes(out, "reliability", "confidence", "share that is right", 1);
    buf_printf(out, "<path class=\"axis\" stroke-dasharray=\"4\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n",
               across(0), down(0, 1), across(1), down(1, 1));
    bins(out, &tier->raw, "raw");
    bins(out, &tier->calibrated, "cal");
    buf_text(out, "</svg><figcaption><b>");
    escaped(out, tier->name);
    buf_printf(out, "</b>: <span style=\"color:var(--raw)\">raw</span>, ECE %.3f; "
                    "<span style=\"color:var(--cal)\">calibrated</span>, %.3f</figcaption>"
                    "</figure>\n",
               tier->raw.ece, tier->calibrated.ece);
}

// Four round steps up to a figure that no tier's error at any coverage lies above.
static double most_risk(const struct quality_report *report) {
    static const double steps[] = {0.01, 0.025, 0.05, 0.1, 0.25};
    double most = 0;
    size_t step = 0;
    for (uint32_t i = 0; i < report->tier_count; i++) {
        const struct reliability *r = &report->tiers[i].raw;
        for (size_t p = 0; p < r->point_count; p++) {
            most = fmax(most, r->points[p].risk);
        }
    }
    while (4 * steps[step] < most) {
        step++;
    }
    return 4 * steps[step];
}

static void coverage_plot(struct buf *out, const struct quality_report *report) {
    double most = most_risk(report);
    buf_text(out, "<figure>");
    axes(out, "error by coverage", "share of answers accepted, the surest first",
         "error among them", most);
    for (uint32_t i = 0; i < report->tier_count; i++) {
        const struct reliability *r = &report->tiers[i].raw;
        buf_printf(out, "<polyline fill=\"none\" stroke=\"var(--t%u)\" stroke-width=\"2\" "
                        "points=\"", i % 4);
        for (size_t p = 0; p < r->point_count; p++) {
            buf_printf(out, "%.1f,%.1f ", across(r->points[p].coverage),
                       down(r->points[p].risk, most));
        }
        buf_text(out, "\"/>\n");
    }
    buf_text(out, "</svg><figcaption><b>error by coverage</b>:");
    for (uint32_t i = 0; i < report->tier_count; i++) {
        buf_printf(out, "%s <span style=\"color:var(--t%u)\">", i ? "," : "", i % 4);
        escaped(out, report->tiers[i].name);
        buf_text(out, "</span>");
    }
    buf_text(out, "</figcaption></figure>\n");
}

void quality_page(const struct quality_report *report, struct buf *out) {
    buf_text(out, head);
    buf_text(out, "<h1>Quality</h1>\n<p class=\"soft\">");
    figure_count(out, (int64_t)report->items);
    buf_text(out, " labelled items of ");
    escaped(out, report->source);
    buf_text(out, ", ");
    figure_time(out, report->now_ms);
    buf_text(out, " UTC</p>\n");
    table(out, report);
    buf_text(out, "<h2>Does confidence say how often answers are right?</h2>\n"
                  "<div class=\"plots\">\n");
    for (uint32_t i = 0; i < report->tier_count; i++) {
        reliability_plot(out, &report->tiers[i]);
    }
    buf_text(out, "</div>\n<h2>Does it rank them?</h2>\n<div class=\"plots\">\n");
    coverage_plot(out, report);
    buf_text(out, "</div>\n</body></html>\n");
}

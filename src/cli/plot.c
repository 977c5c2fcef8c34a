#include "cli/plot.h"

#include <assert.h>
#include <math.h>

enum { TOP = 8 };

const char plot_colours[] =
    ":root{--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#656d76;--raw:#c4500c;--cal:#0b6bcb;"
    "--t0:#0b6bcb;--t1:#c4500c;--t2:#1a7f37;--t3:#8250df}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;"
    "--soft:#8d96a0;--raw:#f0883e;--cal:#58a6ff;--t0:#58a6ff;--t1:#f0883e;--t2:#3fb950;"
    "--t3:#bc8cff}}\n";

const char plot_style[] = "svg text{font:12px system-ui,sans-serif;fill:var(--soft)}"
                          "svg .axis{stroke:var(--line);fill:none}\n";

struct plot_axis plot_axis(const char *title, double least, double most) {
    static const double rounds[] = {1, 2, 2.5, 5, 10};
    double span = most - least;
    if (span < 1e-6) {  // one value, which is to have a place all the same
        span = 0.01;
        least = most - span;
    }
    double unit = pow(10, floor(log10(span / 4)));
    size_t round = 0;
    while (rounds[round] * unit < span / 4 * (1 - 1e-9)) {
        round++;
        assert(round < sizeof(rounds) / sizeof(rounds[0]));
    }
    double step = rounds[round] * unit;
    return (struct plot_axis){title, floor(least / step + 1e-9) * step,
                              ceil(most / step - 1e-9) * step, step};
}

static double share(const struct plot_axis *axis, double value) {
    return (value - axis->least) / (axis->most - axis->least);
}

double plot_across(const struct plot *plot, double x) {
    return PLOT_LEFT + PLOT_SIDE * share(&plot->x, x);
}

double plot_down(const struct plot *plot, double y) {
    return TOP + PLOT_SIDE * (1 - share(&plot->y, y));
}

void plot_text(struct buf *out, const char *text) {
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

static unsigned marks(const struct plot_axis *axis) {
    return (unsigned)lround((axis->most - axis->least) / axis->step);
}

static void axes(struct buf *out, const struct plot *plot) {
    for (unsigned i = 0; i <= marks(&plot->y); i++) {
        double y = plot->y.least + i * plot->y.step, down = plot_down(plot, y);
        buf_printf(out, "<path class=\"axis\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
                        "text-anchor=\"end\">%.6g</text>\n",
                   PLOT_LEFT, down, PLOT_LEFT + PLOT_SIDE, PLOT_LEFT - 6, down + 4, y);
    }
    for (unsigned i = 0; i <= marks(&plot->x); i++) {
        double x = plot->x.least + i * plot->x.step;
        buf_printf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.6g</text>\n",
                   plot_across(plot, x), PLOT_SIDE + 24, x);
    }
    buf_printf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>"
                    "<text transform=\"translate(11 %d) rotate(-90)\" text-anchor=\"middle\">%s"
                    "</text>\n",
               PLOT_LEFT + PLOT_SIDE / 2, PLOT_WHOLE - 12, plot->x.title, TOP + PLOT_SIDE / 2,
               plot->y.title);
}

void plot_open(struct buf *out, const struct plot *plot, bool whole) {
    buf_printf(out, "<svg role=\"img\"%s aria-label=\"%s\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                    "height=\"%d\">\n",
               whole ? " xmlns=\"http://www.w3.org/2000/svg\"" : "", plot->title, PLOT_WHOLE,
               PLOT_WHOLE, PLOT_WHOLE, PLOT_WHOLE);
    if (whole) {
        buf_printf(out, "<style>%s%s</style>\n<rect width=\"100%%\" height=\"100%%\" "
                        "fill=\"var(--paper)\"/>\n", plot_colours, plot_style);
    }
    axes(out, plot);
}

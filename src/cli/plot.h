// Plots as SVG, in a page or as a file of their own: axes with round figures, and places in them.
#ifndef TASKFIT_CLI_PLOT_H
#define TASKFIT_CLI_PLOT_H

#include "base/buf.h"

enum { PLOT_SIDE = 320, PLOT_LEFT = 46, PLOT_WHOLE = PLOT_SIDE + PLOT_LEFT + 14 };

// The colours, light and dark, as properties of the root element, and what a plot's elements look
// like: for the <style> of the page, or of the plot.
extern const char plot_colours[], plot_style[];

struct plot_axis {
    const char *title;
    double least, most, step;
};

struct plot {
    const char *title;
    struct plot_axis x, y;
};

// Widened to round figures, with four to seven of which the axis is marked.
struct plot_axis plot_axis(const char *title, double least, double most);

double plot_across(const struct plot *plot, double x);
double plot_down(const struct plot *plot, double y);

// Text of a document: & < > " are escaped.
void plot_text(struct buf *out, const char *text);

// From <svg> to its axes; what lies in them follows, and </svg>. whole: it is a file.
void plot_open(struct buf *out, const struct plot *plot, bool whole);

#endif

#include "cli/tune_frontier.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

static const struct form {
    const char *ending;
    void (*write)(const struct frontier_report *report, struct buf *out);
} forms[] = {[FRONTIER_CSV] = {".csv", frontier_report_csv},
             [FRONTIER_JSON] = {".json", frontier_report_json},
             [FRONTIER_SVG] = {".svg", frontier_report_svg}};

static int format_of(const char *output) {
    const char *dot = strrchr(output, '.');
    for (int format = FRONTIER_CSV; dot && format <= FRONTIER_SVG; format++) {
        if (strcmp(dot, forms[format].ending) == 0) {
            return format;
        }
    }
    return FRONTIER_AUTO;
}

bool tune_frontier_settle(struct tune_frontier *wanted, struct err *err) {
    if (wanted->output && wanted->format == FRONTIER_AUTO) {
        wanted->format = format_of(wanted->output);
        return wanted->format != FRONTIER_AUTO ||
               err_exit(err, EX_USAGE, "--output: '%s' ends neither in .csv, .json nor .svg; say "
                        "--format", wanted->output);
    }
    if (wanted->output && wanted->format == FRONTIER_PLOT) {
        return err_exit(err, EX_USAGE, "--format plot is for a terminal; files are csv, json or "
                        "svg");
    }
    if (wanted->format == FRONTIER_AUTO) {
        wanted->format = isatty(STDOUT_FILENO) ? FRONTIER_PLOT : FRONTIER_CSV;
    }
    return true;
}

static bool give(const struct frontier_report *report, const struct tune_frontier *wanted,
                 struct arena *arena, struct err *err) {
    struct buf text = {0};
    bool ok = true;
    if (wanted->format != FRONTIER_PLOT) {
        forms[wanted->format].write(report, &text);
    }
    if (wanted->output) {
        ok = file_write(wanted->output, buf_slice(&text), err);
    } else if (wanted->format == FRONTIER_PLOT) {
        frontier_report_print(report, arena);
    } else {
        fwrite(text.data, 1, text.len, stdout);
    }
    buf_fini(&text);
    return ok;
}

int tune_frontier(const struct tune_frontier *wanted, struct labels *labels, struct arena *arena) {
    struct frontier *frontier = mem_zalloc(sizeof(*frontier));
    struct err err;
    bool ok = true;
    frontier_trace(&labels->cascade, wanted->seed, frontier);
    if (frontier->last_cost > 0) {
        const struct frontier_report report = {labels, frontier, wanted->seed, clock_wall_ms()};
        ok = give(&report, wanted, arena, &err);
    } else {
        const struct cascade *cascade = &labels->cascade;
        ok = err_exit(&err, EX_DATAERR, "the answers of the last tier, %s, cost nothing: costs are "
                      "told as shares of that", cascade->tiers[cascade->tier_count - 1].name);
    }
    mem_free(frontier);
    return ok ? EX_OK : cli_fail(&err);
}

#include "cli/progress.h"

#include <inttypes.h>
#include <string.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/table.h"
#include "io/pg_value.h"

enum { BAR_MOST = 40, BAR_LEAST = 8, BESIDE_BAR = 66 };

// --- reading

// The columns of the query `watch_batch`, in its order.
enum column {
    COLUMN_TOTAL, COLUMN_ACCEPTED, COLUMN_REVIEW, COLUMN_DEAD, COLUMN_EXPIRED, COLUMN_CANCELLED,
    COLUMN_BAD_LINES, COLUMN_COST, COLUMN_CAP, COLUMN_CREATED, COLUMN_SUBMITTED,
    COLUMN_CANCELLED_AT, COLUMN_LAST_DECIDED, COLUMN_NOW,
    COLUMN_TIER, COLUMN_ATTEMPTS, COLUMN_ERRORS, COLUMN_TIER_ACCEPTED, COLUMN_ESCALATED,
    COLUMN_ENDED, COLUMN_TIER_COST,
    COLUMN_SHADOW_COST,
};

static struct progress_tier *tier_add(struct progress *progress, struct slice name) {
    struct progress_tier *tier = &progress->tiers[progress->tier_count++];
    snprintf(tier->name, sizeof(tier->name), "%.*s", SLICE_ARGS(name));
    return tier;
}

void progress_init(struct progress *progress, const struct batch *batch, const struct path *path) {
    *progress = (struct progress){.batch = batch, .total = -1};
    for (uint32_t i = 0; path && i < path->tier_count; i++) {
        tier_add(progress, slice_of(path->tiers[i].name));
    }
}

static struct progress_tier *tier_find(struct progress *progress, struct slice name) {
    for (size_t i = 0; i < progress->tier_count; i++) {
        if (slice_is(name, progress->tiers[i].name)) {
            return &progress->tiers[i];
        }
    }
    return progress->tier_count < PROGRESS_TIERS_MOST ? tier_add(progress, name) : NULL;
}

static int64_t decided(const struct progress_tier *tier) {
    return tier->accepted + tier->escalated + tier->ended;
}

static void read_tier(struct progress *progress, const struct pg_result *r, int row) {
    if (pg_is_null(r, row, COLUMN_TIER)) {
        return;
    }
    struct progress_tier *tier = tier_find(progress, pg_get_slice(r, row, COLUMN_TIER));
    if (tier) {
        tier->attempts = pg_get_int(r, row, COLUMN_ATTEMPTS);
        tier->errors = pg_get_int(r, row, COLUMN_ERRORS);
        tier->accepted = pg_get_int(r, row, COLUMN_TIER_ACCEPTED);
        tier->escalated = pg_get_int(r, row, COLUMN_ESCALATED);
        tier->ended = pg_get_int(r, row, COLUMN_ENDED);
        tier->cost_pico_usd = pg_get_int(r, row, COLUMN_TIER_COST);
    }
}

// All jobs come to the first tier, and to another those that moved on from the one before.
static void count_arrivals(struct progress *progress) {
    int64_t coming = progress->total;
    for (size_t i = 0; i < progress->tier_count; i++) {
        struct progress_tier *tier = &progress->tiers[i];
        int64_t known = tier->attempts > decided(tier) ? tier->attempts : decided(tier);
        tier->arrived = coming > known ? coming : known;
        if (progress_finished(progress)) {
            tier->arrived = decided(tier);
        }
        coming = tier->escalated;
        pace_see(&tier->pace, progress->now_ms, decided(tier));
    }
}

void progress_read(struct progress *progress, const struct pg_result *r) {
    if (pg_rows(r) == 0) {
        return;
    }
    progress->total = pg_is_null(r, 0, COLUMN_TOTAL) ? -1 : pg_get_int(r, 0, COLUMN_TOTAL);
    progress->accepted = pg_get_int(r, 0, COLUMN_ACCEPTED);
    progress->review = pg_get_int(r, 0, COLUMN_REVIEW);
    progress->dead = pg_get_int(r, 0, COLUMN_DEAD);
    progress->expired = pg_get_int(r, 0, COLUMN_EXPIRED);
    progress->cancelled = pg_get_int(r, 0, COLUMN_CANCELLED);
    progress->bad_lines = pg_get_int(r, 0, COLUMN_BAD_LINES);
    progress->cost_pico_usd = pg_get_int(r, 0, COLUMN_COST);
    progress->spend_cap_pico_usd = pg_is_null(r, 0, COLUMN_CAP) ? 0 : pg_get_int(r, 0, COLUMN_CAP);
    progress->shadow_pico_usd = pg_get_int(r, 0, COLUMN_SHADOW_COST);
    progress->created_ms = pg_get_time(r, 0, COLUMN_CREATED);
    progress->cancelled_ms = pg_get_time(r, 0, COLUMN_CANCELLED_AT);
    progress->last_decided_ms = pg_get_time(r, 0, COLUMN_LAST_DECIDED);
    progress->now_ms = pg_get_time(r, 0, COLUMN_NOW);
    for (int row = 0; row < pg_rows(r); row++) {
        read_tier(progress, r, row);
    }
    count_arrivals(progress);
    pace_see(&progress->pace, progress->now_ms, progress_done(progress));
}

int64_t progress_done(const struct progress *p) {
    return p->accepted + p->review + p->dead + p->expired + p->cancelled;
}

bool progress_finished(const struct progress *p) {
    return p->total >= 0 && progress_done(p) >= p->total;
}

// --- figures that all forms have

static int64_t elapsed_ms(const struct progress *p) {
    int64_t until_ms = progress_finished(p) && p->last_decided_ms ? p->last_decided_ms : p->now_ms;
    return until_ms > p->created_ms ? until_ms - p->created_ms : 0;
}

// Of the last seconds; of the whole time once it is finished.
static double rate(const struct progress *p) {
    int64_t ms = elapsed_ms(p);
    if (!progress_finished(p)) {
        return pace_per_second(&p->pace);
    }
    return ms > 0 ? 1000.0 * (double)progress_done(p) / (double)ms : 0;
}

static int64_t left_ms(const struct progress *p) {
    return p->total < 0 ? -1 : pace_left_ms(&p->pace, p->total - progress_done(p));
}

// "accepted 29,000 · review 12 · dead 3 · 4 lines were bad"
static void add_verdicts(struct buf *out, const struct progress *p) {
    const struct {
        const char *name;
        int64_t count;
    } verdicts[] = {{"accepted", p->accepted}, {"review", p->review},
                    {"dead", p->dead},         {"expired", p->expired},
                    {"cancelled", p->cancelled}, {"bad lines", p->bad_lines}};
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        if (i == 0 || verdicts[i].count > 0) {
            buf_printf(out, "%s%s ", i ? " · " : "", verdicts[i].name);
            figure_count(out, verdicts[i].count);
        }
    }
}

// Jobs that go on from tier to tier, though none came to its end lately.
static bool tiers_move(const struct progress *p) {
    for (size_t i = 0; i < p->tier_count; i++) {
        if (pace_per_second(&p->tiers[i].pace) > 0) {
            return true;
        }
    }
    return false;
}

static void add_state(struct buf *out, const struct progress *p) {
    if (progress_finished(p)) {
        buf_text(out, "finished in ");
        figure_span(out, elapsed_ms(p));
    } else if (p->cancelled_ms) {
        buf_text(out, "cancelled, running out");
    } else if (p->total < 0) {
        buf_text(out, "being submitted");
    } else if (p->pace.held < 2) {
        buf_text(out, "under way");
    } else if (left_ms(p) < 0) {
        buf_text(out, tiers_move(p) ? "jobs go on from tier to tier"
                                    : "nothing moves now: do workers and models run?");
    } else {
        figure_span(out, left_ms(p));
        buf_text(out, " left");
    }
}

static void add_money(struct buf *out, const struct progress *p) {
    figure_money(out, p->cost_pico_usd);
    if (p->spend_cap_pico_usd > 0) {
        buf_text(out, " of at most ");
        figure_money(out, p->spend_cap_pico_usd);
    }
    if (p->shadow_pico_usd > 0) {
        buf_text(out, ", shadows ");
        figure_money(out, p->shadow_pico_usd);
    }
}

// --- the frame

static void add_bar(struct buf *out, int64_t part, int64_t whole, unsigned width) {
    // Eighths of a cell: U+2588 is all of it, U+258F one.
    int64_t eighths = whole > 0 ? part * 8 * width / whole : 0;
    for (unsigned i = 0; i < width; i++) {
        int64_t here = eighths - 8 * (int64_t)i;
        if (here >= 8) {
            buf_text(out, "█");
        } else if (here > 0) {
            buf_printf(out, "\xe2\x96%c", (char)(0x90 - here));
        } else {
            buf_text(out, "·");
        }
    }
}

struct frame_row {
    const char *name;
    int64_t done, of;  // of -1: not known
    double rate;
    int64_t cost_pico_usd;
};

static void cell(struct table *table, struct buf *text) {
    table_add(table, buf_slice(text));
    buf_clear(text);
}

static void frame_row(struct table *table, const struct frame_row *row, unsigned bar,
                      struct buf *text) {
    table_add(table, slice_of(row->name));
    add_bar(text, row->done, row->of, bar);
    cell(table, text);
    figure_share(text, row->done, row->of);
    cell(table, text);
    figure_count(text, row->done);
    cell(table, text);
    if (row->of < 0) {
        buf_char(text, '?');
    } else {
        figure_count(text, row->of);
    }
    cell(table, text);
    figure_rate(text, row->rate);
    cell(table, text);
    figure_money(text, row->cost_pico_usd);
    cell(table, text);
}

static void frame_table(const struct progress *p, FILE *out, unsigned width) {
    static const struct table_column columns[] = {
        {"TIER", false, 0}, {"", false, 0},    {"", true, 0},     {"DONE", true, 0},
        {"JOBS", true, 0},  {"RATE", true, 0}, {"COST", true, 0},
    };
    struct table table;
    struct buf text = {0};
    unsigned bar = width > BESIDE_BAR + BAR_LEAST ? width - BESIDE_BAR : BAR_LEAST;
    bar = bar < BAR_MOST ? bar : BAR_MOST;
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), out, 0);
    for (size_t i = 0; i < p->tier_count; i++) {
        const struct progress_tier *t = &p->tiers[i];
        frame_row(&table,
                  &(struct frame_row){t->name, decided(t), t->arrived, pace_per_second(&t->pace),
                                      t->cost_pico_usd},
                  bar, &text);
    }
    frame_row(&table,
              &(struct frame_row){"all", progress_done(p), p->total, rate(p), p->cost_pico_usd},
              bar, &text);
    table_end(&table);
    table_fini(&table);
    buf_fini(&text);
}

void progress_frame(const struct progress *p, FILE *out, unsigned width) {
    struct buf text = {0};
    fprintf(out, "%s · batch %s · path %s\n", p->batch->name, p->batch->id_text, p->batch->path);
    frame_table(p, out, width);
    add_state(&text, p);
    buf_text(&text, " · ");
    add_verdicts(&text, p);
    if (p->spend_cap_pico_usd > 0) {
        buf_text(&text, " · ");
        add_money(&text, p);
    }
    fprintf(out, "%s\n", buf_string(&text));
    buf_fini(&text);
}

// --- lines

void progress_line(const struct progress *p, FILE *out) {
    struct buf text = {0};
    figure_time(&text, p->now_ms);
    text.len -= 4;  // the milliseconds
    buf_text(&text, "  ");
    figure_count(&text, progress_done(p));
    if (p->total >= 0) {
        buf_text(&text, " of ");
        figure_count(&text, p->total);
        buf_text(&text, " (");
        figure_share(&text, progress_done(p), p->total);
        buf_char(&text, ')');
    }
    buf_text(&text, "  ");
    figure_rate(&text, rate(p));
    buf_text(&text, "  ");
    add_money(&text, p);
    buf_text(&text, "  ");
    add_state(&text, p);
    buf_text(&text, "  ");
    add_verdicts(&text, p);
    buf_text(&text, "  decided by tier:");
    for (size_t i = 0; i < p->tier_count; i++) {
        buf_printf(&text, " %s ", p->tiers[i].name);
        figure_count(&text, decided(&p->tiers[i]));
    }
    fprintf(out, "%s\n", buf_string(&text));
    buf_fini(&text);
}

static void json_tier(struct buf *out, const struct progress_tier *t) {
    buf_char(out, '{');
    json_text(out, "tier", slice_of(t->name));
    json_count(out, "arrived", t->arrived);
    json_count(out, "attempts", t->attempts);
    json_count(out, "errors", t->errors);
    json_count(out, "accepted", t->accepted);
    json_count(out, "escalated", t->escalated);
    json_count(out, "ended", t->ended);
    json_real(out, "jobs_per_second", pace_per_second(&t->pace));
    json_usd(out, "cost_usd", t->cost_pico_usd);
    buf_char(out, '}');
}

static void json_known(struct buf *out, const char *key, int64_t count) {
    if (count < 0) {
        json_text(out, key, (struct slice){0});
    } else {
        json_count(out, key, count);
    }
}

static void json_counts(struct buf *out, const struct progress *p) {
    json_known(out, "total", p->total);
    json_count(out, "done", progress_done(p));
    json_count(out, "accepted", p->accepted);
    json_count(out, "review", p->review);
    json_count(out, "dead", p->dead);
    json_count(out, "expired", p->expired);
    json_count(out, "cancelled", p->cancelled);
    json_count(out, "bad_lines", p->bad_lines);
}

void progress_json(const struct progress *p, FILE *out) {
    struct buf text = {0};
    buf_char(&text, '{');
    json_time(&text, "time", p->now_ms);
    json_text(&text, "batch_id", slice_of(p->batch->id_text));
    json_text(&text, "name", slice_of(p->batch->name));
    json_counts(&text, p);
    json_bool(&text, "finished", progress_finished(p));
    json_count(&text, "elapsed_ms", elapsed_ms(p));
    json_known(&text, "left_ms", left_ms(p));
    json_real(&text, "jobs_per_second", rate(p));
    json_usd(&text, "cost_usd", p->cost_pico_usd);
    json_usd(&text, "shadow_cost_usd", p->shadow_pico_usd);
    json_key(&text, "tiers");
    buf_char(&text, '[');
    for (size_t i = 0; i < p->tier_count; i++) {
        buf_text(&text, i ? "," : "");
        json_tier(&text, &p->tiers[i]);
    }
    fprintf(out, "%s]}\n", buf_string(&text));
    buf_fini(&text);
}

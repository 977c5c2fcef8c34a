// taskfit review --stats: how the queue stands, and how far people agree.
#include <math.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "base/mem.h"
#include "cli/page.h"
#include "cli/review.h"
#include "io/pg_session.h"
#include "quality/kappa.h"

// The columns of the queries `review_queue_stats` and `review_pairs`, in their order.
enum queue_column {
    QUEUE_PATH, QUEUE_OPEN, QUEUE_HELD, QUEUE_OLDEST, QUEUE_CLOSED, QUEUE_ACCEPTED, QUEUE_NOW,
};

enum pair_column { PAIR_PATH, PAIR_FIRST, PAIR_SECOND, PAIR_A, PAIR_B, PAIR_COUNT };

struct queue {
    struct slice path;
    int64_t open, held, oldest_ms, closed, accepted, now_ms;
    struct kappa kappa;
};

static bool ask(struct pg_session *session, enum pg_statement statement,
                const struct review_filter *filter, const struct pg_result **result,
                struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(filter->path));
    pg_scalar(&params, PG_UUID);
    if (filter->has_batch) {
        pg_uuid(&params, filter->batch);
    } else {
        pg_null(&params);
    }
    bool ok = pg_session_run(session, statement, &params, result, err);
    pg_params_fini(&params);
    return ok;
}

static void read_queue(const struct pg_result *r, int row, struct arena *arena,
                       struct queue *queue) {
    *queue = (struct queue){
        .path = arena_slice(arena, pg_get_slice(r, row, QUEUE_PATH)),
        .open = pg_get_int(r, row, QUEUE_OPEN),
        .held = pg_get_int(r, row, QUEUE_HELD),
        .oldest_ms = pg_get_time(r, row, QUEUE_OLDEST),
        .closed = pg_get_int(r, row, QUEUE_CLOSED),
        .accepted = pg_get_int(r, row, QUEUE_ACCEPTED),
        .now_ms = pg_get_time(r, row, QUEUE_NOW),
    };
}

// --- agreement

// The classes that were met; an answer's place in them.
struct classes {
    struct slice *names;
    uint32_t count;
};

static uint32_t class_of(struct classes *classes, struct slice name) {
    uint32_t i = 0;
    while (i < classes->count && !slice_equal(classes->names[i], name)) {
        i++;
    }
    if (i == classes->count) {
        classes->names[classes->count++] = name;
    }
    return i;
}

static struct kappa path_kappa(const struct pg_result *pairs, struct slice path,
                               struct arena *arena) {
    size_t rows = (size_t)pg_rows(pairs), count = 0;
    struct kappa_cell *cells = arena_zalloc(arena, (rows + 1) * sizeof(*cells));
    struct classes classes = {arena_zalloc(arena, (2 * rows + 1) * sizeof(struct slice)), 0};
    for (int row = 0; row < (int)rows; row++) {
        if (!slice_equal(pg_get_slice(pairs, row, PAIR_PATH), path)) {
            continue;
        }
        cells[count].a = class_of(&classes, pg_get_slice(pairs, row, PAIR_A));
        cells[count].b = class_of(&classes, pg_get_slice(pairs, row, PAIR_B));
        cells[count++].count = (uint64_t)pg_get_int(pairs, row, PAIR_COUNT);
    }
    return kappa_of(cells, count, classes.count);
}

// --- for people and for programs

static void print_kappa(struct page *page, const struct kappa *kappa) {
    struct buf *out = &page->text;
    if (kappa->count == 0) {
        page_field(page, "agreement", slice_of("no job was looked at by two persons yet"));
        return;
    }
    figure_count(out, (int64_t)kappa->same);
    buf_text(out, " of ");
    figure_count(out, (int64_t)kappa->count);
    buf_printf(out, " second opinions the same (%.1f %%)", 100 * kappa->observed);
    page_flush(page, "agreement");
    if (isnan(kappa->value)) {
        page_field(page, "kappa", slice_of("none: only one answer was ever given"));
    } else {
        buf_printf(out, "%.2f, from %.2f to %.2f with 95 %% certainty", kappa->value, kappa->low,
                   kappa->high);
        page_flush(page, "kappa");
    }
}

static void print_queue(struct page *page, const struct queue *queue) {
    struct buf *out = &page->text;
    page_heading(page, "path %.*s", SLICE_ARGS(queue->path));
    figure_count(out, queue->open);
    if (queue->held > 0) {
        buf_printf(out, ", %lld of them looked at now", (long long)queue->held);
    }
    if (queue->open > 0) {
        buf_text(out, ", the oldest for ");
        figure_span(out, queue->now_ms - queue->oldest_ms);
    }
    page_flush(page, "open");
    figure_count(out, queue->closed);
    buf_text(out, ": a model's answer accepted ");
    figure_count(out, queue->accepted);
    buf_text(out, ", another given ");
    figure_count(out, queue->closed - queue->accepted);
    page_flush(page, "words");
    print_kappa(page, &queue->kappa);
}

static void write_queue(const struct queue *queue, FILE *file) {
    struct buf out = {0};
    const struct kappa *kappa = &queue->kappa;
    buf_char(&out, '{');
    json_text(&out, "path", queue->path);
    json_count(&out, "open", queue->open);
    json_count(&out, "leased", queue->held);
    json_time(&out, "oldest_at", queue->oldest_ms);
    json_count(&out, "closed", queue->closed);
    json_count(&out, "accepted", queue->accepted);
    json_count(&out, "corrected", queue->closed - queue->accepted);
    json_count(&out, "pairs", (int64_t)kappa->count);
    json_count(&out, "pairs_same", (int64_t)kappa->same);
    json_real(&out, "kappa", kappa->value);
    json_real(&out, "kappa_low", kappa->low);
    json_real(&out, "kappa_high", kappa->high);
    fprintf(file, "%s}\n", buf_string(&out));
    buf_fini(&out);
}

static bool collect(struct pg_session *session, const struct review_filter *filter,
                    struct arena *arena, struct queue **queues, size_t *count, struct err *err) {
    const struct pg_result *result;
    if (!ask(session, PG_review_queue_stats, filter, &result, err)) {
        return false;
    }
    *count = (size_t)pg_rows(result);
    *queues = arena_zalloc(arena, (*count + 1) * sizeof(**queues));
    for (size_t i = 0; i < *count; i++) {
        read_queue(result, (int)i, arena, &(*queues)[i]);
    }
    if (!ask(session, PG_review_pairs, filter, &result, err)) {
        return false;
    }
    for (size_t i = 0; i < *count; i++) {
        (*queues)[i].kappa = path_kappa(result, (*queues)[i].path, arena);
    }
    return true;
}

bool review_stats(struct pg_session *session, const struct review_filter *filter,
                  const struct review_options *options, struct arena *arena, struct err *err) {
    struct queue *queues;
    struct page page;
    size_t count;
    if (!collect(session, filter, arena, &queues, &count, err)) {
        return false;
    }
    page_init(&page, stdout, arena);
    for (size_t i = 0; i < count; i++) {
        if (options->json) {
            write_queue(&queues[i], stdout);
        } else {
            print_queue(&page, &queues[i]);
        }
    }
    page_fini(&page);
    if (count == 0) {
        fputs("taskfit: nothing ever waited for people\n", stderr);
    }
    return true;
}

#include "fleet/verdicts.h"

#include <string.h>

#include "base/mem.h"
#include "io/pg_value.h"
#include "job/answer.h"

enum { PAGE = 5000 };

// The columns of the query `audit_verdicts`, in its order.
enum column {
    COLUMN_AUDIT_TX, COLUMN_AUDIT, COLUMN_LABEL_TX, COLUMN_LABEL, COLUMN_PATH, COLUMN_CERTIFICATE,
    COLUMN_RIGHT, COLUMN_ANSWER,
};

void verdicts_init(struct verdicts *v, const struct config *config) {
    *v = (struct verdicts){.watches = mem_array(config->path_count + 1, sizeof(*v->watches))};
    arena_pool_init(&v->pool, 0);
    for (uint32_t i = 0; i < config->path_count; i++) {
        const struct path *path = &config->paths[i].policy;
        if (path->certificate && path->certificate->promises) {
            struct verdict_watch *watch = &v->watches[v->count++];
            watch->path = path;
            audit_init(&watch->audit, path->certificate->risk, path->certificate->delta);
        }
    }
}

void verdicts_fini(struct verdicts *v) {
    mem_free(v->watches);
    arena_pool_fini(&v->pool);
}

void verdicts_ask(const struct verdicts *v, struct pg_params *params) {
    pg_array(params, PG_TEXT);
    for (uint32_t i = 0; i < v->count; i++) {
        pg_slice(params, slice_of(v->watches[i].path->certificate->version));
    }
    const int64_t numbers[] = {v->last_audit.tx, v->last_audit.id, v->last_label.tx,
                               v->last_label.id, PAGE};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        pg_scalar(params, PG_INT8);
        pg_int8(params, numbers[i]);
    }
}

// A certificate may be that of several paths, and each keeps its promise or not.
static struct verdict_watch *find(struct verdicts *v, const struct pg_result *result, int row) {
    for (uint32_t i = 0; i < v->count; i++) {
        const struct path *path = v->watches[i].path;
        if (slice_is(pg_get_slice(result, row, COLUMN_CERTIFICATE), path->certificate->version) &&
            slice_is(pg_get_slice(result, row, COLUMN_PATH), path->name)) {
            return &v->watches[i];
        }
    }
    return NULL;
}

static void see(struct verdicts *v, const struct pg_result *result, int row) {
    struct verdict_watch *watch = find(v, result, row);
    struct arena arena;
    if (watch == NULL) {
        return;
    }
    arena_init(&arena, &v->pool);
    audit_see(&watch->audit, !answer_same(&watch->path->answer,
                                          pg_get_slice(result, row, COLUMN_RIGHT),
                                          pg_get_slice(result, row, COLUMN_ANSWER), &arena));
    arena_fini(&arena);
}

// The end of a page is told in rows of its own: most labels are of no audit.
static bool end_page(const struct pg_result *result, int row, int column,
                     struct verdict_place *last) {
    if (pg_is_null(result, row, column)) {
        return false;
    }
    *last = (struct verdict_place){pg_get_int(result, row, column),
                                   pg_get_int(result, row, column + 1)};
    return true;
}

bool verdicts_take(struct verdicts *v, const struct pg_result *result) {
    bool more = false;
    for (int row = 0; row < pg_rows(result); row++) {
        if (!pg_is_null(result, row, COLUMN_PATH)) {
            see(v, result, row);
        } else if (end_page(result, row, COLUMN_AUDIT_TX, &v->last_audit) ||
                   end_page(result, row, COLUMN_LABEL_TX, &v->last_label)) {
            more = true;
        }
    }
    return more;
}

const struct audit *verdicts_of(const struct verdicts *v, const struct path *path) {
    for (uint32_t i = 0; path->certificate && i < v->count; i++) {
        const struct path *watched = v->watches[i].path;
        if (strcmp(watched->name, path->name) == 0 &&
            strcmp(watched->certificate->version, path->certificate->version) == 0) {
            return &v->watches[i].audit;
        }
    }
    return NULL;
}

// The words of labelled jobs' inputs, which those of later ones are held against.
#include <math.h>

#include "base/mem.h"
#include "cli/labels_rows.h"
#include "io/pg_session.h"

// The columns of the query `tune_inputs`, in its order.
enum column { COLUMN_JOB, COLUMN_INPUT };

struct reading {
    struct labels_rows *rows;
    struct arena_pool pool;
    struct vocabulary_sample sample;
    uint32_t *items;  // of the sample's inputs
};

static bool on_rows(void *owner, const struct pg_result *result) {
    struct reading *r = owner;
    for (int row = 0; row < pg_rows(result); row++) {
        const struct uuid job = pg_get_uuid(result, row, COLUMN_JOB);
        struct words words;
        struct arena arena;
        uint32_t item;
        arena_init(&arena, &r->pool);
        if (labels_rows_find(r->rows, uuid_slice(&job), &item) &&
            words_of(pg_get_slice(result, row, COLUMN_INPUT), &arena, &words) &&
            vocabulary_add(&r->sample, &words)) {
            r->items[r->sample.inputs - 1] = item;
        }
        arena_fini(&arena);
    }
    return true;
}

static void learn(struct reading *r) {
    struct labels_rows *rows = r->rows;
    double *shares = mem_array(VOCABULARY_INPUTS, sizeof(*shares));
    vocabulary_learn(&r->sample, rows->arena, &rows->labels->vocabulary, shares);
    rows->unknown = mem_array(rows->items + 1u, sizeof(*rows->unknown));
    for (uint32_t i = 0; i < rows->items; i++) {
        rows->unknown[i] = NAN;
    }
    for (uint32_t i = 0; i < r->sample.inputs; i++) {
        rows->unknown[r->items[i]] = shares[i];
    }
    mem_free(shares);
}

bool labels_rows_words(struct labels_rows *rows, const struct labels_wanted *wanted,
                       struct pg_session *session, struct err *err) {
    struct reading *r = mem_zalloc(sizeof(*r));
    struct pg_params params = {0};
    r->rows = rows;
    r->items = mem_array(VOCABULARY_INPUTS, sizeof(*r->items));
    arena_pool_init(&r->pool, 1 << 16);
    labels_params(wanted, &params);
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, wanted->all);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, VOCABULARY_INPUTS);
    bool ok = pg_session_each(session, PG_tune_inputs, &params, on_rows, r, err);
    pg_params_fini(&params);
    if (ok) {
        learn(r);
    }
    vocabulary_sample_fini(&r->sample);
    arena_pool_fini(&r->pool);
    mem_free(r->items);
    mem_free(r);
    return ok;
}

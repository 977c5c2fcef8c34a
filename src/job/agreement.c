#include "job/agreement.h"

#include <math.h>

#include "base/json.h"

// The samples, read.
struct readings {
    const struct answer_form *form;
    const struct json *all;  // count 0: no answer
    uint32_t count;
    struct arena *arena;
};

static bool is_judged(const struct answer_field *field) {
    return field->label_count > 0;
}

static bool any_judged(const struct answer_form *form) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (is_judged(&form->fields[i])) {
            return true;
        }
    }
    return false;
}

// The value of a field; field NULL: the whole. False: it is not there.
static bool find_value(const struct json *json, const struct answer_field *field, uint32_t *node) {
    *node = field && field->name ? json_get(json, 0, field->name) : 0;
    return *node != 0 || field == NULL || field->name == NULL;
}

// Strings by their characters, however they were escaped; anything else as it was written. Fields
// that are missing in both agree.
static bool same(const struct readings *r, uint32_t a, uint32_t b,
                 const struct answer_field *field) {
    const struct json *x = &r->all[a], *y = &r->all[b];
    uint32_t i, j;
    if (x->count == 0 || y->count == 0) {
        return false;
    }
    bool in_x = find_value(x, field, &i), in_y = find_value(y, field, &j);
    if (!in_x || !in_y) {
        return in_x == in_y;
    }
    if (json_type(x, i) == JSON_STRING && json_type(y, j) == JSON_STRING) {
        return slice_equal(json_string(x, i, r->arena), json_string(y, j, r->arena));
    }
    return slice_equal(json_raw(x, i), json_raw(y, j));
}

static bool agree(const struct readings *r, uint32_t a, uint32_t b) {
    if (!any_judged(r->form)) {
        return same(r, a, b, NULL);
    }
    for (uint32_t i = 0; i < r->form->field_count; i++) {
        if (is_judged(&r->form->fields[i]) && !same(r, a, b, &r->form->fields[i])) {
            return false;
        }
    }
    return true;
}

static double share_of(const struct readings *r, uint32_t chosen,
                       const struct answer_field *field) {
    uint32_t having = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        having += same(r, chosen, i, field);
    }
    return (double)having / r->count;
}

static uint32_t choose(const struct readings *r) {
    uint32_t chosen = 0, most = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        uint32_t with = 0;
        for (uint32_t j = 0; j < r->count; j++) {
            with += agree(r, i, j);
        }
        if (with > most) {
            chosen = i;
            most = with;
        }
    }
    return chosen;
}

bool agreement_find(const struct answer_form *form, const struct sample *samples, uint32_t count,
                    struct arena *arena, struct slice *answer, double *share) {
    struct json *all = arena_zalloc(arena, count * sizeof(*all));
    const struct readings r = {.form = form, .all = all, .count = count, .arena = arena};
    struct err err;
    bool any = false;
    for (uint32_t i = 0; i < count; i++) {
        if (samples[i].answer.at == NULL ||
            !json_parse(&all[i], samples[i].answer, &json_default_limits, arena, &err)) {
            all[i] = (struct json){0};
        }
        any |= all[i].count > 0;
    }
    if (!any) {
        return false;
    }
    uint32_t chosen = choose(&r);
    *answer = samples[chosen].answer;
    *share = any_judged(form) ? 1 : share_of(&r, chosen, NULL);
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (is_judged(&form->fields[i])) {
            *share = fmin(*share, share_of(&r, chosen, &form->fields[i]));
        }
    }
    return true;
}

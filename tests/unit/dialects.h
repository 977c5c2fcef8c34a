// A scene for the tests of dialects: a model, a path, and what goes out and comes in.
#ifndef TASKFIT_TESTS_DIALECTS_H
#define TASKFIT_TESTS_DIALECTS_H

#include <math.h>
#include <stdio.h>

#include "dialect/dialect.h"
#include "unit.h"

struct scene {
    struct arena_pool pool;
    struct arena arena;
    struct buf body;
    struct err err;
    struct model model;
    struct path path;
    struct request request;
    struct reply reply;
    struct reading reading;
};

static inline int scene_setup(void **state) {
    static struct scene s;
    s = (struct scene){.model = {.name = "m@1", .key = "sk-secret"}};
    s.request = (struct request){.model = &s.model, .path = &s.path};
    arena_init(&s.arena, &s.pool);
    *state = &s;
    return 0;
}

static inline int scene_teardown(void **state) {
    struct scene *s = *state;
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
    buf_fini(&s->body);
    return 0;
}

static inline void scene_read(struct scene *s, uint32_t status, const char *body) {
    s->reply.status = status;
    s->reply.body = slice_of(body);
    dialect_read(&s->request, &s->reply, &s->arena, &s->reading);
}

static inline bool scene_build(struct scene *s, const char *payload, bool prompted) {
    s->request.payload = slice_of(payload);
    s->request.prompted = prompted;
    buf_clear(&s->body);
    return s->model.dialect->build(&s->request, &s->body, &s->err);
}

#define assert_reason(actual, wanted) \
    assert_string_equal(reason_code(actual), reason_code(REASON_##wanted))

#define assert_sends(s, payload, prompted, wanted)               \
    do {                                                         \
        if (!scene_build(s, payload, prompted)) {                \
            fail_msg("%s: %s", payload, (s)->err.text);          \
        }                                                        \
        assert_string_equal(buf_string(&(s)->body), wanted);     \
    } while (0)

// A path whose answer is one of three labels, and one with fields.
static const char *const scene_taxes[] = {"CGST_SGST", "IGST", "CGST_UTGST"};
static const struct answer_field scene_tax = {.labels = scene_taxes, .label_count = 3};
static const struct answer_field scene_fields[] = {
    {.name = "tax", .labels = scene_taxes, .label_count = 3},
    {.name = "why", .optional = true},
};

static inline void scene_labels(struct scene *s) {
    s->path.answer = (struct answer_form){&scene_tax, 1};
}

static inline void scene_named(struct scene *s) {
    s->path.answer = (struct answer_form){scene_fields, 2};
}

#define SCENE_TEST(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

#endif

#include "dialect/vllm_classify.h"

#include <math.h>

#include "dialect/classes.h"
#include "dialect/reading.h"

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct classes_form form = {
        .member = "input", .names_model = true, .write = classes_write_raw};
    return classes_build(request, &form, body, err);
}

// False: no array of numbers.
static bool read_best(const struct json *body, uint32_t probs, double *best, double *at_best) {
    uint32_t count = 0;
    *best = 0;
    *at_best = -INFINITY;
    for (uint32_t i = json_first(body, probs); i; i = json_after(body, probs, i)) {
        double p;
        if (!json_number(body, i, &p)) {
            return false;
        }
        if (p > *at_best) {
            *best = count;
            *at_best = p;
        }
        count++;
    }
    return count > 0;
}

static void read_reply(const struct request *request, const struct json *body, struct arena *arena,
                       struct reading *reading) {
    uint32_t data = json_get(body, 0, "data");
    uint32_t first = data ? json_at(body, data, 0) : 0;
    uint32_t probs = reading_get(body, first, "probs");
    uint32_t name = reading_get(body, first, "label");
    uint32_t usage = json_get(body, 0, "usage");
    double best, at_best;
    reading->usage.input_tokens = reading_tokens(body, usage, "prompt_tokens");
    if (probs == 0 || json_type(body, probs) != JSON_ARRAY ||
        !read_best(body, probs, &best, &at_best)) {
        reading_misfit(request, body, arena, reading, "no numbers in data[0].probs");
        return;
    }
    struct slice label = request->model->label_count > 0 ? classes_label(request, best)
                         : name ? json_string(body, name, arena) : (struct slice){0};
    if (label.at == NULL) {
        reading_misfit(request, body, arena, reading, "no class of the model's `labels`");
        reading->error = REASON_ANSWER_MISSING;
        return;
    }
    classes_answer(request, label, at_best, arena, reading);
}

const struct dialect vllm_classify_dialect = {
    .name = "vllm_classify",
    .build = build,
    .read = read_reply,
    .key_header = "Authorization: Bearer ",
    .classes = true,
};

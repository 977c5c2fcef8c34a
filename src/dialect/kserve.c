#include "dialect/kserve.h"

#include <math.h>

#include "dialect/classes.h"
#include "dialect/reading.h"

// --- the request

static void write_inputs(const struct request *request, const struct json *payload,
                         struct buf *body) {
    bool text = json_type(payload, 0) == JSON_STRING;
    buf_text(body, "[{\"name\":");
    buf_json_string(body, slice_of(request->model->tensor_input));
    if (text) {
        buf_text(body, ",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":[");
    } else {
        buf_printf(body, ",\"shape\":[1,%u],\"datatype\":\"FP32\",\"data\":",
                   payload->nodes[0].count);
    }
    buf_slice_add(body, json_raw(payload, 0));
    buf_text(body, text ? "]}]" : "}]");
}

static void write_outputs(const struct request *request, struct members *members) {
    const char *const names[] = {request->model->tensor_answer,
                                 request->model->tensor_probabilities};
    const char *comma = "";
    if (!members_add(members, "outputs")) {
        return;
    }
    buf_char(members->body, '[');
    for (size_t i = 0; i < 2; i++) {
        if (names[i]) {
            buf_printf(members->body, "%s{\"name\":", comma);
            buf_json_string(members->body, slice_of(names[i]));
            buf_char(members->body, '}');
            comma = ",";
        }
    }
    buf_char(members->body, ']');
}

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct classes_form form = {
        .member = "inputs", .numbers = true, .write = write_inputs, .finish = write_outputs};
    return classes_build(request, &form, body, err);
}

// --- tensors

static uint32_t find_data(const struct json *body, uint32_t outputs, const char *name) {
    for (uint32_t i = json_first(body, outputs); i; i = json_after(body, outputs, i)) {
        uint32_t is = json_get(body, i, "name");
        uint32_t data = json_get(body, i, "data");
        if (is && json_string_is(body, is, name)) {
            return data && json_type(body, data) == JSON_ARRAY ? data : 0;
        }
    }
    return 0;
}

// Data are flat or nested, always row by row: the elements are what is no array, in order.
static uint32_t next_element(const struct json *body, uint32_t data, uint32_t at) {
    at = at ? at + 1 : data + 1;
    while (at < body->nodes[data].next && json_type(body, at) == JSON_ARRAY) {
        at++;
    }
    return at < body->nodes[data].next ? at : 0;
}

static bool find_tensor(const struct request *request, const struct json *body, const char *name,
                        struct arena *arena, struct reading *reading, uint32_t *data) {
    uint32_t outputs = json_get(body, 0, "outputs");
    bool list = outputs && json_type(body, outputs) == JSON_ARRAY;
    *data = name && list ? find_data(body, outputs, name) : 0;
    if (name && *data == 0) {
        struct slice what = arena_printf(arena, "no tensor '%s'", name);
        reading_misfit(request, body, arena, reading, arena_string(arena, what));
        return false;
    }
    return true;
}

// --- the answer

// The probabilities: which is the highest, and that of one class.
struct odds {
    double best, at_best;  // index of the most probable class, its probability
    double asked;          // of the class that was asked for
};

// False: they are not one for each label, or no numbers.
static bool read_odds(const struct request *request, const struct json *body, uint32_t data,
                      struct slice label, struct odds *odds) {
    uint32_t count = 0;
    *odds = (struct odds){.at_best = -INFINITY, .asked = NAN};
    for (uint32_t i = next_element(body, data, 0); i; i = next_element(body, data, i)) {
        double p;
        if (!json_number(body, i, &p) || count == request->model->label_count) {
            return false;
        }
        if (p > odds->at_best) {
            odds->best = count;
            odds->at_best = p;
        }
        if (slice_equal(classes_label(request, count), label)) {
            odds->asked = p;
        }
        count++;
    }
    return count > 0 && count == request->model->label_count;
}

// A tensor of labels holds their names, or their indexes.
static struct slice read_label(const struct request *request, const struct json *body,
                               uint32_t data, struct arena *arena) {
    double index;
    uint32_t first = next_element(body, data, 0);
    if (first && json_number(body, first, &index)) {
        struct slice label = classes_label(request, index);
        return label.at || request->model->label_count > 0 ? label : json_raw(body, first);
    }
    return first ? json_string(body, first, arena) : (struct slice){0};
}

static void read_answer(const struct request *request, const struct json *body, uint32_t answer,
                        uint32_t probabilities, struct reading *reading, struct arena *arena) {
    struct odds odds = {.asked = NAN};
    struct slice label = answer ? read_label(request, body, answer, arena) : (struct slice){0};
    if (probabilities && !read_odds(request, body, probabilities, label, &odds)) {
        struct slice what = arena_printf(arena, "tensor '%s' has not one number for each of %u "
                                         "labels", request->model->tensor_probabilities,
                                         request->model->label_count);
        reading_misfit(request, body, arena, reading, arena_string(arena, what));
        return;
    }
    if (answer == 0) {
        label = classes_label(request, odds.best);
        odds.asked = odds.at_best;
    }
    if (label.at == NULL) {
        reading_misfit(request, body, arena, reading, "no class");
        reading->error = REASON_ANSWER_MISSING;
        return;
    }
    classes_answer(request, label, odds.asked, arena, reading);
}

static void read_reply(const struct request *request, const struct json *body, struct arena *arena,
                       struct reading *reading) {
    const struct model *model = request->model;
    uint32_t answer, probabilities;
    if (find_tensor(request, body, model->tensor_answer, arena, reading, &answer) &&
        find_tensor(request, body, model->tensor_probabilities, arena, reading,
                    &probabilities)) {
        read_answer(request, body, answer, probabilities, reading, arena);
    }
}

const struct dialect kserve_dialect = {
    .name = "kserve",
    .build = build,
    .read = read_reply,
    .key_header = "Authorization: Bearer ",
    .classes = true,
    .tensors = true,
};

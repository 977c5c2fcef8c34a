#include "dialect/hf_classify.h"

#include <math.h>

#include "dialect/classes.h"
#include "dialect/reading.h"

static bool build(const struct request *request, struct buf *body, struct err *err) {
    static const struct classes_form form = {.member = "inputs", .write = classes_write_raw};
    return classes_build(request, &form, body, err);
}

// LABEL_3 → what class 3 is called.
static struct slice renamed(const struct request *request, struct slice label) {
    static const char unnamed[] = "LABEL_";
    size_t at = sizeof(unnamed) - 1;
    double index = 0;
    if (label.len <= at || label.len > at + 6 || memcmp(label.at, unnamed, at) != 0) {
        return label;
    }
    for (; at < label.len; at++) {
        if (label.at[at] < '0' || label.at[at] > '9') {
            return label;
        }
        index = index * 10 + (label.at[at] - '0');
    }
    struct slice name = classes_label(request, index);
    return name.at ? name : label;
}

// The list of classes is the reply, or its first element.
static uint32_t find_list(const struct json *body) {
    uint32_t first = json_type(body, 0) == JSON_ARRAY ? json_at(body, 0, 0) : 0;
    return first && json_type(body, first) == JSON_ARRAY ? first : 0;
}

static void read_reply(const struct request *request, const struct json *body, struct arena *arena,
                       struct reading *reading) {
    uint32_t list = find_list(body), best = 0;
    double at_best = -INFINITY;
    for (uint32_t i = json_first(body, list); i; i = json_after(body, list, i)) {
        double score;
        uint32_t node = json_get(body, i, "score");
        uint32_t label = json_get(body, i, "label");
        if (node && label && json_type(body, label) == JSON_STRING &&
            json_number(body, node, &score) && score > at_best) {
            best = label;
            at_best = score;
        }
    }
    if (best == 0) {
        reading_misfit(request, body, arena, reading, "no list of labels with scores");
        return;
    }
    classes_answer(request, renamed(request, json_string(body, best, arena)), at_best, arena,
                   reading);
}

const struct dialect hf_classify_dialect = {
    .name = "hf_classify",
    .build = build,
    .read = read_reply,
    .key_header = "Authorization: Bearer ",
    .classes = true,
};

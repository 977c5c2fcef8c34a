#include "job/stored_reasons.h"

#include "base/json.h"

static void read_texts(struct slice explanation, uint32_t count, struct arena *arena,
                       struct decision_reason *reasons) {
    struct json json;
    struct err err;
    uint32_t place = 0;
    if (explanation.at == NULL ||
        !json_parse(&json, explanation, &json_default_limits, arena, &err)) {
        return;
    }
    for (uint32_t i = json_first(&json, 0); i && place < count; i = json_after(&json, 0, i)) {
        uint32_t text = json_get(&json, i, "text");
        if (text && json_type(&json, text) == JSON_STRING) {
            reasons[place].text = json_string(&json, text, arena);
        }
        place++;
    }
}

uint32_t stored_reasons_read(struct slice codes, struct slice explanation, struct arena *arena,
                             struct decision_reason reasons[DECISION_REASONS_MOST]) {
    uint32_t count = 0;
    while (codes.len > 0 && count < DECISION_REASONS_MOST) {
        reasons[count++] = (struct decision_reason){.code = slice_take(&codes, ',')};
    }
    read_texts(explanation, count, arena, reasons);
    return count;
}

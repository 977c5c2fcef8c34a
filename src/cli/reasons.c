#include "cli/reasons.h"

#include "base/json.h"
#include "base/line.h"

enum { WORDS_BYTES = 2000 };

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

uint32_t reasons_read(struct slice codes, struct slice explanation, struct arena *arena,
                      struct decision_reason reasons[DECISION_REASONS_MOST]) {
    uint32_t count = 0;
    while (codes.len > 0 && count < DECISION_REASONS_MOST) {
        const char *comma = memchr(codes.at, ',', codes.len);
        size_t len = comma ? (size_t)(comma - codes.at) : codes.len;
        reasons[count++] = (struct decision_reason){.code = {codes.at, len}};
        len += comma != NULL;
        codes = (struct slice){codes.at + len, codes.len - len};
    }
    read_texts(explanation, count, arena, reasons);
    return count;
}

struct slice reason_words(const struct decision_reason *reason, struct arena *arena) {
    enum reason known = reason_parse(reason->code);
    struct slice text = line_of(reason->text, WORDS_BYTES, arena);
    if (known == REASON_NONE) {
        return text;
    }
    return text.len > 0 ? arena_printf(arena, "%s: %.*s", reason_text(known), SLICE_ARGS(text))
                        : slice_of(reason_text(known));
}

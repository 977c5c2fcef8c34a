#include "job/reason.h"

static const struct {
    const char *code, *text;
    enum reason_effect effect;
} reasons[REASON_COUNT] = {
    [REASON_NONE] = {"", "", REASON_EFFECT_NOTE},
#define REASON_ROW(name, effect, code, text) [REASON_##name] = {code, text, REASON_EFFECT_##effect},
    REASONS(REASON_ROW)
#undef REASON_ROW
};

const char *reason_code(enum reason reason) {
    return reasons[reason].code;
}

const char *reason_text(enum reason reason) {
    return reasons[reason].text;
}

enum reason_effect reason_effect(enum reason reason) {
    return reasons[reason].effect;
}

enum reason reason_parse(struct slice code) {
    for (int i = 1; i < REASON_COUNT; i++) {
        if (slice_is(code, reasons[i].code)) {
            return (enum reason)i;
        }
    }
    return REASON_NONE;
}

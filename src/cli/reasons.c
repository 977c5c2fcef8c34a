#include "cli/reasons.h"

#include "base/line.h"

enum { WORDS_BYTES = 2000 };

struct slice reason_words(const struct decision_reason *reason, struct arena *arena) {
    enum reason known = reason_parse(reason->code);
    struct slice text = line_of(reason->text, WORDS_BYTES, arena);
    if (known == REASON_NONE) {
        return text;
    }
    return text.len > 0 ? arena_printf(arena, "%s: %.*s", reason_text(known), SLICE_ARGS(text))
                        : slice_of(reason_text(known));
}

#include "dialect/reading.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/line.h"
#include "job/agreement.h"

// Bytes looked at: what is behind them is cut anyway. A key that this cut halves is beyond the cut
// of the line.
enum { LOOKED_AT_BYTES = 4096 };

static void hide(char *text, const char *key) {
    size_t len = key ? strlen(key) : 0;
    while (len > 0 && (text = strstr(text, key)) != NULL) {
        memset(text, '*', len);
        text += len;
    }
}

void reading_text(const struct request *request, struct arena *arena, struct reading *reading,
                  const char *format, ...) {
    char text[LOOKED_AT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    hide(text, request->model->key);
    reading->error_text = line_of(slice_of(text), ERROR_TEXT_BYTES, arena);
}

void reading_misfit(const struct request *request, const struct json *body, struct arena *arena,
                    struct reading *reading, const char *what) {
    reading->error = REASON_ERROR_REPLY;
    reading_text(request, arena, reading, "%s in the reply: %.*s", what,
                 SLICE_ARGS(json_raw(body, 0)));
}

// More than any model takes or gives; above it a price times tokens would be nonsense too.
enum { TOKENS_MOST = 100000000 };

uint32_t reading_tokens(const struct json *body, uint32_t usage, const char *member) {
    int64_t tokens;
    uint32_t node = reading_get(body, usage, member);
    if (node == 0 || !json_integer(body, node, &tokens) || tokens < 0 || tokens > TOKENS_MOST) {
        return 0;
    }
    return (uint32_t)tokens;
}

uint32_t reading_get(const struct json *body, uint32_t object, const char *member) {
    return object ? json_get(body, object, member) : 0;
}

double reading_confidence(const struct json *body, struct slice answer, struct arena *arena) {
    struct json json;
    struct err err;
    double value;
    uint32_t node = json_get(body, 0, "confidence");
    if (node) {
        return json_number(body, node, &value) ? value : NAN;
    }
    if (!json_parse(&json, answer, &json_default_limits, arena, &err)) {
        return NAN;
    }
    node = json_get(&json, 0, "confidence");
    return node && json_number(&json, node, &value) ? value : NAN;
}

bool reading_agree(const struct request *request, const struct sample *samples, uint32_t count,
                   struct arena *arena, struct reading *reading) {
    double share;
    if (!agreement_find(&request->path->answer, samples, count, arena, &reading->answer, &share)) {
        return false;
    }
    reading->signals.field = count >= request->model->samples ? share : NAN;
    return true;
}

#include "gateway/batch_errors.h"

#include "base/json_out.h"

enum { SHOWN = 100 };

void batch_errors_init(struct batch_errors *errors) {
    *errors = (struct batch_errors){0};
}

void batch_errors_fini(struct batch_errors *errors) {
    buf_fini(&errors->text);
}

void batch_errors_add(struct batch_errors *errors, struct batch_error error) {
    if (errors->count++ >= SHOWN) {
        return;
    }
    struct buf *out = &errors->text;
    buf_text(out, errors->count == 1 ? "[{" : ",{");
    json_text(out, "code", slice_of(error.code));
    if (error.line > 0) {
        json_count(out, "line", error.line);
    } else {
        json_text(out, "line", (struct slice){0});
    }
    json_text(out, "message", error.message);
    json_text(out, "param", slice_of(error.param));
    buf_char(out, '}');
}

struct slice batch_errors_json(struct batch_errors *errors) {
    if (errors->count == 0) {
        return (struct slice){0};
    }
    if (errors->text.data[errors->text.len - 1] != ']') {
        buf_char(&errors->text, ']');
    }
    return buf_slice(&errors->text);
}

#include "cli/csv_field.h"

#include <string.h>

void csv_field(struct buf *out, struct slice text) {
    bool quoted = false;
    for (size_t i = 0; i < text.len && !quoted; i++) {
        quoted = strchr(",\"\r\n", text.at[i]) != NULL;
    }
    if (!quoted) {
        buf_slice_add(out, text);
        return;
    }
    buf_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '"') {
            buf_char(out, '"');
        }
        buf_char(out, text.at[i]);
    }
    buf_char(out, '"');
}

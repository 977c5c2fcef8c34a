// A source fed in pieces, and what it gave, written down a line a record:
//     3 id=a input={…} key=k        4 bad: reason        fail: text
#ifndef TASKFIT_TESTS_SOURCE_SCENE_H
#define TASKFIT_TESTS_SOURCE_SCENE_H

#include <inttypes.h>

#include "base/buf.h"
#include "job/source.h"
#include "unit.h"

static inline void scene_write(struct buf *out, const struct source_record *record) {
    buf_printf(out, "%" PRIu64, record->line);
    if (record->bad.at) {
        buf_printf(out, " bad: %.*s\n", SLICE_ARGS(record->bad));
        return;
    }
    buf_printf(out, " id=%.*s input=%.*s", SLICE_ARGS(record->custom_id),
               SLICE_ARGS(record->input));
    if (record->order_key.at) {
        buf_printf(out, " key=%.*s", SLICE_ARGS(record->order_key));
    }
    buf_char(out, '\n');
}

// Gives `first` bytes, then pieces of `size`, each in memory of its own so that a sanitizer sees
// who reads too far.
static inline void scene_run(const struct source_options *options, struct slice text, size_t first,
                             size_t size, struct buf *out) {
    struct source *source = source_new(options);
    struct source_record record;
    struct err err;
    enum source_step step;
    buf_clear(out);
    while ((step = source_next(source, &record, &err)) != SOURCE_END && step != SOURCE_FAIL) {
        if (step != SOURCE_MORE) {
            scene_write(out, &record);
            continue;
        }
        size_t len = first > 0 ? first : size;
        len = len < text.len ? len : text.len;
        struct buf piece = {0};
        buf_bytes(&piece, text.at, len);
        source_put(source, buf_slice(&piece));
        buf_fini(&piece);
        text = (struct slice){text.at + len, text.len - len};
        first = 0;
    }
    if (step == SOURCE_FAIL) {
        buf_printf(out, "fail: %s\n", err.text);
    }
    source_free(source);
    buf_string(out);
}

// The whole at once, cut in two at every byte, and byte by byte: all give `expected`.
static inline void assert_source(const struct source_options *options, struct slice text,
                                 const char *expected) {
    struct buf out = {0};
    scene_run(options, text, 0, text.len + 1, &out);
    assert_string_equal(out.data, expected);
    for (size_t cut = 1; cut < text.len; cut++) {
        scene_run(options, text, cut, text.len, &out);
        assert_string_equal(out.data, expected);
    }
    scene_run(options, text, 0, 1, &out);
    assert_string_equal(out.data, expected);
    buf_fini(&out);
}

#endif

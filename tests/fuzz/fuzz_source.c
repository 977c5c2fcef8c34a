// The readers of submitted files: the first byte picks format and options, the second where the
// rest is cut in two. However it is cut, the same records come out.
#include <assert.h>

#include "base/buf.h"
#include "base/json.h"
#include "job/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(struct buf *out, const struct source_record *record) {
    const struct slice parts[] = {record->input, record->custom_id, record->order_key,
                                  record->bad};
    buf_be64(out, record->line);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        buf_be32(out, (uint32_t)parts[i].len);
        buf_slice_add(out, parts[i]);
    }
}

static void check(const struct source_options *options, const struct source_record *record) {
    const struct json_limits limits = {options->input_depth, json_default_limits.nodes};
    struct err err;
    assert(record->custom_id.len > 0 && record->input.len <= options->input_bytes);
    bool json = json_check(record->input, &limits, &err);
    assert(json || options->format == SOURCE_CSV);
    (void)json;
}

static void run(const struct source_options *options, struct slice text, size_t cut,
                struct buf *out) {
    struct source *source = source_new(options);
    struct source_record record;
    struct err err;
    enum source_step step;
    while ((step = source_next(source, &record, &err)) != SOURCE_END && step != SOURCE_FAIL) {
        if (step == SOURCE_MORE) {
            size_t len = cut < text.len ? cut : text.len;
            struct buf piece = {0};
            buf_bytes(&piece, text.at, len);
            source_put(source, buf_slice(&piece));
            buf_fini(&piece);
            text = (struct slice){text.at + len, text.len - len};
            cut = text.len;
            continue;
        }
        if (step == SOURCE_RECORD) {
            check(options, &record);
        }
        note(out, &record);
    }
    buf_char(out, (char)step);
    source_free(source);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    struct source_options options = {
        .format = (enum source_format)(data[0] % 3),
        .id_field = data[0] & 16 ? "a" : NULL,
        .order_field = data[0] & 32 ? "b" : NULL,
        .input_bytes = 64,
        .input_depth = 4,
    };
    struct slice text = {(const char *)data + 2, size - 2};
    struct buf whole = {0}, cut = {0};
    enum source_format format;
    struct err err;
    run(&options, text, text.len ? text.len : 1, &whole);
    run(&options, text, 1 + data[1] % (text.len ? text.len : 1), &cut);
    assert(slice_equal(buf_slice(&whole), buf_slice(&cut)));
    if (source_sniff(text, &err)) {
        (void)!source_guess(text, NULL, &format, &err);
    }
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}

#include "cli/inputs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/json.h"
#include "job/source.h"

struct reader {
    const char *file;
    FILE *in;
    struct buf head;   // as much as one input may be
    bool head_put;
    char piece[65536];
};

static bool read_head(struct reader *r, size_t most, struct err *err) {
    while (r->head.len <= most) {
        char *room = buf_reserve(&r->head, sizeof(r->piece));
        size_t got = fread(room, 1, sizeof(r->piece), r->in);
        if (got == 0) {
            break;
        }
        r->head.len += got;
    }
    if (ferror(r->in)) {
        return err_exit(err, EX_NOINPUT, "%s: %s", r->file, strerror(errno));
    }
    return source_sniff(buf_slice(&r->head), err) || err_prefix(err, "%s", r->file);
}

static struct slice next_piece(struct reader *r) {
    if (!r->head_put) {
        r->head_put = true;
        return buf_slice(&r->head);
    }
    return (struct slice){r->piece, fread(r->piece, 1, sizeof(r->piece), r->in)};
}

static bool bad_line(const struct reader *r, const struct source_record *record,
                     struct err *err) {
    return err_exit(err, EX_DATAERR, "%s: line %" PRIu64 ": %.*s", r->file, record->line,
                    SLICE_ARGS(record->bad));
}

static bool read_records(struct reader *r, struct source *source, size_t most,
                         struct arena *arena, struct inputs *inputs, struct err *err) {
    struct source_record record;
    while (inputs->count < most) {
        switch (source_next(source, &record, err)) {
        case SOURCE_RECORD:
            inputs->items[inputs->count++] = arena_slice(arena, record.input);
            break;
        case SOURCE_BAD:
            return bad_line(r, &record, err);
        case SOURCE_MORE:
            source_put(source, next_piece(r));
            break;
        case SOURCE_END:
            return inputs->count > 0 ||
                   err_exit(err, EX_DATAERR, "%s: there is no input in it", r->file);
        case SOURCE_FAIL:
            return err_prefix(err, "%s", r->file);
        }
    }
    return true;
}

static bool read_source(struct reader *r, size_t most, const struct source_options *options,
                        struct arena *arena, struct inputs *inputs, struct err *err) {
    struct source *source = source_new(options);
    bool ok = read_records(r, source, most, arena, inputs, err);
    source_free(source);
    return ok;
}

// A JSON document that spreads over lines is one input; one on a line may be an OpenAI batch's.
static bool is_document(const struct reader *r, size_t input_bytes) {
    struct slice text = buf_slice(&r->head);
    struct err err;
    return text.len <= input_bytes && memchr(text.at, '\n', text.len) &&
           memchr(text.at, '\n', text.len) != text.at + text.len - 1 &&
           json_check(text, &json_default_limits, &err);
}

static bool read_all(struct reader *r, size_t most, size_t input_bytes, struct arena *arena,
                     struct inputs *inputs, struct err *err) {
    struct source_options options = {.input_bytes = input_bytes,
                                     .input_depth = json_default_limits.depth};
    if (!read_head(r, input_bytes, err)) {
        return false;
    }
    inputs->items = arena_zalloc(arena, most * sizeof(*inputs->items));
    if (is_document(r, input_bytes)) {
        inputs->items[inputs->count++] = arena_slice(arena, buf_slice(&r->head));
        return true;
    }
    if (!source_guess(buf_slice(&r->head), r->file, &options.format, err)) {
        return err_prefix(err, "%s", r->file);
    }
    return read_source(r, most, &options, arena, inputs, err);
}

const char *inputs_file(const char *file) {
    return strcmp(file, "-") == 0 ? NULL : file;
}

bool inputs_read(const char *file, size_t most, size_t input_bytes, struct arena *arena,
                 struct inputs *inputs, struct err *err) {
    bool is_stdin = strcmp(file, "-") == 0;
    struct reader r = {.file = is_stdin ? "standard input" : file};
    *inputs = (struct inputs){0};
    r.in = is_stdin ? stdin : fopen(file, "re");
    if (r.in == NULL) {
        return err_exit(err, EX_NOINPUT, "%s: %s", file, strerror(errno));
    }
    bool ok = read_all(&r, most, input_bytes, arena, inputs, err);
    buf_fini(&r.head);
    if (!is_stdin) {
        fclose(r.in);
    }
    return ok;
}

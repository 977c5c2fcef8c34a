#include "cli/records.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/json.h"
#include "base/mem.h"

enum { PIECE_BYTES = 1 << 18 };

struct reading {
    const struct records_options *options;
    const char *name;  // for people
    FILE *in;
    char *piece;
    records_each *each;
    void *owner;
};

static struct slice next_piece(struct reading *r) {
    struct slice piece = {r->piece, fread(r->piece, 1, PIECE_BYTES, r->in)};
    if (r->options->sha) {
        sha256_update(r->options->sha, piece);
    }
    return piece;
}

static bool at_end(const struct reading *r, struct err *err) {
    return !ferror(r->in) || err_exit(err, EX_NOINPUT, "%s: %s", r->name, strerror(errno));
}

// A record that is refused; true: the next one is read.
static bool refuse(struct reading *r, uint64_t line, struct err *err) {
    if (r->options->bad && err->exit_code == EX_DATAERR) {
        bad_lines_add(r->options->bad, line, slice_of(err->text));
        return true;
    }
    return err_prefix(err, "%s: line %" PRIu64, r->name, line);
}

static bool read_records(struct reading *r, struct source *source, struct err *err) {
    struct source_record record;
    for (;;) {
        switch (source_next(source, &record, err)) {
        case SOURCE_RECORD:
            if (!r->each(r->owner, &record, err) && !refuse(r, record.line, err)) {
                return false;
            }
            break;
        case SOURCE_BAD:
            err_exit(err, EX_DATAERR, "%.*s", SLICE_ARGS(record.bad));
            if (!refuse(r, record.line, err)) {
                return false;
            }
            break;
        case SOURCE_MORE:
            source_put(source, next_piece(r));
            break;
        case SOURCE_END:
            return at_end(r, err);
        case SOURCE_FAIL:
            return err_prefix(err, "%s", r->name);
        }
    }
}

static bool read_file(struct reading *r, struct err *err) {
    struct source_options options = {.input_bytes = r->options->row_bytes,
                                     .input_depth = json_default_limits.depth,
                                     .no_ids = true};
    struct slice piece = next_piece(r);
    if (!at_end(r, err)) {
        return false;
    }
    if (!source_sniff(piece, err) || !source_guess(piece, r->name, &options.format, err)) {
        return err_prefix(err, "%s", r->name);
    }
    struct source *source = source_new(&options);
    source_put(source, piece);
    bool ok = read_records(r, source, err);
    source_free(source);
    return ok;
}

bool records_read(const struct records_options *options, records_each *each, void *owner,
                  struct err *err) {
    bool is_stdin = strcmp(options->file, "-") == 0;
    struct reading r = {.options = options, .each = each, .owner = owner,
                        .name = is_stdin ? "standard input" : options->file};
    r.in = is_stdin ? stdin : fopen(options->file, "re");
    if (r.in == NULL) {
        return err_exit(err, EX_NOINPUT, "%s: %s", options->file, strerror(errno));
    }
    r.piece = mem_alloc(PIECE_BYTES);
    bool ok = read_file(&r, err);
    mem_free(r.piece);
    if (!is_stdin) {
        fclose(r.in);
    }
    return ok;
}

#include <strings.h>
#include <sysexits.h>

#include "job/openai_batch.h"
#include "job/lines.h"
#include "job/source.h"

struct magic {
    const char *bytes;
    size_t len;
    const char *what;
};

#define MAGIC(bytes, what) {bytes, sizeof(bytes) - 1, what}

static const struct magic magics[] = {
    MAGIC("\x1f\x8b", "compressed by gzip: gunzip -c it into `taskfit submit -`"),
    MAGIC("\x28\xb5\x2f\xfd", "compressed by zstd: zstdcat it into `taskfit submit -`"),
    MAGIC("PK\x03\x04", "a zip archive or a spreadsheet: save it as CSV"),
    MAGIC("PAR1", "Parquet: write it as NDJSON or CSV"),
    MAGIC("%PDF", "a PDF; wanted: NDJSON, CSV or OpenAI batch JSONL"),
    MAGIC("\xff\xfe", "UTF-16: iconv -f UTF-16 -t UTF-8 makes it UTF-8"),
    MAGIC("\xfe\xff", "UTF-16: iconv -f UTF-16 -t UTF-8 makes it UTF-8"),
};

bool source_sniff(struct slice head, struct err *err) {
    if (head.len == 0) {
        return err_exit(err, EX_DATAERR, "is empty: there is nothing to submit");
    }
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const struct magic *magic = &magics[i];
        if (head.len >= magic->len && memcmp(head.at, magic->bytes, magic->len) == 0) {
            return err_exit(err, EX_DATAERR, "is %s", magic->what);
        }
    }
    const char *zero = memchr(head.at, '\0', head.len);
    if (zero) {
        return err_exit(err, EX_DATAERR,
                        "is binary (a zero byte at byte %zu); wanted: NDJSON, CSV or OpenAI batch "
                        "JSONL", (size_t)(zero - head.at) + 1);
    }
    return true;
}

static bool name_ends(const char *name, const char *end) {
    size_t len = name ? strlen(name) : 0, end_len = strlen(end);
    return len >= end_len && strcasecmp(name + len - end_len, end) == 0;
}

// The first line that is not blank, without white space around it.
static struct slice first_line(struct slice head) {
    size_t mark = lines_mark(head);
    head = (struct slice){head.at + mark, head.len - mark};
    while (head.len > 0 && strchr(" \t\r\n", head.at[0])) {
        head = (struct slice){head.at + 1, head.len - 1};
    }
    const char *end = memchr(head.at, '\n', head.len);
    head.len = end ? (size_t)(end - head.at) : head.len;
    while (head.len > 0 && strchr(" \t\r", head.at[head.len - 1])) {
        head.len--;
    }
    return head;
}

bool source_guess(struct slice head, const char *name, enum source_format *format,
                  struct err *err) {
    struct slice line = first_line(head);
    char first = line.len > 0 ? line.at[0] : '\0';
    if (name_ends(name, ".csv") || name_ends(name, ".tsv")) {
        *format = SOURCE_CSV;
        return true;
    }
    if (first == '[') {
        return err_exit(err, EX_DATAERR,
                        "is a JSON array, where each line should hold an object: jq -c '.[]'");
    }
    if (slice_is(line, "{")) {
        return err_exit(err, EX_DATAERR, "is JSON over several lines, where each line should hold "
                                         "an object: jq -c .");
    }
    if (first == '<') {
        return err_exit(err, EX_DATAERR,
                        "is HTML or XML; wanted: NDJSON, CSV or OpenAI batch JSONL");
    }
    bool json = first == '{' || name_ends(name, ".jsonl") || name_ends(name, ".ndjson") ||
                name_ends(name, ".json");
    *format = !json ? SOURCE_CSV : openai_batch_is(line) ? SOURCE_OPENAI : SOURCE_NDJSON;
    return true;
}

// Labels of CSV and NDJSON: a row names a job, an answer and, where it likes, who said it and when.
#include <sysexits.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/line.h"
#include "cli/label.h"
#include "cli/records.h"

enum { ROW_BYTES = 4 << 20, SHOWN = 60 };

struct reading {
    label_each *each;
    void *owner;
    struct arena_pool pool;
};

// Absent: no such member, null or an empty text.
static struct slice member(const struct json *json, const char *key, struct arena *arena) {
    uint32_t node = json_get(json, 0, key);
    if (!node || json_type(json, node) == JSON_NULL) {
        return (struct slice){0};
    }
    struct slice text = json_type(json, node) == JSON_STRING ? json_string(json, node, arena)
                                                             : json_raw(json, node);
    return text.len > 0 ? text : (struct slice){0};
}

// Columns `answer.FIELD` as an object of texts; absent: there is none.
static struct slice answer_of_fields(const struct json *json, struct arena *arena) {
    static const char prefix[] = "answer.";
    struct buf out = {0};
    for (uint32_t key = json_first(json, 0); key; key = json_after(json, 0, key)) {
        struct slice name = json_string(json, key, arena);
        if (name.len < sizeof(prefix) || memcmp(name.at, prefix, sizeof(prefix) - 1) != 0 ||
            json_raw(json, key + 1).len <= 2) {
            continue;
        }
        buf_text(&out, out.len ? "," : "{");
        buf_json_string(&out, (struct slice){name.at + sizeof(prefix) - 1,
                                             name.len - sizeof(prefix) + 1});
        buf_char(&out, ':');
        buf_slice_add(&out, json_raw(json, key + 1));
    }
    if (out.len == 0) {
        return (struct slice){0};
    }
    buf_char(&out, '}');
    struct slice answer = arena_slice(arena, buf_slice(&out));
    buf_fini(&out);
    return answer;
}

static void read_answer(const struct json *json, struct arena *arena, struct label_row *row) {
    uint32_t node = json_get(json, 0, "answer");
    node = node ? node : json_get(json, 0, "label");
    if (!node) {
        row->answer = answer_of_fields(json, arena);
    } else if (json_type(json, node) == JSON_STRING) {
        row->typed = json_string(json, node, arena);
        row->answer = row->typed.len > 0 ? json_raw(json, node) : (struct slice){0};
    } else if (json_type(json, node) != JSON_NULL) {
        row->answer = json_raw(json, node);
    }
}

static bool read_row(const struct json *json, struct arena *arena, struct label_row *row,
                     struct err *err) {
    struct slice at = member(json, "labelled_at", arena);
    row->job = member(json, "job_id", arena);
    row->custom_id = member(json, "custom_id", arena);
    if (row->custom_id.at == NULL) {
        row->custom_id = member(json, "id", arena);
    }
    row->person = member(json, "labeler", arena);
    row->note = member(json, "note", arena);
    read_answer(json, arena, row);
    if (row->job.at == NULL && row->custom_id.at == NULL) {
        return err_exit(err, EX_DATAERR, "no 'job_id' and no 'custom_id': which job?");
    }
    if (at.at && !clock_parse(at, &row->at_ms)) {
        return err_exit(err, EX_DATAERR, "labelled_at '%.*s' is no time such as "
                        "2026-11-24T04:26:00Z", SLICE_ARGS(line_of(at, SHOWN, arena)));
    }
    return true;
}

static bool on_record(void *owner, const struct source_record *record, struct err *err) {
    struct reading *reading = owner;
    struct label_row row = {.line = record->line};
    struct arena arena;
    struct json json;
    arena_init(&arena, &reading->pool);
    bool ok = json_parse(&json, record->input, &json_default_limits, &arena, err) &&
              read_row(&json, &arena, &row, err) && reading->each(reading->owner, &row, err);
    arena_fini(&arena);
    return ok;
}

bool label_rows_read(const char *file, struct bad_lines *bad, label_each *each, void *owner,
                     struct err *err) {
    struct reading reading = {.each = each, .owner = owner};
    const struct records_options options = {.file = file, .row_bytes = ROW_BYTES, .bad = bad};
    arena_pool_init(&reading.pool, 1 << 20);
    bool ok = records_read(&options, on_record, &reading, err);
    arena_pool_fini(&reading.pool);
    return ok;
}

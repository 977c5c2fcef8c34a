// Labels of Label Studio: its JSON export in, and tasks for it out.
//
//     [{"data": {"job_id": …}, "annotations": [{"completed_by": {"email": …}, "created_at": …,
//       "result": [{"from_name": "answer", "type": "choices", "value": {"choices": ["IGST"]}}]}]}]
//
// from_name `answer` is the whole answer; any other is a field of it.
#include <errno.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/json_out.h"
#include "cli/bad_lines.h"
#include "cli/label.h"

enum { FILE_BYTES = 256 << 20, NODES_MOST = 20 << 20 };

struct reading {
    const struct json *json;
    label_each *each;
    void *owner;
    struct arena_pool pool;
    uint64_t task;
};

bool label_is_studio(const char *file) {
    FILE *in = strcmp(file, "-") == 0 ? NULL : fopen(file, "re");
    int c = 0;
    while (in && (c = getc(in)) != EOF && strchr(" \t\r\n", c)) {
    }
    if (in) {
        fclose(in);
    }
    return c == '[';
}

static struct slice text_of(const struct reading *r, uint32_t object, const char *key,
                            struct arena *arena) {
    uint32_t node = object ? json_get(r->json, object, key) : 0;
    return node && json_type(r->json, node) == JSON_STRING ? json_string(r->json, node, arena)
                                                           : (struct slice){0};
}

// --- a result: {"from_name", "value": {"choices": ["…"]}} or {"text": ["…"]}

static uint32_t first_value(const struct reading *r, uint32_t result) {
    static const char *const kinds[] = {"choices", "text", "labels"};
    uint32_t value = json_get(r->json, result, "value");
    for (size_t i = 0; value && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        uint32_t list = json_get(r->json, value, kinds[i]);
        uint32_t first = list && json_type(r->json, list) == JSON_ARRAY ? json_at(r->json, list, 0)
                                                                         : list;
        if (first) {
            return first;
        }
    }
    return 0;
}

// The answer of all results of an annotation: JSON; absent: it has none.
static void read_results(const struct reading *r, uint32_t results, struct arena *arena,
                         struct label_row *row) {
    struct buf out = {0};
    for (uint32_t i = json_first(r->json, results); i; i = json_after(r->json, results, i)) {
        uint32_t value = first_value(r, i);
        struct slice name = text_of(r, i, "from_name", arena);
        if (value && (name.at == NULL || slice_is(name, "answer"))) {
            row->answer = json_raw(r->json, value);
            if (json_type(r->json, value) == JSON_STRING) {
                row->typed = json_string(r->json, value, arena);
            }
        } else if (value) {
            buf_text(&out, out.len ? "," : "{");
            buf_json_string(&out, name);
            buf_char(&out, ':');
            buf_slice_add(&out, json_raw(r->json, value));
        }
    }
    if (out.len > 0) {
        buf_char(&out, '}');
        row->typed = (struct slice){0};
        row->answer = arena_slice(arena, buf_slice(&out));
    }
    buf_fini(&out);
}

// --- annotations

static bool read_annotation(struct reading *r, uint32_t annotation, struct label_row *row,
                            struct arena *arena, struct err *err) {
    uint32_t results = json_get(r->json, annotation, "result");
    uint32_t by = json_get(r->json, annotation, "completed_by");
    struct slice at = text_of(r, annotation, "created_at", arena);
    if (json_type(r->json, json_get(r->json, annotation, "was_cancelled")) == JSON_TRUE ||
        !results || json_type(r->json, results) != JSON_ARRAY) {
        return true;  // skipped there
    }
    if (by && json_type(r->json, by) == JSON_OBJECT) {
        row->person = text_of(r, by, "email", arena);
    } else if (by && json_type(r->json, by) == JSON_NUMBER) {
        row->person = arena_printf(arena, "user %.*s", SLICE_ARGS(json_raw(r->json, by)));
    }
    if (at.at && !clock_parse(at, &row->at_ms)) {
        return err_exit(err, EX_DATAERR, "created_at '%.*s' is no time", SLICE_ARGS(at));
    }
    read_results(r, results, arena, row);
    return r->each(r->owner, row, err);
}

static bool read_task(struct reading *r, uint32_t task, struct arena *arena, struct err *err) {
    bool is_object = json_type(r->json, task) == JSON_OBJECT;
    uint32_t data = is_object ? json_get(r->json, task, "data") : 0;
    uint32_t list = is_object ? json_get(r->json, task, "annotations") : 0;
    const struct label_row row = {
        .line = r->task,
        .job = text_of(r, data, "job_id", arena),
        .custom_id = text_of(r, data, "custom_id", arena),
    };
    if (row.job.at == NULL && row.custom_id.at == NULL) {
        return err_exit(err, EX_DATAERR, "no data.job_id and no data.custom_id: which job?");
    }
    if (!list || json_type(r->json, list) != JSON_ARRAY) {
        return err_exit(err, EX_DATAERR, "no 'annotations': export as JSON, not as JSON-MIN");
    }
    for (uint32_t i = json_first(r->json, list); i; i = json_after(r->json, list, i)) {
        struct label_row one = row;
        if (json_type(r->json, i) == JSON_OBJECT && !read_annotation(r, i, &one, arena, err)) {
            return false;
        }
    }
    return true;
}

static bool read_tasks(struct reading *r, struct bad_lines *bad, struct err *err) {
    for (uint32_t task = json_first(r->json, 0); task; task = json_after(r->json, 0, task)) {
        struct arena arena;
        arena_init(&arena, &r->pool);
        r->task++;
        bool ok = read_task(r, task, &arena, err);
        arena_fini(&arena);
        if (!ok && err->exit_code != EX_DATAERR) {
            return false;
        }
        if (!ok) {
            bad_lines_add(bad, r->task, slice_of(err->text));
        }
    }
    return true;
}

bool label_studio_read(const char *file, struct bad_lines *bad, label_each *each, void *owner,
                       struct err *err) {
    const struct json_limits limits = {json_default_limits.depth, NODES_MOST};
    struct reading reading = {.each = each, .owner = owner};
    struct arena arena;
    struct slice text;
    struct json json;
    arena_pool_init(&reading.pool, 1 << 20);
    arena_init(&arena, &reading.pool);
    reading.json = &json;
    bool ok = file_read(file, FILE_BYTES, &arena, &text, err);
    if (ok && (!json_parse(&json, text, &limits, &arena, err) ||
               json_type(&json, 0) != JSON_ARRAY)) {
        ok = err_exit(err, EX_DATAERR, "%s: no JSON array of tasks, as Label Studio exports it",
                      file);
    }
    ok = ok && read_tasks(&reading, bad, err);
    arena_fini(&arena);
    arena_pool_fini(&reading.pool);
    return ok;
}

// --- out

static void add_result(struct slice name, struct slice value, bool is_text, struct buf *out) {
    buf_char(out, '{');
    json_text(out, "from_name", name);
    json_text(out, "to_name", slice_of("input"));
    json_text(out, "type", slice_of(is_text ? "choices" : "textarea"));
    json_key(out, "value");
    buf_text(out, is_text ? "{\"choices\":[" : "{\"text\":[");
    if (is_text) {
        buf_slice_add(out, value);
    } else {
        buf_json_string(out, value);
    }
    buf_text(out, "]}}");
}

// "result": […], a result for the whole answer or one for each of its fields.
static void add_results(struct slice answer, struct arena *arena, struct buf *out) {
    struct json json;
    struct err err;
    json_key(out, "result");
    buf_char(out, '[');
    bool parsed = json_parse(&json, answer, &json_default_limits, arena, &err);
    if (parsed && json_type(&json, 0) == JSON_OBJECT) {
        for (uint32_t key = json_first(&json, 0); key; key = json_after(&json, 0, key)) {
            buf_text(out, key == json_first(&json, 0) ? "" : ",");
            add_result(json_string(&json, key, arena), json_raw(&json, key + 1),
                       json_type(&json, key + 1) == JSON_STRING, out);
        }
    } else {
        add_result(slice_of("answer"), answer, parsed && json_type(&json, 0) == JSON_STRING, out);
    }
    buf_char(out, ']');
}

static void add_prediction(const struct label_out *label, struct arena *arena, struct buf *out) {
    json_key(out, "predictions");
    buf_char(out, '[');
    if (label->proposed.at) {
        buf_char(out, '{');
        json_text(out, "model_version", label->tier);
        json_real(out, "score", label->confidence);
        add_results(label->proposed, arena, out);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void add_annotation(const struct label_out *label, struct arena *arena, struct buf *out) {
    json_key(out, "annotations");
    buf_char(out, '[');
    if (label->answer.at) {
        buf_text(out, "{\"completed_by\":{");
        json_text(out, "email", label->labeler);
        buf_char(out, '}');
        json_time(out, "created_at", label->at_ms);
        json_bool(out, "was_cancelled", false);
        add_results(label->answer, arena, out);
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

void label_studio_task(const struct label_out *label, struct arena *arena, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(label->job, job);
    buf_text(out, "{\"data\":{");
    json_text(out, "job_id", slice_of(job));
    json_text(out, "custom_id", label->custom_id);
    json_text(out, "path", label->path);
    json_raw_text(out, "input", label->input);
    buf_char(out, '}');
    add_prediction(label, arena, out);
    add_annotation(label, arena, out);
    buf_char(out, '}');
}

#include "job/answer.h"

#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/json_same.h"
#include "base/line.h"

enum {
    SHOWN_BYTES = 80,       // of a value that is none of the labels
    ALLOWED_BYTES = 400,    // of the labels told beside it
    PASSES_MOST = 64,       // over a text in search of objects: bounds one of many open braces
};

// --- check

static struct slice allowed_list(const struct answer_field *field, struct arena *arena) {
    struct buf list = {0};
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_printf(&list, "%s%s", i ? ", " : "", field->labels[i]);
    }
    struct slice text = line_of(buf_slice(&list), ALLOWED_BYTES, arena);
    buf_fini(&list);
    return text;
}

static struct slice field_name(const struct answer_field *field, struct arena *arena) {
    return field->name ? arena_printf(arena, "field '%s'", field->name) : slice_of("the answer");
}

// Its place; label_count: it is none.
static uint32_t label_find(const struct json *json, uint32_t node,
                           const struct answer_field *field) {
    uint32_t i = 0;
    while (i < field->label_count && !json_string_is(json, node, field->labels[i])) {
        i++;
    }
    return i;
}

static enum reason check_value(const struct answer_field *field, const struct json *json,
                               uint32_t node, struct arena *arena, struct slice *detail) {
    enum json_type type = json_type(json, node);
    struct slice name = field_name(field, arena);
    if (type == JSON_NULL) {
        if (field->optional) {
            return REASON_NONE;
        }
        *detail = arena_printf(arena, "%.*s is null", SLICE_ARGS(name));
        return field->name ? REASON_ANSWER_FIELD : REASON_ANSWER_MISSING;
    }
    if (field->label_count == 0 || label_find(json, node, field) < field->label_count) {
        return REASON_NONE;
    }
    struct slice allowed = allowed_list(field, arena);
    if (type != JSON_STRING) {
        *detail = arena_printf(arena, "%.*s is %s; allowed are the strings %.*s", SLICE_ARGS(name),
                               json_type_name(type), SLICE_ARGS(allowed));
        return REASON_ANSWER_LABEL;
    }
    struct slice value = line_of(json_string(json, node, arena), SHOWN_BYTES, arena);
    *detail = arena_printf(arena, "%.*s is '%.*s'; allowed are %.*s", SLICE_ARGS(name),
                           SLICE_ARGS(value), SLICE_ARGS(allowed));
    return REASON_ANSWER_LABEL;
}

static enum reason check_field(const struct answer_field *field, const struct json *json,
                               struct arena *arena, struct slice *detail) {
    if (field->name == NULL) {
        return check_value(field, json, 0, arena, detail);
    }
    if (json_type(json, 0) != JSON_OBJECT) {
        *detail = arena_printf(arena, "the answer is %s; an object with field '%s' is needed",
                               json_type_name(json_type(json, 0)), field->name);
        return REASON_ANSWER_FIELD;
    }
    uint32_t node = json_get(json, 0, field->name);
    if (node) {
        return check_value(field, json, node, arena, detail);
    }
    if (field->optional) {
        return REASON_NONE;
    }
    *detail = arena_printf(arena, "field '%s' is missing", field->name);
    return REASON_ANSWER_FIELD;
}

enum reason answer_check(const struct answer_form *form, struct slice answer, struct arena *arena,
                         struct slice *detail) {
    struct json json;
    struct err err;
    *detail = (struct slice){0};
    if (answer.at == NULL || answer.len == 0) {
        return REASON_ANSWER_MISSING;
    }
    if (!json_parse(&json, answer, &json_default_limits, arena, &err)) {
        *detail = arena_printf(arena, "%s", err.text);
        return REASON_ANSWER_NOT_JSON;
    }
    for (uint32_t i = 0; i < form->field_count; i++) {
        enum reason reason = check_field(&form->fields[i], &json, arena, detail);
        if (reason != REASON_NONE) {
            return reason;
        }
    }
    return REASON_NONE;
}

// --- the same

static bool same_field(const char *name, const struct json *a, const struct json *b,
                       struct arena *arena) {
    uint32_t i = json_get(a, 0, name), j = json_get(b, 0, name);
    bool absent_a = i == 0 || json_type(a, i) == JSON_NULL;
    bool absent_b = j == 0 || json_type(b, j) == JSON_NULL;
    return absent_a || absent_b ? absent_a && absent_b : json_same(a, i, b, j, arena);
}

bool answer_same(const struct answer_form *form, struct slice a, struct slice b,
                 struct arena *arena) {
    struct json left, right;
    struct err err;
    if (a.at == NULL || b.at == NULL ||
        !json_parse(&left, a, &json_default_limits, arena, &err) ||
        !json_parse(&right, b, &json_default_limits, arena, &err)) {
        return false;
    }
    if (form->field_count == 0 || form->fields[0].name == NULL) {
        return json_same(&left, 0, &right, 0, arena);
    }
    bool same = json_type(&left, 0) == JSON_OBJECT && json_type(&right, 0) == JSON_OBJECT;
    for (uint32_t i = 0; i < form->field_count && same; i++) {
        same = same_field(form->fields[i].name, &left, &right, arena);
    }
    return same;
}

uint32_t answer_label(const struct answer_field *field, struct slice answer, struct arena *arena) {
    struct json json;
    struct err err;
    if (answer.at == NULL || !json_parse(&json, answer, &json_default_limits, arena, &err) ||
        (field->name && json_type(&json, 0) != JSON_OBJECT)) {
        return field->label_count;
    }
    uint32_t node = field->name ? json_get(&json, 0, field->name) : 0;
    return field->name && node == 0 ? field->label_count : label_find(&json, node, field);
}

// --- from text

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static struct slice trim(struct slice text) {
    while (text.len > 0 && is_space(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

// Takes the same mark off both ends; false: there was none.
static bool unwrap(struct slice *text, const char *open, const char *close) {
    size_t before = strlen(open), after = strlen(close);
    if (text->len < before + after || memcmp(text->at, open, before) != 0 ||
        memcmp(text->at + text->len - after, close, after) != 0) {
        return false;
    }
    text->at += before;
    text->len -= before + after;
    return true;
}

// Takes marks or a stop off the text; false: there were none.
static bool peel(struct slice *text) {
    static const char *const marks[][2] = {
        {"\"", "\""}, {"'", "'"}, {"`", "`"}, {"*", "*"}, {"\u201c", "\u201d"}};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (unwrap(text, marks[i][0], marks[i][1])) {
            return true;
        }
    }
    bool stop = text->len > 0 && text->at[text->len - 1] == '.';
    text->len -= stop;
    return stop;
}

static struct slice json_of_text(struct slice text, struct arena *arena) {
    struct buf json = {0};
    buf_json_string(&json, text);
    struct slice copy = arena_slice(arena, buf_slice(&json));
    buf_fini(&json);
    return copy;
}

static const char *label_exact(const struct answer_field *field, struct slice text) {
    for (uint32_t i = 0; i < field->label_count; i++) {
        if (slice_is(text, field->labels[i])) {
            return field->labels[i];
        }
    }
    return NULL;
}

static const char *label_like(const struct answer_field *field, struct slice text) {
    const char *label = label_exact(field, text);
    for (uint32_t i = 0; i < field->label_count && !label; i++) {
        if (strlen(field->labels[i]) == text.len &&
            strncasecmp(field->labels[i], text.at, text.len) == 0) {
            label = field->labels[i];
        }
    }
    return label;
}

// Looked up after each layer, because a label may itself end in a stop.
static struct slice label_of_text(const struct answer_field *field, struct slice text,
                                  struct arena *arena) {
    struct slice core = trim(text);
    const char *label = label_like(field, core);
    while (label == NULL && peel(&core)) {
        core = trim(core);
        label = label_like(field, core);
    }
    return json_of_text(label ? slice_of(label) : text, arena);
}

static bool is_container(struct slice text) {
    struct err err;
    return text.len > 0 && (text.at[0] == '{' || text.at[0] == '[') &&
           json_check(text, &json_default_limits, &err);
}

// The text from at, a '{', to the '}' that closes it; no length: nothing does.
static struct slice balanced(struct slice text, size_t at) {
    uint32_t depth = 0;
    bool quoted = false;
    for (size_t i = at; i < text.len; i++) {
        char c = text.at[i];
        if (quoted) {
            i += c == '\\';
            quoted = c != '"';
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            return (struct slice){text.at + at, i + 1 - at};
        }
    }
    return (struct slice){0};
}

// The last object in the text: a model that thinks aloud comes to its answer at the end.
static struct slice object_within(struct slice text) {
    struct slice found = {0};
    size_t at = 0, seen = 0;
    while (seen / PASSES_MOST < text.len && at < text.len) {
        const char *brace = memchr(text.at + at, '{', text.len - at);
        if (brace == NULL) {
            break;
        }
        at = (size_t)(brace - text.at);
        struct slice object = balanced(text, at);
        seen += object.len > 0 ? object.len : text.len - at;
        if (is_container(object)) {
            found = object;
            at += object.len;
        } else {
            at++;
        }
    }
    return found;
}

// The text within a ``` fence that holds all of it, without the language's name; else the text.
static struct slice unfenced(struct slice text) {
    if (!unwrap(&text, "```", "```")) {
        return text;
    }
    const char *line = memchr(text.at, '\n', text.len);
    if (line) {
        text.len -= (size_t)(line - text.at);
        text.at = line;
    }
    return trim(text);
}

// Reasoning that the server left in the text is no part of the answer.
static struct slice after_thought(struct slice text) {
    static const char end[] = "</think>";
    const char *at;
    while ((at = memmem(text.at, text.len, end, sizeof(end) - 1)) != NULL) {
        size_t skip = (size_t)(at - text.at) + sizeof(end) - 1;
        text = (struct slice){text.at + skip, text.len - skip};
    }
    return text;
}

struct slice answer_from_text(const struct answer_form *form, struct slice text,
                              struct arena *arena) {
    const struct answer_field *field = form->fields;
    if (text.at == NULL) {
        return text;
    }
    text = after_thought(text);
    if (form->field_count == 1 && field->name == NULL && field->label_count > 0) {
        return label_of_text(field, text, arena);
    }
    struct slice json = unfenced(trim(text));
    if (!is_container(json)) {
        json = form->field_count > 0 && field->name ? object_within(text) : (struct slice){0};
    }
    return json.len > 0 ? json : json_of_text(text, arena);
}

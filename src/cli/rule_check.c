#include "cli/rule_check.h"

#include <ctype.h>
#include <string.h>

#include "base/conf.h"

// --- examples

// Why the example is none of what it says; NULL: it is.
static const char *example_fault(const struct rules *rules, const struct rule_example *example,
                                 struct rules_scratch *scratch, struct arena *arena) {
    struct rule_verdict verdicts[RULE_VERDICTS_MOST];
    bool broken = false;
    uint32_t count = rules_run(rules, &example->subject, arena, scratch, verdicts);
    if (count > 0 && slice_is(verdicts[0].code, "rule.program")) {
        return arena_printf(arena, "the program fails over this example: %s",
                            err_after(arena_string(arena, verdicts[0].text), rules->file)).at;
    }
    for (uint32_t i = 0; i < count; i++) {
        int place = rules_place(rules, verdicts[i].code);
        if (place < 0) {
            return arena_string(arena, verdicts[i].text);
        }
        broken |= place == (int)example->rule;
    }
    if (broken == example->breaks) {
        return NULL;
    }
    const char *words = example->breaks ? "holds in this example, which must break it"
                                        : "is broken by this example, in which it must hold";
    return arena_printf(arena, "rule '%s' %s", rules->table[example->rule].name, words).at;
}

uint32_t rule_check_examples(const struct rules *rules, struct arena *arena, rule_fault *fault,
                             void *owner) {
    struct rules_scratch scratch = {0};
    uint32_t faults = 0;
    for (uint32_t i = 0; i < rules->example_count; i++) {
        const struct rule_example *example = &rules->examples[i];
        const char *why = example_fault(rules, example, &scratch, arena);
        if (why) {
            fault(owner, arena_printf(arena, "%s:%d: %s", rules->file, example->line, why).at);
            faults++;
        }
    }
    rules_fini(&scratch);
    return faults;
}

// --- fields that are known

void rule_fields_init(struct rule_fields *fields, struct arena *arena) {
    // What rules see, and what jq's own functions (to_entries, match, capture, …) make.
    static const char *const always[] = {
        "input", "answer", "confidence", "hop",    "tier",   "path",    "key",
        "value", "name",   "captures",   "offset", "length", "string",
    };
    *fields = (struct rule_fields){.arena = arena};
    fields->names = arena_alloc(arena, RULE_FIELDS_MOST * sizeof(*fields->names));
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        fields->names[fields->count++] = always[i];
    }
}

static bool is_known(const struct rule_fields *fields, struct slice name) {
    for (size_t i = 0; i < fields->count; i++) {
        if (slice_is(name, fields->names[i])) {
            return true;
        }
    }
    return fields->full;
}

static void name_add(struct rule_fields *fields, struct slice name) {
    if (is_known(fields, name)) {
        return;
    }
    if (fields->count == RULE_FIELDS_MOST) {
        fields->full = true;
        return;
    }
    fields->names[fields->count++] = arena_string(fields->arena, name);
}

void rule_fields_add(struct rule_fields *fields, struct slice document) {
    struct json json;
    struct err err;
    if (!json_parse(&json, document, &json_default_limits, fields->arena, &err)) {
        return;
    }
    for (uint32_t object = 0; object < json.count; object++) {
        if (json_type(&json, object) != JSON_OBJECT) {
            continue;
        }
        for (uint32_t i = json_first(&json, object); i; i = json_after(&json, object, i)) {
            name_add(fields, json_string(&json, i, fields->arena));
        }
    }
}

void rule_fields_add_known(struct rule_fields *fields, const struct rules *rules,
                           const struct answer_form *form) {
    for (uint32_t i = 0; i < rules->example_count; i++) {
        rule_fields_add(fields, rules->examples[i].subject.input);
        rule_fields_add(fields, rules->examples[i].subject.answer);
    }
    for (uint32_t i = 0; form && i < form->field_count; i++) {
        if (form->fields[i].name) {
            name_add(fields, slice_of(form->fields[i].name));
        }
    }
}

// --- fields that are read
//
// Of jq's language only what tells a field from other text: comments, strings, names after a dot,
// and names before a colon, which an object makes, {name: …}, and a pattern reads, `as {name: $x}`.

enum token { TOKEN_END, TOKEN_FIELD, TOKEN_MADE, TOKEN_OTHER };

struct scanner {
    const char *at, *end;
    int line;
    bool as;           // the word was the last
    unsigned pattern;  // braces open since then
};

static bool is_name_start(char c) {
    return isalpha((unsigned char)c) || c == '_';
}

static struct slice name_take(struct scanner *s) {
    struct slice name = {s->at, 0};
    while (s->at < s->end && (isalnum((unsigned char)*s->at) || *s->at == '_')) {
        s->at++;
        name.len++;
    }
    return name;
}

// A string's text is passed over, and programs in it (\(…)) with it, but for their fields: they are
// few, and a field that is read nowhere else is missed rather than told wrongly.
static struct slice string_take(struct scanner *s) {
    unsigned depth = 0;
    const char *from = ++s->at;
    while (s->at < s->end && (depth > 0 || *s->at != '"')) {
        s->line += *s->at == '\n';
        if (*s->at == '\\' && s->at + 1 < s->end) {
            depth += s->at[1] == '(';
            s->at++;
        } else if (depth > 0) {
            depth += *s->at == '(';
            depth -= *s->at == ')';
        }
        s->at++;
    }
    struct slice text = {from, (size_t)(s->at - from)};
    s->at += s->at < s->end;
    return text;
}

static bool colon_follows(const struct scanner *s) {
    const char *at = s->at;
    while (at < s->end && isspace((unsigned char)*at)) {
        at++;
    }
    return at < s->end && *at == ':';
}

static enum token before_colon(const struct scanner *s) {
    if (!colon_follows(s)) {
        return TOKEN_OTHER;
    }
    return s->pattern > 0 ? TOKEN_FIELD : TOKEN_MADE;
}

static enum token mark_take(struct scanner *s) {
    char c = *s->at++;
    s->line += c == '\n';
    if (c == '{' && (s->as || s->pattern > 0)) {
        s->pattern++;
    } else if (c == '}' && s->pattern > 0) {
        s->pattern--;
    }
    s->as = s->as && isspace((unsigned char)c);
    return TOKEN_OTHER;
}

static enum token scan(struct scanner *s, struct slice *name) {
    if (s->at == s->end) {
        return TOKEN_END;
    }
    if (*s->at == '#') {
        while (s->at < s->end && *s->at != '\n') {
            s->at++;
        }
        return TOKEN_OTHER;
    }
    if (*s->at == '"') {
        *name = string_take(s);
        return before_colon(s);
    }
    if (*s->at == '.' && s->at + 1 < s->end && is_name_start(s->at[1])) {
        s->at++;
        *name = name_take(s);
        return TOKEN_FIELD;
    }
    if (is_name_start(*s->at)) {
        *name = name_take(s);
        s->as = slice_is(*name, "as");
        return before_colon(s);
    }
    if (*s->at == '$' || *s->at == '@') {
        s->at++;
        *name = name_take(s);
        return TOKEN_OTHER;
    }
    return mark_take(s);
}

static struct scanner scanner_of(const struct rules *rules) {
    return (struct scanner){rules->text.at, rules->text.at + rules->text.len, 1, false, 0};
}

uint32_t rule_check_fields(const struct rules *rules, const struct rule_fields *fields,
                           rule_fault *fault, void *owner) {
    struct rule_fields known = *fields;  // and those that the program makes, and what was told
    struct scanner s = scanner_of(rules);
    struct slice name;
    uint32_t faults = 0;
    known.names = arena_alloc(fields->arena, RULE_FIELDS_MOST * sizeof(*known.names));
    memcpy(known.names, fields->names, fields->count * sizeof(*known.names));
    for (enum token token; (token = scan(&s, &name)) != TOKEN_END;) {
        if (token == TOKEN_MADE) {
            name_add(&known, name);
        }
    }
    s = scanner_of(rules);
    for (enum token token; (token = scan(&s, &name)) != TOKEN_END;) {
        if (token != TOKEN_FIELD || is_known(&known, name)) {
            continue;
        }
        const char *near =
            conf_nearest(arena_string(fields->arena, name), known.names, known.count);
        fault(owner, arena_printf(fields->arena, "%s:%d: no example has a field '%.*s'%s%s%s",
                                  rules->file, s.line, SLICE_ARGS(name),
                                  near ? "; did you mean '" : "", near ? near : "",
                                  near ? "'?" : "").at);
        name_add(&known, name);
        faults++;
    }
    return faults;
}

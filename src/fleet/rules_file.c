// Reading a rules file: its declarations, their examples, its program.
#include <ctype.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "fleet/rules.h"
#include "io/jq.h"
#include "job/job.h"

enum { SHOWN = 80 };

_Static_assert(HOPS_MOST == 16, "as a text below says");

static const char *const severities[] = {"escalate", "review", "dead", "note"};
enum { SEVERITIES = sizeof(severities) / sizeof(severities[0]) };

struct reader {
    const char *file;
    int line;
    struct rule *table;
    uint32_t count;
    struct rule_example *examples;
    uint32_t example_count;
    struct arena *arena;
    struct err *err;
};

const char *rule_severity_name(enum rule_severity severity) {
    return severities[severity];
}

static bool fail(struct reader *r, const char *text) {
    return err_exit(r->err, EX_CONFIG, "%s:%d: %s", r->file, r->line, text);
}

static bool is_space(char c) {
    return isspace((unsigned char)c) != 0;
}

static struct slice trimmed(struct slice text) {
    while (text.len > 0 && is_space(*text.at)) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.at[text.len - 1])) {
        text.len--;
    }
    return text;
}

// The next word of line, which begins where it ends.
static struct slice word_take(struct slice *line) {
    *line = trimmed(*line);
    struct slice word = {line->at, 0};
    while (line->len > 0 && !is_space(*line->at) && *line->at != ':') {
        word.len++;
        line->at++;
        line->len--;
    }
    return word;
}

static int shown(struct slice word) {
    return (int)(word.len < SHOWN ? word.len : SHOWN);
}

// --- declarations

static bool name_read(struct reader *r, struct slice name) {
    if (!rule_name_good(name)) {
        return fail(r, arena_printf(r->arena, "rule name '%.*s': allowed are 1 to %d of a-z, 0-9 "
                                    "and _", shown(name), name.at, RULE_NAME_BYTES).at);
    }
    if (slice_is(name, "program") || slice_is(name, "undeclared")) {
        return fail(r, "the names 'program' and 'undeclared' stand for something else");
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (slice_is(name, r->table[i].name)) {
            return fail(r, arena_printf(r->arena, "rule '%s' is declared twice",
                                        r->table[i].name).at);
        }
    }
    r->table[r->count].name = arena_string(r->arena, name);
    return true;
}

static bool severity_read(struct reader *r, struct slice word) {
    for (int i = 0; i < SEVERITIES; i++) {
        if (slice_is(word, severities[i])) {
            r->table[r->count].severity = (enum rule_severity)i;
            return true;
        }
    }
    return fail(r, arena_printf(r->arena, "rule '%s': '%.*s' is not one of escalate, review, dead, "
                                "note", r->table[r->count].name, shown(word), word.at).at);
}

// rest: what follows "# rule".
static bool declaration_read(struct reader *r, struct slice rest) {
    if (r->count == RULES_MOST) {
        return fail(r, arena_printf(r->arena, "more than %d rules", RULES_MOST).at);
    }
    if (!name_read(r, word_take(&rest)) || !severity_read(r, word_take(&rest))) {
        return false;
    }
    rest = trimmed(rest);
    bool colon = rest.len > 0 && *rest.at == ':';
    struct slice text = trimmed((struct slice){rest.at + colon, rest.len - colon});
    if (!colon || text.len == 0) {
        return fail(r, "a rule is declared as '# rule NAME SEVERITY: text for people'");
    }
    r->table[r->count++].text = arena_string(r->arena, text);
    return true;
}

// --- examples

const char *rules_subject_read(const struct json *json, struct arena *arena,
                               struct rules_subject *subject, uint32_t *known) {
    static const char *const members[] = {"input", "answer", "confidence", "hop", "tier", "path"};
    enum { MEMBERS = sizeof(members) / sizeof(members[0]) };
    uint32_t nodes[MEMBERS];
    int64_t hop = 0;
    *known = 0;
    *subject = (struct rules_subject){.confidence = 1, .tier = slice_of(""), .path = slice_of("")};
    for (uint32_t i = 0; i < MEMBERS; i++) {
        nodes[i] = json_get(json, 0, members[i]);
        *known += nodes[i] != 0;
    }
    if (!nodes[0] || !nodes[1]) {
        return nodes[0] ? "there is no \"answer\"" : "there is no \"input\"";
    }
    if (nodes[2] && json_type(json, nodes[2]) != JSON_NULL &&
        !json_number(json, nodes[2], &subject->confidence)) {
        return "\"confidence\" is no number";
    }
    if (nodes[3] && (!json_integer(json, nodes[3], &hop) || hop < 0 || hop >= HOPS_MOST)) {
        return "\"hop\" is no number from 0 to 15";
    }
    subject->input = json_raw(json, nodes[0]);
    subject->answer = json_raw(json, nodes[1]);
    subject->hop = (uint32_t)hop;
    subject->tier = nodes[4] ? json_string(json, nodes[4], arena) : subject->tier;
    subject->path = nodes[5] ? json_string(json, nodes[5], arena) : subject->path;
    return NULL;
}

static bool subject_read(struct reader *r, struct slice text, struct rules_subject *subject) {
    struct json json;
    struct err why;
    uint32_t known;
    if (!json_parse(&json, text, &json_default_limits, r->arena, &why)) {
        return fail(r, arena_printf(r->arena, "the example is not JSON: %s", why.text).at);
    }
    if (rules_subject_read(&json, r->arena, subject, &known) || known != json.nodes[0].count) {
        return fail(r, "an example is {\"input\": …, \"answer\": …}, and where they matter "
                       "\"confidence\", \"hop\", \"tier\", \"path\"");
    }
    return true;
}

static bool example_read(struct reader *r, struct slice text, bool breaks) {
    if (r->count == 0) {
        return fail(r, "an example stands below the declaration of its rule");
    }
    if (r->example_count == RULE_EXAMPLES_MOST) {
        return fail(r, arena_printf(r->arena, "more than %d examples", RULE_EXAMPLES_MOST).at);
    }
    struct rule_example *example = &r->examples[r->example_count++];
    *example = (struct rule_example){.rule = r->count - 1, .breaks = breaks, .line = r->line};
    return subject_read(r, text, &example->subject);
}

// --- lines

// Prose may begin with the words of a declaration or an example; what follows them tells.
static bool line_read(struct reader *r, struct slice line) {
    line = trimmed(line);
    if (line.len == 0 || *line.at != '#') {
        return true;
    }
    line.at++;
    line.len--;
    struct slice word = word_take(&line);
    if (slice_is(word, "rule") && line.len > 0 && *line.at != ':') {
        return declaration_read(r, line);
    }
    bool breaks = slice_is(word, "breaks");
    struct slice rest = trimmed(line);
    if ((breaks || slice_is(word, "holds")) && rest.len > 0 && *rest.at == '{') {
        return example_read(r, rest, breaks);
    }
    return true;
}

static bool lines_read(struct reader *r, struct slice text) {
    while (text.len > 0) {
        const char *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) : text.len;
        r->line++;
        if (!line_read(r, (struct slice){text.at, len})) {
            return false;
        }
        len += end != NULL;
        text.at += len;
        text.len -= len;
    }
    return true;
}

bool rules_load(struct rules *rules, const char *file, size_t most, struct arena *arena,
                struct err *err) {
    struct reader r = {.file = arena_string(arena, slice_of(file)), .arena = arena, .err = err};
    *rules = (struct rules){.file = r.file};
    if (!file_read(file, most, arena, &rules->text, err)) {
        return false;
    }
    // It becomes a part of the policy that the database keeps.
    if (strlen(rules->text.at) != rules->text.len || utf8_valid(rules->text) != rules->text.len) {
        return err_exit(err, EX_CONFIG, "%s is no text of UTF-8", file);
    }
    r.table = arena_zalloc(arena, RULES_MOST * sizeof(*r.table));
    r.examples = arena_zalloc(arena, RULE_EXAMPLES_MOST * sizeof(*r.examples));
    if (!lines_read(&r, rules->text) || !jq_new(&rules->program, r.file, rules->text.at, err)) {
        return false;
    }
    rules->table = r.table;
    rules->count = r.count;
    rules->examples = r.examples;
    rules->example_count = r.example_count;
    return true;
}

void rules_unload(const struct rules *rules) {
    jq_free(rules->program);
}

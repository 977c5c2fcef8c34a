// A rules file: a jq program, and declarations in its comments,
//
//     # rule NAME SEVERITY: text for people
#include <ctype.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/utf8.h"
#include "fleet/config_parts.h"
#include "fleet/rules.h"
#include "io/jq.h"

// One verdict is left for breaches that the file does not declare (fleet/rules.c).
enum { RULES_MOST = RULE_VERDICTS_MOST - 1 };

static const char *const severities[] = {"escalate", "review", "dead", "note"};
enum { SEVERITIES = sizeof(severities) / sizeof(severities[0]) };

struct reader {
    struct config *config;
    const char *file;
    int line;
    struct config_rule rules[RULES_MOST];
    uint32_t count;
    struct err *err;
};

static bool fail(struct reader *r, const char *text) {
    return err_exit(r->err, EX_CONFIG, "%s:%d: %s", r->file, r->line, text);
}

// The next word of line, which begins where it ends.
static struct slice word_take(struct slice *line) {
    while (line->len > 0 && isspace((unsigned char)*line->at)) {
        line->at++;
        line->len--;
    }
    struct slice word = {line->at, 0};
    while (line->len > 0 && !isspace((unsigned char)*line->at) && *line->at != ':') {
        word.len++;
        line->at++;
        line->len--;
    }
    return word;
}

static bool name_read(struct reader *r, struct slice name) {
    if (!rule_name_good(name)) {
        return fail(r, arena_printf(&r->config->arena,
                                    "rule name '%.*s': allowed are 1 to %d of a-z, 0-9 and _",
                                    (int)(name.len < 80 ? name.len : 80), name.at,
                                    RULE_NAME_BYTES).at);
    }
    if (slice_is(name, "program") || slice_is(name, "undeclared")) {
        return fail(r, "the names 'program' and 'undeclared' stand for something else");
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (slice_is(name, r->rules[i].name)) {
            return fail(r, arena_printf(&r->config->arena, "rule '%s' is declared twice",
                                        r->rules[i].name).at);
        }
    }
    r->rules[r->count].name = arena_string(&r->config->arena, name);
    return true;
}

static bool severity_read(struct reader *r, struct slice word) {
    for (int i = 0; i < SEVERITIES; i++) {
        if (slice_is(word, severities[i])) {
            r->rules[r->count].severity = (enum rule_severity)i;
            return true;
        }
    }
    return fail(r, arena_printf(&r->config->arena,
                                "rule '%s': '%.*s' is not one of escalate, review, dead, note",
                                r->rules[r->count].name,
                                (int)(word.len < 80 ? word.len : 80), word.at).at);
}

// rest: what follows "# rule".
static bool declaration_read(struct reader *r, struct slice rest) {
    if (r->count == RULES_MOST) {
        return fail(r, arena_printf(&r->config->arena, "more than %d rules", RULES_MOST).at);
    }
    if (!name_read(r, word_take(&rest)) || !severity_read(r, word_take(&rest))) {
        return false;
    }
    while (rest.len > 0 && isspace((unsigned char)*rest.at)) {
        rest.at++;
        rest.len--;
    }
    bool colon = rest.len > 0 && *rest.at == ':';
    struct slice text = colon ? (struct slice){rest.at + 1, rest.len - 1} : (struct slice){"", 0};
    while (text.len > 0 && isspace((unsigned char)*text.at)) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && isspace((unsigned char)text.at[text.len - 1])) {
        text.len--;
    }
    if (text.len == 0) {
        return fail(r, "a rule is declared as '# rule NAME SEVERITY: text for people'");
    }
    r->rules[r->count++].text = arena_string(&r->config->arena, text);
    return true;
}

// Whether a line declares: "# rule " after any space.
static bool declares(struct slice line, struct slice *rest) {
    static const char begin[] = "rule";
    while (line.len > 0 && (*line.at == ' ' || *line.at == '\t')) {
        line.at++;
        line.len--;
    }
    if (line.len == 0 || *line.at != '#') {
        return false;
    }
    line.at++;
    line.len--;
    struct slice word = word_take(&line);
    *rest = line;
    return slice_is(word, begin) && line.len > 0 && *line.at != ':';
}

static bool declarations_read(struct reader *r, struct slice text) {
    while (text.len > 0) {
        const char *end = memchr(text.at, '\n', text.len);
        size_t len = end ? (size_t)(end - text.at) : text.len;
        struct slice line = {text.at, len}, rest;
        r->line++;
        if (declares(line, &rest) && !declaration_read(r, rest)) {
            return false;
        }
        len += end != NULL;
        text.at += len;
        text.len -= len;
    }
    return true;
}

bool config_rules_read(struct config *config, const struct conf_node *node,
                       struct config_path *path, struct slice *text, struct err *err) {
    struct reader r = {.config = config, .err = err};
    struct err why;
    r.file = file_beside(node->file, node->text, &config->arena);
    if (!file_read(r.file, CONFIG_PROGRAM_BYTES, &config->arena, text, &why)) {
        return conf_error(node, err, "%s", why.text);
    }
    // It becomes a part of the policy that the database keeps.
    if (strlen(text->at) != text->len || utf8_valid(*text) != text->len) {
        return conf_error(node, err, "%s is no text of UTF-8", r.file);
    }
    if (!declarations_read(&r, *text)) {
        return false;
    }
    if (!jq_new(&path->rules, r.file, text->at, &why)) {
        return conf_error(node, err, "%s", why.text);
    }
    struct config_rule *table = arena_alloc(&config->arena, (r.count + 1) * sizeof(*table));
    memcpy(table, r.rules, r.count * sizeof(*table));
    path->rule_table = table;
    path->rule_count = r.count;
    return true;
}

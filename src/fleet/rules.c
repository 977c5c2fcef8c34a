#include "fleet/rules.h"

#include "base/json.h"
#include "io/jq.h"

// What a rule sees as `.`.
static void write_subject(const struct rules_subject *subject, struct buf *out) {
    buf_text(out, "{\"input\":");
    buf_slice_add(out, subject->input);
    buf_text(out, ",\"answer\":");
    buf_slice_add(out, subject->answer);
    buf_text(out, ",\"confidence\":");
    buf_json_number(out, subject->confidence);
    buf_printf(out, ",\"hop\":%u,\"tier\":", subject->hop);
    buf_json_string(out, subject->tier);
    buf_text(out, ",\"path\":");
    buf_json_string(out, subject->path);
    buf_char(out, '}');
}

static enum verdict wants(enum rule_severity severity) {
    static const enum verdict verdicts[] = {[RULE_ESCALATE] = VERDICT_ESCALATE,
                                            [RULE_REVIEW] = VERDICT_REVIEW,
                                            [RULE_DEAD] = VERDICT_DEAD,
                                            [RULE_NOTE] = VERDICT_ACCEPT};
    return verdicts[severity];
}

static uint32_t program_failed(struct rule_verdict *verdicts, struct arena *arena,
                               const char *text) {
    verdicts[0] = (struct rule_verdict){slice_of("rule.program"), arena_printf(arena, "%s", text),
                                        VERDICT_ESCALATE};
    return 1;
}

// What a run found so far.
struct findings {
    struct arena *arena;
    const struct json *json;
    struct rule_verdict *verdicts;
    uint32_t count;
};

static bool breached(const struct json *json, uint32_t node) {
    return node && json_type(json, node) != JSON_FALSE && json_type(json, node) != JSON_NULL;
}

static void find_declared(const struct rules *rules, struct findings *f) {
    for (uint32_t i = 0; i < rules->count && f->count < RULE_VERDICTS_MOST; i++) {
        const struct rule *rule = &rules->table[i];
        uint32_t node = json_get(f->json, 0, rule->name);
        if (!breached(f->json, node)) {
            continue;
        }
        struct slice said = arena_slice(f->arena, json_string(f->json, node, f->arena));
        f->verdicts[f->count++] = (struct rule_verdict){
            .code = arena_printf(f->arena, "rule.%s", rule->name),
            .text = said.len > 0 ? said : slice_of(rule->text),
            .wants = wants(rule->severity),
        };
    }
}

static bool is_declared(const struct rules *rules, const struct json *json, uint32_t key) {
    for (uint32_t i = 0; i < rules->count; i++) {
        if (json_string_is(json, key, rules->table[i].name)) {
            return true;
        }
    }
    return false;
}

bool rule_name_good(struct slice name) {
    bool good = name.len > 0 && name.len <= RULE_NAME_BYTES;
    for (size_t i = 0; i < name.len && good; i++) {
        char c = name.at[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    }
    return good;
}

static struct rule_verdict undeclared(struct arena *arena, struct slice name, struct slice said) {
    int shown = name.len < RULE_NAME_BYTES ? (int)name.len : RULE_NAME_BYTES;
    return (struct rule_verdict){
        .code = rule_name_good(name) ? arena_printf(arena, "rule.%.*s", SLICE_ARGS(name))
                                     : slice_of("rule.undeclared"),
        .text = arena_printf(arena, "%.*s%s'%.*s' is breached, which the rules do not declare",
                             SLICE_ARGS(said), said.len > 0 ? "; " : "", shown, name.at),
        .wants = VERDICT_ESCALATE,
    };
}

// A slip in a name must not turn a breach into a pass.
static void find_undeclared(const struct rules *rules, struct findings *f) {
    for (uint32_t key = json_first(f->json, 0); key && f->count < RULE_VERDICTS_MOST;
         key = json_after(f->json, 0, key)) {
        if (!breached(f->json, key + 1) || is_declared(rules, f->json, key)) {
            continue;
        }
        f->verdicts[f->count++] = undeclared(f->arena, json_string(f->json, key, f->arena),
                                             json_string(f->json, key + 1, f->arena));
    }
}

uint32_t rules_run(const struct rules *rules, const struct rules_subject *subject,
                   struct arena *arena, struct rules_scratch *scratch,
                   struct rule_verdict verdicts[RULE_VERDICTS_MOST]) {
    struct json json;
    struct err err;
    if (rules->program == NULL || subject->answer.at == NULL) {
        return 0;
    }
    buf_clear(&scratch->input);
    buf_clear(&scratch->output);
    write_subject(subject, &scratch->input);
    if (!jq_run(rules->program, buf_slice(&scratch->input), &scratch->output, &err) ||
        !json_parse(&json, buf_slice(&scratch->output), &json_default_limits, arena, &err)) {
        return program_failed(verdicts, arena, err.text);
    }
    if (json_type(&json, 0) != JSON_OBJECT) {
        return program_failed(verdicts, arena, "the rules gave no object of name and breach");
    }
    struct findings findings = {.arena = arena, .json = &json, .verdicts = verdicts};
    find_declared(rules, &findings);
    find_undeclared(rules, &findings);
    return findings.count;
}

int rules_place(const struct rules *rules, struct slice code) {
    static const char before[] = "rule.";
    enum { BEFORE = sizeof(before) - 1 };
    if (code.len < BEFORE || memcmp(code.at, before, BEFORE) != 0) {
        return -1;
    }
    struct slice name = {code.at + BEFORE, code.len - BEFORE};
    for (uint32_t i = 0; i < rules->count; i++) {
        if (slice_is(name, rules->table[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

void rules_fini(struct rules_scratch *scratch) {
    buf_fini(&scratch->input);
    buf_fini(&scratch->output);
}

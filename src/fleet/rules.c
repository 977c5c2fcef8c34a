#include "fleet/rules.h"

#include "base/json.h"
#include "io/jq.h"

// What a rule sees as `.`.
static void write_input(const struct job *job, const struct attempt *attempt, struct buf *out) {
    buf_text(out, "{\"input\":");
    buf_slice_add(out, job->input);
    buf_text(out, ",\"answer\":");
    buf_slice_add(out, attempt->answer);
    buf_text(out, ",\"confidence\":");
    buf_json_number(out, attempt->confidence);
    buf_printf(out, ",\"hop\":%u,\"tier\":", job->hop);
    buf_json_string(out, attempt->tier);
    buf_text(out, ",\"path\":");
    buf_json_string(out, job->path);
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

static bool breached(const struct json *json, uint32_t node) {
    return node && json_type(json, node) != JSON_FALSE && json_type(json, node) != JSON_NULL;
}

uint32_t rules_run(const struct config_path *path, struct hop *hop, struct rules_scratch *scratch,
                   struct rule_verdict verdicts[RULE_VERDICTS_MOST]) {
    struct arena *arena = &hop->arena;
    struct json json;
    struct err err;
    uint32_t count = 0;
    if (path->rules == NULL || hop->attempt.answer.at == NULL) {
        return 0;
    }
    buf_clear(&scratch->input);
    buf_clear(&scratch->output);
    write_input(&hop->job, &hop->attempt, &scratch->input);
    if (!jq_run(path->rules, buf_slice(&scratch->input), &scratch->output, &err) ||
        !json_parse(&json, buf_slice(&scratch->output), &json_default_limits, arena, &err)) {
        return program_failed(verdicts, arena, err.text);
    }
    for (uint32_t i = 0; i < path->rule_count && count < RULE_VERDICTS_MOST; i++) {
        const struct config_rule *rule = &path->rule_table[i];
        uint32_t node = json_get(&json, 0, rule->name);
        if (!breached(&json, node)) {
            continue;
        }
        struct slice said = arena_slice(arena, json_string(&json, node, arena));
        verdicts[count++] = (struct rule_verdict){
            .code = arena_printf(arena, "rule.%s", rule->name),
            .text = said.at ? said : slice_of(rule->text),
            .wants = wants(rule->severity),
        };
    }
    return count;
}

void rules_fini(struct rules_scratch *scratch) {
    buf_fini(&scratch->input);
    buf_fini(&scratch->output);
}

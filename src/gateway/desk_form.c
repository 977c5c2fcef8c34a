#include "gateway/desk_form.h"

#include "base/json_out.h"
#include "fleet/config.h"

static void write_field(struct buf *out, const struct answer_field *field) {
    buf_char(out, '{');
    json_text(out, "name", slice_of(field->name));
    json_key(out, "labels");
    buf_char(out, '[');
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_text(out, i ? "," : "");
        buf_json_string(out, slice_of(field->labels[i]));
    }
    buf_char(out, ']');
    json_bool(out, "optional", field->optional);
    buf_char(out, '}');
}

static void write_rule(struct buf *out, const struct rule *rule) {
    char code[RULE_NAME_BYTES + sizeof("rule.")];
    snprintf(code, sizeof(code), "rule.%s", rule->name);
    buf_char(out, '{');
    json_text(out, "code", slice_of(code));
    json_text(out, "severity", slice_of(rule_severity_name(rule->severity)));
    json_text(out, "text", slice_of(rule->text));
    buf_char(out, '}');
}

void desk_form_write(struct buf *out, const struct config_path *path) {
    if (path == NULL) {
        json_text(out, "form", (struct slice){0});
        json_text(out, "rules", (struct slice){0});
        return;
    }
    const struct answer_form *form = &path->policy.answer;
    json_key(out, "form");
    buf_char(out, '[');
    for (uint32_t i = 0; i < form->field_count; i++) {
        buf_text(out, i ? "," : "");
        write_field(out, &form->fields[i]);
    }
    buf_char(out, ']');
    json_key(out, "rules");
    buf_char(out, '[');
    for (uint32_t i = 0; i < path->rules.count; i++) {
        buf_text(out, i ? "," : "");
        write_rule(out, &path->rules.table[i]);
    }
    buf_char(out, ']');
}

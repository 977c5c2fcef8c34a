// The text of a policy: all that a decision depends on, defaults included and in one order, so that
// the same policy has the same version however its file is written. How people look at jobs is no
// part of it: the rounds of their reviews tell that.
#include "base/hash.h"
#include "fleet/config_parts.h"
#include "quality/certificate.h"

enum { VERSION_HEX = 16 };

static void write_key(struct buf *out, const char *key) {
    if (out->data[out->len - 1] != '{') {
        buf_char(out, ',');
    }
    buf_json_string(out, slice_of(key));
    buf_char(out, ':');
}

static void write_text(struct buf *out, const char *key, const char *text) {
    write_key(out, key);
    buf_json_string(out, slice_of(text));
}

static void write_integer(struct buf *out, const char *key, int64_t value) {
    write_key(out, key);
    buf_printf(out, "%lld", (long long)value);
}

static void write_tiers(const struct path *path, struct buf *out) {
    write_key(out, "tiers");
    for (uint32_t i = 0; i < path->tier_count; i++) {
        buf_char(out, i ? ',' : '[');
        buf_json_string(out, slice_of(path->tiers[i].name));
    }
    buf_char(out, ']');
    if (path->certificate) {
        write_text(out, "certificate", path->certificate->version);
    }
    write_key(out, "accept");
    buf_char(out, '{');
    for (uint32_t i = 0; i < path->tier_count; i++) {
        if (!path->tiers[i].skipped) {
            write_key(out, path->tiers[i].name);
            buf_json_number(out, path->tiers[i].accept);
        }
    }
    buf_char(out, '}');
}

static void write_field(const struct answer_field *field, struct buf *out) {
    buf_char(out, '{');
    if (field->label_count > 0) {
        write_key(out, "labels");
    }
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_char(out, i ? ',' : '[');
        buf_json_string(out, slice_of(field->labels[i]));
    }
    if (field->label_count > 0) {
        buf_char(out, ']');
    }
    if (field->name) {
        write_key(out, "optional");
        buf_text(out, field->optional ? "true" : "false");
    }
    buf_char(out, '}');
}

static void write_answer(const struct answer_form *form, struct buf *out) {
    if (form->field_count == 0) {
        return;
    }
    write_key(out, "answer");
    if (form->fields[0].name == NULL) {
        write_field(&form->fields[0], out);
        return;
    }
    buf_text(out, "{\"fields\":{");
    for (uint32_t i = 0; i < form->field_count; i++) {
        write_key(out, form->fields[i].name);
        write_field(&form->fields[i], out);
    }
    buf_text(out, "}}");
}

void config_policy_seal(struct config *config, struct config_path *path) {
    static const char *const lasts[] = {"review", "accept_best", "dead"};
    static const char *const brokens[] = {"alert", "raise", "next"};
    static const char *const keeps[] = {"review", "all", "none"};
    struct path *policy = &path->policy;
    struct buf out = {0};
    char hex[SHA256_HEX];
    buf_char(&out, '{');
    write_text(&out, "path", policy->name);
    write_tiers(policy, &out);
    write_answer(&policy->answer, &out);
    write_text(&out, "last", lasts[policy->last]);
    write_text(&out, "keep", keeps[policy->keep]);
    write_integer(&out, "deadline_ms", policy->deadline_ms);
    write_integer(&out, "hops", policy->hops);
    write_integer(&out, "spend_pico_usd", policy->spend_pico_usd);
    write_key(&out, "audit");
    buf_json_number(&out, policy->audit);
    if (policy->audit_tier) {
        write_text(&out, "audit_by", policy->audit_tier);
    }
    if (policy->certificate) {
        write_text(&out, "broken", brokens[policy->broken]);
    }
    if (path->rules.program) {
        write_key(&out, "rules");
        buf_json_string(&out, path->rules.text);
    }
    buf_char(&out, '}');
    policy->text = arena_string(&config->arena, buf_slice(&out));
    sha256_hex(buf_slice(&out), hex);
    policy->version = arena_string(&config->arena, (struct slice){hex, VERSION_HEX});
    buf_fini(&out);
}

#include "dialect/schema.h"

bool schema_applies(const struct answer_form *form) {
    return form->field_count > 0 && form->fields[0].name;
}

bool schema_is_strict(const struct answer_form *form) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (form->fields[i].label_count == 0) {
            return false;
        }
    }
    return true;
}

static void any_value(struct buf *body, enum schema_style style) {
    buf_text(body, style == SCHEMA_OPENAI ? ":{}"
                                          : ":{\"anyOf\":[{\"type\":\"string\"},{\"type\":"
                                            "\"number\"},{\"type\":\"boolean\"}]}");
}

static void field_schema(struct buf *body, const struct answer_field *field,
                         enum schema_style style) {
    bool null = field->optional && style == SCHEMA_OPENAI;
    buf_json_string(body, slice_of(field->name));
    if (field->label_count == 0) {
        any_value(body, style);
        return;
    }
    buf_text(body, null ? ":{\"type\":[\"string\",\"null\"],\"enum\":["
                        : ":{\"type\":\"string\",\"enum\":[");
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_text(body, i ? "," : "");
        buf_json_string(body, slice_of(field->labels[i]));
    }
    buf_text(body, null ? ",null]}" : "]}");
}

static bool has_confidence(const struct answer_form *form) {
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (strcmp(form->fields[i].name, "confidence") == 0) {
            return true;
        }
    }
    return false;
}

void schema_write(struct buf *body, const struct answer_form *form, enum schema_style style,
                  bool confidence) {
    bool added = confidence && !has_confidence(form);
    bool all = style == SCHEMA_OPENAI && schema_is_strict(form);
    const char *comma = "";
    buf_text(body, "{\"type\":\"object\",\"properties\":{");
    for (uint32_t i = 0; i < form->field_count; i++) {
        buf_text(body, i ? "," : "");
        field_schema(body, &form->fields[i], style);
    }
    buf_text(body, added ? ",\"confidence\":{\"type\":\"number\"}" : "");
    buf_text(body, "},\"required\":[");
    for (uint32_t i = 0; i < form->field_count; i++) {
        if (all || !form->fields[i].optional) {
            buf_text(body, comma);
            buf_json_string(body, slice_of(form->fields[i].name));
            comma = ",";
        }
    }
    if (added) {
        buf_text(body, comma);
        buf_text(body, "\"confidence\"");
    }
    buf_text(body, "],\"additionalProperties\":false}");
}

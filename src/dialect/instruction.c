#include "dialect/instruction.h"

static void ask_labels(struct buf *text, const struct answer_field *field) {
    for (uint32_t i = 0; i < field->label_count; i++) {
        buf_printf(text, "%s%s", i ? ", " : "", field->labels[i]);
    }
}

static void ask_fields(struct buf *text, const struct answer_form *form) {
    buf_text(text, "Judge the user's input. Answer with one JSON object and nothing else. "
                   "Its members:");
    for (uint32_t i = 0; i < form->field_count; i++) {
        const struct answer_field *field = &form->fields[i];
        buf_printf(text, "\n- %s%s: ", field->name, field->optional ? " (may be left out)" : "");
        buf_text(text, field->label_count ? "exactly one of " : "any value");
        ask_labels(text, field);
    }
}

void instruction_write(struct buf *text, const struct answer_form *form, bool confidence) {
    const struct answer_field *field = form->fields;
    if (form->field_count == 0 || (!field->name && field->label_count == 0)) {
        buf_text(text, "Answer the user's input. Give the answer alone, nothing around it.");
    } else if (field->name == NULL) {
        buf_text(text, "Judge the user's input. Answer with exactly one of these labels, spelled "
                       "as here, and nothing else: ");
        ask_labels(text, field);
    } else {
        ask_fields(text, form);
        buf_text(text, confidence ? "\n- confidence: how sure you are that this is right, a number "
                                    "from 0 to 1" : "");
    }
}

#include "job/verification.h"

#include <math.h>

#include "job/answer.h"

enum { CORRECT, WRONG, WORDS };

static const char *const words[WORDS] = {[CORRECT] = "correct", [WRONG] = "wrong"};
static const struct answer_field field = {.labels = words, .label_count = WORDS};

const struct path verification_path = {.name = "verification", .answer = {&field, 1}};

enum reason verification_read(struct slice says, double sure, struct arena *arena,
                              struct verification *v) {
    *v = (struct verification){.confidence = NAN};
    if (answer_check(&verification_path.answer, says, arena, &v->detail) != REASON_NONE) {
        return REASON_ANSWER_VERIFIER;
    }
    if (isnan(sure)) {
        v->detail = slice_of("it does not say how sure it is");
        return REASON_ANSWER_VERIFIER;
    }
    uint32_t word = answer_label(&field, says, arena);
    v->word = slice_of(words[word]);
    v->confidence = word == CORRECT ? sure : 1 - sure;
    return REASON_NONE;
}

// Any bytes to a dialect, as a reply and as a payload. The first byte picks status and path.
#ifndef TASKFIT_TESTS_FUZZ_DIALECT_H
#define TASKFIT_TESTS_FUZZ_DIALECT_H

#include <math.h>

#include "base/json.h"
#include "base/utf8.h"
#include "dialect/dialect.h"
#include "fuzz.h"
#include "job/answer.h"

static const char *const fuzz_labels[] = {"I", "II", "XI", "CGST_SGST", "CGST_UTGST"};
static const struct answer_field fuzz_label = {.labels = fuzz_labels, .label_count = 5};
static const struct answer_field fuzz_fields[] = {
    {.name = "a", .labels = fuzz_labels, .label_count = 5},
    {.name = "b", .optional = true},
};

static inline void fuzz_reply(const struct request *request, uint32_t status, struct slice body,
                              struct arena *arena) {
    const struct reply reply = {.status = status, .body = body, .retry_after = body};
    struct reading reading;
    struct err err;
    dialect_read(request, &reply, arena, &reading);
    FUZZ_CHECK((reading.error == REASON_NONE) == (reading.answer.at != NULL));
    FUZZ_CHECK(reading.error_text.len <= 300);
    FUZZ_CHECK(utf8_valid(reading.error_text) == reading.error_text.len);
    FUZZ_CHECK(reading.retry_after_ms >= -1);
    FUZZ_CHECK(price_of(&request->model->price, &reading.usage) >= 0);
    if (reading.error == REASON_NONE) {
        struct slice detail;
        FUZZ_CHECK(json_check(reading.answer, &json_default_limits, &err));
        answer_check(&request->path->answer, reading.answer, arena, &detail);
        double confidence = confidence_from_logprobs(&request->path->answer, reading.answer,
                                                     &reading.signals);
        FUZZ_CHECK(isnan(confidence) || (confidence >= 0 && confidence <= 1));
    }
}

static inline void fuzz_payload(struct request *request, struct slice payload) {
    struct buf body = {0};
    struct err err;
    if (!json_check(payload, &json_default_limits, &err)) {
        return;
    }
    for (int i = 0; i < 2; i++) {
        request->payload = payload;
        request->prompted = i == 1;
        buf_clear(&body);
        if (request->model->dialect->build(request, &body, &err)) {
            FUZZ_CHECK(json_check(buf_slice(&body), &json_default_limits, &err));
        }
    }
    buf_fini(&body);
}

static inline void fuzz_dialect(const char *name, const uint8_t *data, size_t size) {
    static const uint32_t statuses[] = {200, 200, 200, 200, 400, 429, 500, 302};
    uint8_t choice = size > 0 ? *data++ : 0;
    struct slice bytes = fuzz_slice(data, size > 0 ? size - 1 : 0);
    struct arena_pool pool = {0};
    struct arena arena;
    const struct model model = {
        .dialect = dialect_find(name),
        .model = "m",
        .key = "key",
        .extra = choice & 64 ? "{\"a\":1,\"user\":null}" : NULL,
        .confidence = (choice & 96) == 96 ? CONFIDENCE_AGREEMENT
                      : choice & 32       ? CONFIDENCE_FIELD
                                          : CONFIDENCE_LOGPROB,
        .samples = 2,
        .price = {.input_pico_usd = 1, .output_pico_usd = INT64_MAX / 2},
        .max_tokens = choice & 32,
        .top_logprobs = 5,
        .labels = fuzz_labels,
        .label_count = 2,
        .tensor_input = "x",
        .tensor_answer = choice & 8 ? NULL : "y",
        .tensor_probabilities = choice & 32 ? NULL : "p",
    };
    const struct path path = {.answer = choice & 8    ? (struct answer_form){&fuzz_label, 1}
                                        : choice & 16 ? (struct answer_form){fuzz_fields, 2}
                                                      : (struct answer_form){NULL, 0}};
    static const struct attachment attached[] = {
        {.media_type = {"image/png", 9}, .name = {"a", 1}, .content = {"hi", 2}},
        {.media_type = {"application/pdf", 15}, .content = {"hi", 2}}};
    struct request request = {.model = &model, .path = &path, .attachments = attached,
                              .attachment_count = choice & 128 ? 2 : 0};
    arena_init(&arena, &pool);
    fuzz_reply(&request, statuses[choice & 7], bytes, &arena);
    fuzz_payload(&request, bytes);
    arena_fini(&arena);
    arena_pool_fini(&pool);
}

#endif

#include "dialects.h"
#include "job/confidence.h"

static void gemini(struct scene *s) {
    s->model.dialect = dialect_find("gemini");
    s->model.model = "gemini-flash";
}

// --- requests

#define HELLO "[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define CONTENTS "\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hello\"}]}]"
#define TYPED                                                                                   \
    "{\"type\":\"object\",\"properties\":{\"tax\":{\"type\":\"string\",\"enum\":[\"CGST_SGST\"," \
    "\"IGST\",\"CGST_UTGST\"]},\"why\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"number\"}," \
    "{\"type\":\"boolean\"}]}},\"required\":[\"tax\"],\"additionalProperties\":false}"

static void test_what_a_prompt_made(void **state) {
    struct scene *s = *state;
    gemini(s);
    assert_string_equal(s->model.dialect->key_header, "x-goog-api-key: ");
    assert_sends(s, "\"Hello\"", true, "{" CONTENTS ",\"generationConfig\":{}}");
    assert_sends(s, "[{\"role\":\"system\",\"content\":\"Be brief\"},"
                    "{\"role\":\"user\",\"content\":\"Hello\"},"
                    "{\"role\":\"assistant\",\"content\":\"IGST\"},"
                    "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"Really\"}]}]",
                 true,
                 "{\"systemInstruction\":{\"parts\":[{\"text\":\"Be brief\"},{\"text\":\"Really\"}]"
                 "},\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hello\"}]},{\"role\":"
                 "\"model\",\"parts\":[{\"text\":\"IGST\"}]}],\"generationConfig\":{}}");
    assert_false(scene_build(s, "null", true));
}

static void test_images(void **state) {
    struct scene *s = *state;
    gemini(s);
    assert_sends(s, "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What?\"},"
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}"
                    "},{\"type\":\"image_url\",\"image_url\":{\"url\":\"gs://a/b.png\"}},"
                    "{\"inlineData\":{\"mimeType\":\"a/b\",\"data\":\"\"}}]}]", true,
                 "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"What?\"},"
                 "{\"inlineData\":{\"mimeType\":\"image/png\",\"data\":\"aGk=\"}},{\"fileData\":"
                 "{\"fileUri\":\"gs://a/b.png\"}},{\"inlineData\":{\"mimeType\":\"a/b\",\"data\":"
                 "\"\"}}]}],\"generationConfig\":{}}");
}

static void test_bodies(void **state) {
    struct scene *s = *state;
    gemini(s);
    assert_sends(s, "{\"model\":\"theirs\",\"messages\":" HELLO ",\"n\":2,\"temperature\":0,"
                    "\"top_p\":1,\"max_tokens\":5}", false,
                 "{" CONTENTS ",\"generationConfig\":{\"maxOutputTokens\":5,\"temperature\":0,"
                 "\"topP\":1}}");
    s->model.max_tokens = 16;
    assert_sends(s, "{\"model\":\"x\"," CONTENTS ",\"generationConfig\":{\"maxOutputTokens\":50,"
                    "\"topK\":1},\"safetySettings\":[]}", false,
                 "{" CONTENTS ",\"generationConfig\":{\"maxOutputTokens\":16,\"topK\":1},"
                 "\"safetySettings\":[]}");
    assert_sends(s, "{" CONTENTS ",\"generationConfig\":{\"maxOutputTokens\":9}}", false,
                 "{" CONTENTS ",\"generationConfig\":{\"maxOutputTokens\":9}}");
}

static void test_named_fields_are_a_schema(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_named(s);
    assert_sends(s, HELLO, true,
                 "{" CONTENTS ",\"generationConfig\":{\"responseMimeType\":\"application/json\","
                 "\"responseJsonSchema\":" TYPED "}}");
    s->model.extra = "{\"generationConfig\":{\"thinkingConfig\":{\"thinkingLevel\":\"minimal\"},"
                     "\"temperature\":0},\"labels\":{\"team\":\"tax\"}}";
    assert_sends(s, HELLO, true,
                 "{" CONTENTS ",\"generationConfig\":{\"responseMimeType\":\"application/json\","
                 "\"responseJsonSchema\":" TYPED ",\"thinkingConfig\":{\"thinkingLevel\":"
                 "\"minimal\"},\"temperature\":0},\"labels\":{\"team\":\"tax\"}}");
    s->model.extra = "{\"generationConfig\":{\"responseSchema\":{\"type\":\"STRING\"}}}";
    assert_sends(s, HELLO, true,
                 "{" CONTENTS ",\"generationConfig\":{\"responseSchema\":{\"type\":\"STRING\"}}}");
    s->model.extra = NULL;
    assert_sends(s, "{" CONTENTS ",\"generationConfig\":{\"responseSchema\":{\"type\":\"STRING\"},"
                    "\"responseMimeType\":\"text/x.enum\"}}", true,
                 "{" CONTENTS ",\"generationConfig\":{\"responseSchema\":{\"type\":\"STRING\"},"
                 "\"responseMimeType\":\"text/x.enum\"}}");
}

static void test_logprobs_are_asked_for(void **state) {
    struct scene *s = *state;
    gemini(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    s->model.top_logprobs = 5;
    assert_sends(s, "{" CONTENTS ",\"generationConfig\":{\"logprobs\":1,\"seed\":1}}", true,
                 "{" CONTENTS ",\"generationConfig\":{\"responseLogprobs\":true,\"logprobs\":5,"
                 "\"seed\":1}}");
}

// --- replies

static const char flash[] =
    "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"It is IGST\",\"thought\":true},"
    "{\"text\":\"CGST_SGST\",\"thoughtSignature\":\"Cg==\"}],\"role\":\"model\"},\"finishReason\":"
    "\"STOP\",\"index\":0,\"avgLogprobs\":-0.4581453659,\"logprobsResult\":{\"topCandidates\":["
    "{\"candidates\":[{\"token\":\"C\",\"tokenId\":235288,\"logProbability\":-0.2231435513},"
    "{\"token\":\"I\",\"tokenId\":235285,\"logProbability\":-1.6094379124}]},"
    "{\"candidates\":[{\"token\":\"GST_SGST\",\"tokenId\":1,\"logProbability\":-0.6931471806},"
    "{\"token\":\"GST_UT\",\"tokenId\":2,\"logProbability\":-0.6931471806}]}],"
    "\"chosenCandidates\":[{\"token\":\"C\",\"tokenId\":235288,\"logProbability\":-0.2231435513},"
    "{\"token\":\"GST_SGST\",\"tokenId\":1,\"logProbability\":-0.6931471806}]}}],"
    "\"usageMetadata\":{\"promptTokenCount\":120,\"cachedContentTokenCount\":64,"
    "\"candidatesTokenCount\":2,\"thoughtsTokenCount\":40,\"totalTokenCount\":162,"
    "\"promptTokensDetails\":[{\"modality\":\"TEXT\",\"tokenCount\":120}]},"
    "\"modelVersion\":\"gemini-3.8-flash\",\"responseId\":\"a1\"}";

static void test_flash(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_labels(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200, flash);
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"CGST_SGST\"");
    assert_int_equal(s->reading.usage.input_tokens, 120);
    assert_int_equal(s->reading.usage.cached_tokens, 64);
    assert_int_equal(s->reading.usage.output_tokens, 42);
    assert_int_equal(s->reading.signals.token_count, 2);
    assert_int_equal(s->reading.signals.tokens[1].alternative_count, 2);
    assert_slice(s->reading.signals.tokens[1].alternatives[1].text, "GST_UT");
    double confidence = confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                                 &s->reading.signals);
    assert_true(fabs(confidence - .8 * .5) < 1e-6);
}

#define REPLY(candidate) "{\"candidates\":[{" candidate "}],\"usageMetadata\":{" \
                         "\"promptTokenCount\":7,\"candidatesTokenCount\":2}}"
#define PARTS(parts) "\"content\":{\"role\":\"model\",\"parts\":[" parts "]}"

// The average over two tokens is the probability of both.
static void test_an_average(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_labels(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200, REPLY(PARTS("{\"text\":\"IGST\"}") ",\"avgLogprobs\":-0.6931471806"));
    double confidence = confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                                 &s->reading.signals);
    assert_true(fabs(confidence - .25) < 1e-6);
    scene_read(s, 200, REPLY(PARTS("{\"text\":\"IGST\"}") ",\"avgLogprobs\":\"NaN\""));
    assert_null(s->reading.signals.tokens);
    scene_read(s, 200, REPLY(PARTS("{\"text\":\"IGST\"}") ",\"logprobsResult\":{"
                             "\"chosenCandidates\":[{\"token\":3},{}],\"topCandidates\":[1]}"));
    assert_true(isnan(confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                               &s->reading.signals)));
}

static void test_agreement(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_labels(s);
    s->model.confidence = CONFIDENCE_AGREEMENT;
    s->model.samples = 3;
    assert_sends(s, "{" CONTENTS ",\"generationConfig\":{\"candidateCount\":1,\"seed\":1}}", true,
                 "{" CONTENTS ",\"generationConfig\":{\"candidateCount\":3,\"seed\":1}}");
    scene_read(s, 200, REPLY(PARTS("{\"text\":\"CGST_SGST\"}") "},{" PARTS("{\"text\":\"IGST\"}")
                             "},{" PARTS("{\"text\":\"IGST\"}")));
    assert_slice(s->reading.answer, "\"IGST\"");
    assert_true(fabs(s->reading.signals.field - 2. / 3) < 1e-9);
    scene_read(s, 200, REPLY("\"finishReason\":\"SAFETY\"},{\"finishReason\":\"STOP\""));
    assert_reason(s->reading.error, ERROR_CONTENT);
}

static void test_texts_and_calls(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_named(s);
    s->model.confidence = CONFIDENCE_FIELD;
    scene_read(s, 200, REPLY(PARTS("{\"text\":\"{\\\"tax\\\":1,\"},{\"text\":"
                                   "\"\\\"confidence\\\":0.75}\"}")));
    assert_slice(s->reading.answer, "{\"tax\":1,\"confidence\":0.75}");
    assert_true(s->reading.signals.field == .75);
    scene_read(s, 200, REPLY(PARTS("{\"functionCall\":{\"name\":\"f\",\"args\":{\"tax\":2}}}")));
    assert_slice(s->reading.answer, "{\"tax\":2}");
}

static void test_replies_without_an_answer(void **state) {
    static const struct {
        const char *body, *text;
        enum reason reason;
    } rows[] = {
        {REPLY(PARTS("{\"text\":\"CG\"}") ",\"finishReason\":\"MAX_TOKENS\""),
         "finishReason MAX_TOKENS after 2 tokens", REASON_ERROR_TRUNCATED},
        {REPLY("\"finishReason\":\"SAFETY\""), "finishReason SAFETY after 2 tokens",
         REASON_ERROR_CONTENT},
        {REPLY("\"finishReason\":\"MALFORMED_FUNCTION_CALL\""), NULL, REASON_ANSWER_MISSING},
        {"{\"promptFeedback\":{\"blockReason\":\"PROHIBITED_CONTENT\"},\"usageMetadata\":{"
         "\"promptTokenCount\":7}}", "blockReason PROHIBITED_CONTENT after 0 tokens",
         REASON_ERROR_CONTENT},
        {REPLY(PARTS("{\"text\":\"hm\",\"thought\":true},3,{\"text\":4}")), NULL,
         REASON_ANSWER_MISSING},
        {REPLY("\"content\":{\"role\":\"model\"}"), NULL, REASON_ANSWER_MISSING},
        {"{\"candidates\":[]}", NULL, REASON_ERROR_REPLY},
        {"{\"candidates\":[1]}", NULL, REASON_ERROR_REPLY},
        {"[]", NULL, REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    gemini(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_null(s->reading.answer.at);
        if (rows[i].text) {
            assert_slice(s->reading.error_text, rows[i].text);
        }
    }
}

#define BUSY(delay)                                                                             \
    "{\"error\":{\"code\":429,\"message\":\"Resource exhausted\",\"status\":"                    \
    "\"RESOURCE_EXHAUSTED\",\"details\":[{\"@type\":\"type.googleapis.com/google.rpc.Help\"},"   \
    "{\"@type\":\"type.googleapis.com/google.rpc.RetryInfo\",\"retryDelay\":" delay "}]}}"

// When to come again stands in the body; a header says it better.
static void test_retry_delay(void **state) {
    static const struct {
        const char *body;
        int64_t ms;
    } rows[] = {
        {BUSY("\"18s\""), 18000}, {BUSY("\"0.2005s\""), 201}, {BUSY("\"18\""), -1},
        {BUSY("18"), -1},         {BUSY("\"-1s\""), -1},      {BUSY("\"1e99s\""), -1},
        {BUSY("\"1ss\""), -1},    {BUSY("\"s\""), -1},
    };
    struct scene *s = *state;
    gemini(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 429, rows[i].body);
        assert_reason(s->reading.error, ERROR_BUSY);
        assert_int_equal(s->reading.retry_after_ms, rows[i].ms);
    }
    s->reply.retry_after = slice_of("2");
    scene_read(s, 429, BUSY("\"18s\""));
    assert_int_equal(s->reading.retry_after_ms, 2000);
    s->reply.retry_after = (struct slice){0};
    scene_read(s, 400, BUSY("\"18s\""));
    assert_int_equal(s->reading.retry_after_ms, -1);
}

static void test_errors(void **state) {
    struct scene *s = *state;
    gemini(s);
    scene_read(s, 400, "{\"error\":{\"code\":400,\"message\":\"API key not valid. Please pass a "
                       "valid API key.\",\"status\":\"INVALID_ARGUMENT\"}}");
    assert_reason(s->reading.error, ERROR_AUTH);
    scene_read(s, 400, "{\"error\":{\"code\":400,\"message\":\"The input token count (1200000) "
                       "exceeds the maximum number of tokens allowed (1048576).\",\"status\":"
                       "\"INVALID_ARGUMENT\"}}");
    assert_reason(s->reading.error, ERROR_CONTEXT);
    scene_read(s, 503, "[{\"error\":{\"code\":503,\"message\":\"Overloaded\",\"status\":"
                       "\"UNAVAILABLE\"}}]");
    assert_reason(s->reading.error, ERROR_BUSY);
    assert_true(s->reading.retry);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_what_a_prompt_made),
        SCENE_TEST(test_images),
        SCENE_TEST(test_bodies),
        SCENE_TEST(test_named_fields_are_a_schema),
        SCENE_TEST(test_logprobs_are_asked_for),
        SCENE_TEST(test_flash),
        SCENE_TEST(test_an_average),
        SCENE_TEST(test_agreement),
        SCENE_TEST(test_texts_and_calls),
        SCENE_TEST(test_replies_without_an_answer),
        SCENE_TEST(test_retry_delay),
        SCENE_TEST(test_errors),
    };
    return cmocka_run_group_tests_name("gemini", tests, NULL, NULL);
}

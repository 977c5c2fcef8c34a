#include "dialects.h"
#include "job/confidence.h"

static void responses(struct scene *s) {
    s->model.dialect = dialect_find("openai_responses");
    s->model.model = "gpt";
}

// --- requests

#define HELLO "[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define BEGIN "{\"model\":\"gpt\",\"input\":"
#define SCHEMA(type)                                                                            \
    "{\"type\":\"json_schema\",\"name\":\"answer\",\"strict\":" type ",\"schema\":{\"type\":"     \
    "\"object\",\"properties\":{\"tax\":{\"type\":\"string\",\"enum\":[\"CGST_SGST\",\"IGST\"," \
    "\"CGST_UTGST\"]},\"why\":{}},\"required\":[\"tax\"],\"additionalProperties\":false}}"

static void test_what_a_prompt_made(void **state) {
    struct scene *s = *state;
    responses(s);
    assert_sends(s, "\"Hello\"", true, BEGIN HELLO ",\"store\":false}");
    assert_sends(s, HELLO, true, BEGIN HELLO ",\"store\":false}");
    assert_false(scene_build(s, "3", true));
    assert_int_equal(s->err.kind, ERR_POISON);
}

static void test_the_default_prompt(void **state) {
    struct scene *s = *state;
    responses(s);
    scene_labels(s);
    assert_sends(s, "\"LIVE HORSES\"", false,
                 BEGIN "[{\"role\":\"system\",\"content\":\"Judge the user's input. Answer with "
                 "exactly one of these labels, spelled as here, and nothing else: CGST_SGST, IGST, "
                 "CGST_UTGST\"},{\"role\":\"user\",\"content\":\"LIVE HORSES\"}],\"store\":false}");
}

static void test_text_and_images(void **state) {
    struct scene *s = *state;
    responses(s);
    assert_sends(s, "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What \\\"is\\\""
                    "?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,"
                    "aGk=\"}},{\"type\":\"image_url\",\"image_url\":\"https://a/b.png\"},"
                    "{\"type\":\"input_file\",\"file_id\":\"f\"}]},"
                    "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"A\"}]},"
                    "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}]", true,
                 BEGIN "[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"What "
                 "\\\"is\\\"?\"},{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,"
                 "aGk=\"},{\"type\":\"input_image\",\"image_url\":\"https://a/b.png\"},"
                 "{\"type\":\"input_file\",\"file_id\":\"f\"}]},"
                 "{\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\",\"text\":\"A\"}]},"
                 "{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}],"
                 "\"store\":false}");
}

// Of a chat body, a line of a batch file, goes what means the same here.
static void test_bodies(void **state) {
    struct scene *s = *state;
    responses(s);
    assert_sends(s, "{\"model\":\"theirs\",\"messages\":" HELLO ",\"stream\":true,\"n\":2,"
                    "\"temperature\":0,\"max_tokens\":5,\"response_format\":{}}", false,
                 BEGIN HELLO ",\"store\":false,\"max_output_tokens\":5,\"temperature\":0}");
    assert_sends(s, "{\"model\":\"theirs\",\"input\":" HELLO ",\"stream\":true,"
                    "\"max_output_tokens\":50,\"reasoning\":{\"effort\":\"low\"}}", false,
                 BEGIN HELLO ",\"store\":false,\"max_output_tokens\":50,"
                 "\"reasoning\":{\"effort\":\"low\"}}");
    s->model.max_tokens = 16;
    assert_sends(s, "{\"input\":" HELLO ",\"max_output_tokens\":50}", false,
                 BEGIN HELLO ",\"store\":false,\"max_output_tokens\":16}");
    // An input that is a text is none of its bodies.
    assert_true(scene_build(s, "{\"input\":\"Hello\"}", false));
    assert_non_null(strstr(buf_string(&s->body), "{\\\"input\\\":\\\"Hello\\\"}"));
}

static void test_named_fields_are_a_format(void **state) {
    struct scene *s = *state;
    responses(s);
    scene_named(s);
    assert_sends(s, HELLO, true,
                 BEGIN HELLO ",\"store\":false,\"text\":{\"format\":" SCHEMA("false") "}}");
    // What else stands in `text` is kept, from extra and from a body of the dialect's own.
    s->model.extra = "{\"text\":{\"verbosity\":\"low\"},\"reasoning\":{\"effort\":\"minimal\"},"
                     "\"store\":true}";
    assert_sends(s, HELLO, true,
                 BEGIN HELLO ",\"text\":{\"format\":" SCHEMA("false") ",\"verbosity\":\"low\"},"
                 "\"reasoning\":{\"effort\":\"minimal\"},\"store\":true}");
    s->model.extra = "{\"text\":null}";
    assert_sends(s, HELLO, true, BEGIN HELLO ",\"store\":false}");
    s->model.extra = NULL;
    assert_sends(s, "{\"input\":" HELLO ",\"text\":{\"format\":{\"type\":\"text\"}}}", true,
                 BEGIN HELLO ",\"store\":false,\"text\":{\"format\":{\"type\":\"text\"}}}");
    assert_sends(s, "{\"input\":" HELLO ",\"text\":{\"verbosity\":\"low\"}}", true,
                 BEGIN HELLO ",\"store\":false,\"text\":{\"format\":" SCHEMA("false") ","
                 "\"verbosity\":\"low\"}}");
}

static void test_logprobs_are_included(void **state) {
    struct scene *s = *state;
    responses(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    s->model.top_logprobs = 5;
    assert_sends(s, "{\"input\":" HELLO ",\"include\":[],\"top_logprobs\":1}", true,
                 BEGIN HELLO ",\"store\":false,\"include\":[\"message.output_text.logprobs\"],"
                 "\"top_logprobs\":5}");
}

// --- replies

static const char openai[] =
    "{\"id\":\"resp_68af\",\"object\":\"response\",\"created_at\":1795500000,\"status\":"
    "\"completed\",\"background\":false,\"error\":null,\"incomplete_details\":null,"
    "\"instructions\":null,\"max_output_tokens\":16,\"model\":\"gpt-4.1-mini-2025-04-14\","
    "\"output\":[{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[],\"content\":[{\"type\":"
    "\"reasoning_text\",\"text\":\"It is IGST\"}]},{\"id\":\"msg_1\",\"type\":\"message\","
    "\"status\":\"completed\",\"content\":[{\"type\":\"output_text\",\"annotations\":[],"
    "\"logprobs\":[{\"token\":\"C\",\"bytes\":[67],\"logprob\":-0.2231435513,\"top_logprobs\":["
    "{\"token\":\"C\",\"bytes\":[67],\"logprob\":-0.2231435513},"
    "{\"token\":\"I\",\"bytes\":[73],\"logprob\":-1.6094379124}]},"
    "{\"token\":\"GST_SGST\",\"bytes\":[71,83,84,95,83,71,83,84],\"logprob\":-0.6931471806,"
    "\"top_logprobs\":[{\"token\":\"GST_SGST\",\"logprob\":-0.6931471806},"
    "{\"token\":\"GST_UT\",\"logprob\":-0.6931471806}]}],\"text\":\"CGST_SGST\"}],"
    "\"role\":\"assistant\"}],\"parallel_tool_calls\":true,\"store\":false,\"temperature\":1.0,"
    "\"text\":{\"format\":{\"type\":\"text\"},\"verbosity\":\"medium\"},\"top_logprobs\":5,"
    "\"usage\":{\"input_tokens\":120,\"input_tokens_details\":{\"cached_tokens\":64},"
    "\"output_tokens\":4,\"output_tokens_details\":{\"reasoning_tokens\":0},"
    "\"total_tokens\":124},\"user\":null,\"metadata\":{}}";

static void test_openai(void **state) {
    struct scene *s = *state;
    responses(s);
    scene_labels(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200, openai);
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"CGST_SGST\"");
    assert_int_equal(s->reading.usage.input_tokens, 120);
    assert_int_equal(s->reading.usage.cached_tokens, 64);
    assert_int_equal(s->reading.usage.output_tokens, 4);
    assert_int_equal(s->reading.signals.token_count, 2);
    double confidence = confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                                 &s->reading.signals);
    assert_true(fabs(confidence - .8 * .5) < 1e-6);
    s->model.confidence = CONFIDENCE_NONE;
    scene_read(s, 200, openai);
    assert_null(s->reading.signals.tokens);
}

#define REPLY(status, output) "{\"status\":\"" status "\",\"output\":" output \
                              ",\"usage\":{\"input_tokens\":7,\"output_tokens\":8}"
#define MESSAGE(content) "[{\"type\":\"message\",\"content\":[" content "]}]"
#define TEXT(text) "{\"type\":\"output_text\",\"text\":\"" text "\"}"

static void test_texts_and_calls(void **state) {
    struct scene *s = *state;
    responses(s);
    scene_named(s);
    s->model.confidence = CONFIDENCE_FIELD;
    scene_read(s, 200, REPLY("completed", MESSAGE(TEXT("{\\\"tax\\\":") ","
                                                  TEXT("1,\\\"confidence\\\":0.5}"))) "}");
    assert_slice(s->reading.answer, "{\"tax\":1,\"confidence\":0.5}");
    assert_true(s->reading.signals.field == .5);
    scene_read(s, 200, REPLY("completed", "[{\"type\":\"function_call\",\"name\":\"f\","
                                          "\"arguments\":\"{\\\"tax\\\":2}\"}]") "}");
    assert_slice(s->reading.answer, "{\"tax\":2}");
}

static void test_replies_without_an_answer(void **state) {
    static const struct {
        const char *body, *text;
        enum reason reason;
        bool retry;
    } rows[] = {
        {REPLY("incomplete", "[]") ",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}",
         "incomplete, max_output_tokens, after 8 tokens", REASON_ERROR_TRUNCATED, false},
        {REPLY("incomplete", MESSAGE(TEXT("CG")))
         ",\"incomplete_details\":{\"reason\":\"content_filter\"}}",
         "incomplete, content_filter, after 8 tokens", REASON_ERROR_CONTENT, false},
        {REPLY("completed", MESSAGE("{\"type\":\"refusal\",\"refusal\":\"I can't\"}")) "}",
         "refusal: I can't", REASON_ERROR_CONTENT, false},
        {REPLY("failed", "[]") ",\"error\":{\"code\":\"server_error\",\"message\":\"Sorry\"}}",
         "status 200: Sorry (server_error)", REASON_ERROR_SERVER, true},
        {REPLY("failed", "[]")
         ",\"error\":{\"code\":\"rate_limit_exceeded\",\"message\":\"Slow\"}}",
         "status 200: Slow (rate_limit_exceeded)", REASON_ERROR_BUSY, true},
        {REPLY("queued", "[]") "}", NULL, REASON_ERROR_REPLY, false},
        {REPLY("completed", "[{\"type\":\"reasoning\",\"summary\":[]}]") "}", NULL,
         REASON_ANSWER_MISSING, false},
        {REPLY("completed", MESSAGE("3,{\"text\":3},null")) "}", NULL, REASON_ANSWER_MISSING,
         false},
        {"{\"output\":null}", NULL, REASON_ERROR_REPLY, false},
        {"{\"choices\":[{\"message\":{\"content\":\"x\"}}]}", NULL, REASON_ERROR_REPLY, false},
        {"[]", NULL, REASON_ERROR_REPLY, false},
    };
    struct scene *s = *state;
    responses(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_int_equal(s->reading.retry, rows[i].retry);
        assert_null(s->reading.answer.at);
        if (rows[i].text) {
            assert_slice(s->reading.error_text, rows[i].text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_what_a_prompt_made),
        SCENE_TEST(test_the_default_prompt),
        SCENE_TEST(test_text_and_images),
        SCENE_TEST(test_bodies),
        SCENE_TEST(test_named_fields_are_a_format),
        SCENE_TEST(test_logprobs_are_included),
        SCENE_TEST(test_openai),
        SCENE_TEST(test_texts_and_calls),
        SCENE_TEST(test_replies_without_an_answer),
    };
    return cmocka_run_group_tests_name("openai_responses", tests, NULL, NULL);
}

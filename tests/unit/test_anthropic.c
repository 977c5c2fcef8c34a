#include "dialects.h"

static void anthropic(struct scene *s) {
    s->model.dialect = dialect_find("anthropic");
    s->model.model = "claude";
}

// --- requests

#define HELLO "[{\"role\":\"user\",\"content\":\"Hello\"}]"
#define BEGIN "{\"model\":\"claude\",\"max_tokens\":4096,"
#define SCHEMA                                                                                  \
    "\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\",\"properties\":{"     \
    "\"tax\":{\"type\":\"string\",\"enum\":[\"CGST_SGST\",\"IGST\",\"CGST_UTGST\"]},\"why\":{"   \
    "\"anyOf\":[{\"type\":\"string\"},{\"type\":\"number\"},{\"type\":\"boolean\"}]}},"         \
    "\"required\":[\"tax\"],\"additionalProperties\":false}}"

static void test_headers(void **state) {
    struct scene *s = *state;
    anthropic(s);
    assert_string_equal(s->model.dialect->key_header, "x-api-key: ");
    assert_string_equal(s->model.dialect->headers[0], "anthropic-version: 2023-06-01");
    assert_null(s->model.dialect->headers[1]);
    assert_false(s->model.dialect->logprobs);
}

static void test_what_a_prompt_made(void **state) {
    struct scene *s = *state;
    anthropic(s);
    assert_sends(s, "\"Hello\"", true, BEGIN "\"messages\":" HELLO "}");
    assert_sends(s, HELLO, true, BEGIN "\"messages\":" HELLO "}");
    // The system's messages have a place of their own.
    assert_sends(s, "[{\"role\":\"system\",\"content\":\"Be brief\"},"
                    "{\"role\":\"user\",\"content\":\"Hello\"},"
                    "{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"Really\","
                    "\"cache_control\":{\"type\":\"ephemeral\"}}]}]", true,
                 BEGIN "\"system\":[{\"type\":\"text\",\"text\":\"Be brief\"},{\"type\":\"text\","
                 "\"text\":\"Really\",\"cache_control\":{\"type\":\"ephemeral\"}}],"
                 "\"messages\":" HELLO "}");
    assert_false(scene_build(s, "{}", true));
}

static void test_the_default_prompt(void **state) {
    struct scene *s = *state;
    anthropic(s);
    s->model.max_tokens = 64;
    assert_sends(s, "{\"text\":1}", false,
                 "{\"model\":\"claude\",\"max_tokens\":64,\"system\":[{\"type\":\"text\",\"text\":"
                 "\"Answer the user's input. Give the answer alone, nothing around it.\"}],"
                 "\"messages\":[{\"role\":\"user\",\"content\":\"{\\\"text\\\":1}\"}]}");
}

static void test_images(void **state) {
    struct scene *s = *state;
    anthropic(s);
    assert_sends(s, "[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"What?\"},"
                    "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}"
                    "},{\"type\":\"image_url\",\"image_url\":{\"url\":\"https://a/b.png\"}},"
                    "{\"type\":\"image\",\"source\":{\"type\":\"file\",\"file_id\":\"f\"}}]}]",
                 true,
                 BEGIN "\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                 "\"What?\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":"
                 "\"image/png\",\"data\":\"aGk=\"}},{\"type\":\"image\",\"source\":{\"type\":"
                 "\"url\",\"url\":\"https://a/b.png\"}},{\"type\":\"image\",\"source\":{\"type\":"
                 "\"file\",\"file_id\":\"f\"}}]}]}");
}

static void test_bodies(void **state) {
    struct scene *s = *state;
    anthropic(s);
    assert_sends(s, "{\"model\":\"theirs\",\"messages\":" HELLO ",\"n\":2,\"temperature\":0,"
                    "\"max_tokens\":5,\"response_format\":{},\"seed\":1}", false,
                 "{\"model\":\"claude\",\"max_tokens\":5,\"messages\":" HELLO
                 ",\"temperature\":0}");
    assert_sends(s, "{\"system\":\"Be brief\",\"messages\":" HELLO ",\"thinking\":{\"type\":"
                    "\"adaptive\"}}", false,
                 BEGIN "\"messages\":" HELLO ",\"system\":\"Be brief\",\"thinking\":{\"type\":"
                 "\"adaptive\"}}");
    // A system message and a system member are not both sent.
    assert_sends(s, "{\"system\":\"a\",\"messages\":[{\"role\":\"system\",\"content\":\"b\"},"
                    "{\"role\":\"user\",\"content\":\"Hello\"}]}", false,
                 BEGIN "\"system\":[{\"type\":\"text\",\"text\":\"b\"}],\"messages\":" HELLO "}");
    s->model.extra = "{\"temperature\":null,\"system\":\"theirs\"}";
    assert_sends(s, "{\"system\":\"a\",\"messages\":" HELLO ",\"temperature\":1}", false,
                 BEGIN "\"messages\":" HELLO ",\"system\":\"theirs\"}");
}

static void test_named_fields_are_a_format(void **state) {
    struct scene *s = *state;
    anthropic(s);
    scene_named(s);
    assert_sends(s, HELLO, true, BEGIN "\"messages\":" HELLO ",\"output_config\":{" SCHEMA "}}");
    s->model.extra = "{\"output_config\":{\"effort\":\"low\"}}";
    assert_sends(s, HELLO, true,
                 BEGIN "\"messages\":" HELLO ",\"output_config\":{" SCHEMA ",\"effort\":\"low\"}}");
    // Where a gateway or an older model knows tools only.
    s->model.extra = "{\"output_config\":null,\"tools\":[]}";
    assert_sends(s, HELLO, true, BEGIN "\"messages\":" HELLO ",\"tools\":[]}");
    s->model.extra = NULL;
    assert_sends(s, "{\"messages\":" HELLO ",\"output_config\":{\"effort\":\"low\"}}", true,
                 BEGIN "\"messages\":" HELLO ",\"output_config\":{" SCHEMA ",\"effort\":\"low\"}}");
}

// Asked how sure it is, the model has a place to say it.
static void test_a_confidence_of_its_own(void **state) {
    static const struct answer_field own[] = {{.name = "confidence"}};
    struct scene *s = *state;
    anthropic(s);
    scene_named(s);
    s->model.confidence = CONFIDENCE_FIELD;
    assert_true(scene_build(s, "\"x\"", false));
    assert_non_null(strstr(buf_string(&s->body), "\\n- confidence: how sure you are"));
    assert_non_null(strstr(buf_string(&s->body), ",\"confidence\":{\"type\":\"number\"}},"
                                                 "\"required\":[\"tax\",\"confidence\"],"));
    static const struct answer_field optional[] = {
        {.name = "tax", .labels = scene_taxes, .label_count = 1, .optional = true}};
    s->path.answer = (struct answer_form){optional, 1};
    assert_true(scene_build(s, "\"x\"", false));
    assert_non_null(strstr(buf_string(&s->body), "\"tax\":{\"type\":\"string\",\"enum\":["
                                                 "\"CGST_SGST\"]}"));
    s->path.answer = (struct answer_form){own, 1};  // the path's own field of that name
    assert_true(scene_build(s, "\"x\"", false));
    assert_null(strstr(buf_string(&s->body), "\"confidence\":{\"type\":\"number\"}"));
    scene_labels(s);
    assert_true(scene_build(s, "\"x\"", false));
    assert_null(strstr(buf_string(&s->body), "confidence"));
}

// --- replies

static const char claude[] =
    "{\"model\":\"claude-sonnet-5-5\",\"id\":\"msg_01Xk\",\"type\":\"message\",\"role\":"
    "\"assistant\",\"content\":[{\"type\":\"thinking\",\"thinking\":\"It is CGST_SGST\","
    "\"signature\":\"EqQB\"},{\"type\":\"text\",\"text\":\"IGST\"}],\"container\":null,"
    "\"stop_reason\":\"end_turn\",\"stop_sequence\":null,\"stop_details\":null,\"usage\":{"
    "\"input_tokens\":120,\"cache_creation_input_tokens\":30,\"cache_read_input_tokens\":64,"
    "\"cache_creation\":{\"ephemeral_5m_input_tokens\":30,\"ephemeral_1h_input_tokens\":0},"
    "\"output_tokens\":44,\"output_tokens_details\":{\"thinking_tokens\":40},\"service_tier\":"
    "\"standard\"}}";

static void test_claude(void **state) {
    struct scene *s = *state;
    anthropic(s);
    scene_labels(s);
    scene_read(s, 200, claude);
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"IGST\"");
    assert_int_equal(s->reading.usage.input_tokens, 214);
    assert_int_equal(s->reading.usage.cached_tokens, 64);
    assert_int_equal(s->reading.usage.output_tokens, 44);
    assert_true(isnan(s->reading.signals.field));
}

#define REPLY(content, stop) \
    "{\"type\":\"message\",\"content\":[" content "],\"stop_reason\":" stop \
    ",\"usage\":{\"input_tokens\":7,\"output_tokens\":8}}"

static void test_texts_and_tools(void **state) {
    struct scene *s = *state;
    anthropic(s);
    scene_named(s);
    s->model.confidence = CONFIDENCE_FIELD;
    scene_read(s, 200, REPLY("{\"type\":\"text\",\"text\":\"{\\\"tax\\\":1,\"},{\"type\":\"text\","
                             "\"text\":\"\\\"confidence\\\":0.75}\"}", "\"end_turn\""));
    assert_slice(s->reading.answer, "{\"tax\":1,\"confidence\":0.75}");
    assert_true(s->reading.signals.field == .75);
    scene_read(s, 200, REPLY("{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"answer\","
                             "\"input\":{\"tax\":\"IGST\"}}", "\"tool_use\""));
    assert_slice(s->reading.answer, "{\"tax\":\"IGST\"}");
}

static void test_replies_without_an_answer(void **state) {
    static const struct {
        const char *body, *text;
        enum reason reason;
    } rows[] = {
        {REPLY("{\"type\":\"text\",\"text\":\"CG\"}", "\"max_tokens\""),
         "stop_reason max_tokens after 8 tokens", REASON_ERROR_TRUNCATED},
        {REPLY("", "\"model_context_window_exceeded\""),
         "stop_reason model_context_window_exceeded after 8 tokens", REASON_ERROR_TRUNCATED},
        {REPLY("", "\"refusal\",\"stop_details\":{\"type\":\"refusal\",\"category\":\"bio\"}"),
         "stop_reason refusal: bio", REASON_ERROR_CONTENT},
        {REPLY("", "\"end_turn\""), NULL, REASON_ANSWER_MISSING},
        {REPLY("3,{},{\"type\":\"text\",\"text\":null}", "null"), NULL, REASON_ANSWER_MISSING},
        {"{\"content\":\"IGST\"}", NULL, REASON_ERROR_REPLY},
        {"{\"completion\":\"IGST\"}", NULL, REASON_ERROR_REPLY},
        {"[]", NULL, REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    anthropic(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_null(s->reading.answer.at);
        if (rows[i].text) {
            assert_slice(s->reading.error_text, rows[i].text);
        }
    }
}

static void test_errors(void **state) {
    static const struct {
        uint32_t status;
        const char *body;
        enum reason reason;
        bool retry;
    } rows[] = {
        {529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
              "\"Overloaded\"},\"request_id\":\"req_1\"}", REASON_ERROR_BUSY, true},
        {200, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
              "\"Overloaded\"}}", REASON_ERROR_BUSY, true},
        {429, "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}",
         REASON_ERROR_BUSY, true},
        {400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
              "\"prompt is too long: 208310 tokens > 200000 maximum\"}}", REASON_ERROR_CONTEXT,
         false},
        {400, "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
              "\"Your credit balance is too low to access the Anthropic API.\"}}",
         REASON_ERROR_REFUSED, false},
        {401, "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":"
              "\"invalid x-api-key\"}}", REASON_ERROR_AUTH, false},
    };
    struct scene *s = *state;
    anthropic(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, rows[i].status, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_int_equal(s->reading.retry, rows[i].retry);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_headers),
        SCENE_TEST(test_what_a_prompt_made),
        SCENE_TEST(test_the_default_prompt),
        SCENE_TEST(test_images),
        SCENE_TEST(test_bodies),
        SCENE_TEST(test_named_fields_are_a_format),
        SCENE_TEST(test_a_confidence_of_its_own),
        SCENE_TEST(test_claude),
        SCENE_TEST(test_texts_and_tools),
        SCENE_TEST(test_replies_without_an_answer),
        SCENE_TEST(test_errors),
    };
    return cmocka_run_group_tests_name("anthropic", tests, NULL, NULL);
}

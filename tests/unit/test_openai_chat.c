#include "dialects.h"
#include "job/confidence.h"

static const char *const taxes[] = {"CGST_SGST", "IGST", "CGST_UTGST"};
static const char *const sections[] = {"I", "II", "XI"};
static const struct answer_field tax = {.labels = taxes, .label_count = 3};
static const struct answer_field strict[] = {
    {.name = "section", .labels = sections, .label_count = 3},
    {.name = "tax", .labels = taxes, .label_count = 3, .optional = true},
};
static const struct answer_field loose[] = {
    {.name = "tax", .labels = taxes, .label_count = 3},
    {.name = "why"},
    {.name = "note", .optional = true},
};

static void chat(struct scene *s) {
    s->model.dialect = dialect_find("openai_chat");
    s->model.model = "gpt";
}

// --- requests

#define HELLO "[{\"role\":\"user\",\"content\":\"Hello\"}]"

static void test_what_a_prompt_made(void **state) {
    struct scene *s = *state;
    chat(s);
    assert_sends(s, "\"Hello\"", true, "{\"model\":\"gpt\",\"messages\":" HELLO "}");
    assert_sends(s, HELLO, true, "{\"model\":\"gpt\",\"messages\":" HELLO "}");
    assert_sends(s, "{\"temperature\":0,\"messages\":" HELLO ",\"seed\":1}", true,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"temperature\":0,\"seed\":1}");
    static const char *const wrong[] = {"3",  "null", "[]", "[1]", "{}", "{\"messages\":\"x\"}",
                                        "{\"messages\":[]}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(scene_build(s, wrong[i], true));
        assert_int_equal(s->err.kind, ERR_POISON);
    }
    assert_string_equal(s->err.text, "the prompt made an object; a string, an array of messages or "
                                     "an object with such `messages` is needed");
}

static void test_an_input_that_is_a_request(void **state) {
    struct scene *s = *state;
    chat(s);
    assert_sends(s, "{\"model\":\"theirs\",\"messages\":" HELLO ",\"stream\":true,"
                    "\"stream_options\":{},\"user\":\"u\",\"max_tokens\":5,\"top_logprobs\":2}",
                 false,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"user\":\"u\",\"max_tokens\":5,"
                 "\"top_logprobs\":2}");
    s->model.model = NULL;
    assert_sends(s, "{\"mod\\u0065l\":\"theirs\",\"messages\":" HELLO "}", false,
                 "{\"messages\":" HELLO "}");
}

static void test_the_default_prompt(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){&tax, 1};
    assert_sends(s, "{\"text\": \"LIVE \\\"HORSES\\\"\"}", false,
                 "{\"model\":\"gpt\",\"messages\":[{\"role\":\"system\",\"content\":\"Judge the "
                 "user's input. Answer with exactly one of these labels, spelled as here, and "
                 "nothing else: CGST_SGST, IGST, CGST_UTGST\"},{\"role\":\"user\",\"content\":"
                 "\"{\\\"text\\\": \\\"LIVE \\\\\\\"HORSES\\\\\\\"\\\"}\"}]}");
    s->path.answer = (struct answer_form){NULL, 0};
    assert_sends(s, "\"LIVE HORSES\"", false,
                 "{\"model\":\"gpt\",\"messages\":[{\"role\":\"system\",\"content\":\"Answer the "
                 "user's input. Give the answer alone, nothing around it.\"},{\"role\":\"user\","
                 "\"content\":\"LIVE HORSES\"}]}");
    // `messages` that are none make it an input like any other.
    assert_true(scene_build(s, "{\"messages\":[],\"user\":1}", false));
    assert_non_null(strstr(buf_string(&s->body), "{\\\"messages\\\":[],\\\"user\\\":1}\"}]"));
    assert_null(strstr(buf_string(&s->body), "\"user\":1"));
}

static void test_named_fields_are_a_schema(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){strict, 2};
    assert_sends(s, HELLO, true,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"response_format\":{\"type\":"
                 "\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,\"schema\":"
                 "{\"type\":\"object\",\"properties\":{\"section\":{\"type\":\"string\",\"enum\":["
                 "\"I\",\"II\",\"XI\"]},\"tax\":{\"type\":[\"string\",\"null\"],\"enum\":["
                 "\"CGST_SGST\",\"IGST\",\"CGST_UTGST\",null]}},\"required\":[\"section\",\"tax\"],"
                 "\"additionalProperties\":false}}}}");
    s->path.answer = (struct answer_form){loose, 3};
    assert_true(scene_build(s, HELLO, true));
    assert_non_null(strstr(buf_string(&s->body), "\"strict\":false"));
    assert_non_null(strstr(buf_string(&s->body), "\"why\":{},\"note\":{}}"));
    assert_non_null(strstr(buf_string(&s->body), "\"required\":[\"tax\",\"why\"]"));
    assert_true(scene_build(s, "\"x\"", false));
    assert_non_null(strstr(buf_string(&s->body), "\\n- note (may be left out): any value\"}"));
    // The payload's own form wins.
    assert_sends(s, "{\"messages\":" HELLO ",\"response_format\":{\"type\":\"text\"}}", true,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"response_format\":{\"type\":"
                 "\"text\"}}");
}

static void test_limits_and_logprobs(void **state) {
    struct scene *s = *state;
    chat(s);
    s->model.max_tokens = 16;
    s->model.top_logprobs = 5;
    s->model.confidence = CONFIDENCE_LOGPROB;
#define ASKED "\"logprobs\":true,\"top_logprobs\":5}"
    assert_sends(s, HELLO, true, "{\"model\":\"gpt\",\"messages\":" HELLO
                                 ",\"max_completion_tokens\":16," ASKED);
    // The payload may ask for fewer tokens, not for more, and not for other logprobs.
    assert_sends(s, "{\"messages\":" HELLO ",\"max_tokens\":99,\"logprobs\":false}", false,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"max_completion_tokens\":16," ASKED);
    assert_sends(s, "{\"messages\":" HELLO ",\"max_tokens\":9,\"max_completion_tokens\":1e9}",
                 false,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"max_completion_tokens\":16," ASKED);
    assert_sends(s, "{\"messages\":" HELLO ",\"max_tokens\":9}", false,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"logprobs\":true,\"top_logprobs\":5,"
                 "\"max_tokens\":9}");
    // An input's member of that name is no limit.
    assert_true(scene_build(s, "{\"max_tokens\":9}", false));
    assert_non_null(strstr(buf_string(&s->body), "\"max_completion_tokens\":16,"));
}

static void test_extra_wins(void **state) {
    struct scene *s = *state;
    chat(s);
    s->model.max_tokens = 16;
    s->model.extra = "{\"model\":\"other\",\"temperature\":0,\"max_tokens\":8,\"user\":null}";
    assert_sends(s, "{\"messages\":" HELLO ",\"temperature\":1,\"user\":\"u\"}", false,
                 "{\"messages\":" HELLO ",\"model\":\"other\",\"temperature\":0,"
                 "\"max_tokens\":8}");
}

// --- replies

// OpenAI's own.
static const char openai[] =
    "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1795500000,\"model\":"
    "\"gpt-5-mini-2026-08-07\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"CGST_SGST\",\"refusal\":null,\"annotations\":[]},\"logprobs\":{\"content\":["
    "{\"token\":\"C\",\"logprob\":-0.2231435513,\"bytes\":[67],\"top_logprobs\":["
    "{\"token\":\"C\",\"logprob\":-0.2231435513,\"bytes\":[67]},"
    "{\"token\":\"I\",\"logprob\":-1.6094379124,\"bytes\":[73]}]},"
    "{\"token\":\"GST_SGST\",\"logprob\":-0.6931471806,\"bytes\":[71,83,84,95,83,71,83,84],"
    "\"top_logprobs\":[{\"token\":\"GST_SGST\",\"logprob\":-0.6931471806,\"bytes\":null},"
    "{\"token\":\"GST_UT\",\"logprob\":-0.6931471806,\"bytes\":null}]}],\"refusal\":null},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":120,\"completion_tokens\":4,"
    "\"total_tokens\":124,\"prompt_tokens_details\":{\"cached_tokens\":64,\"audio_tokens\":0},"
    "\"completion_tokens_details\":{\"reasoning_tokens\":0}},\"service_tier\":\"default\"}";

static void test_openai(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){&tax, 1};
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
}

// vLLM: members of its own; a token that ends within a character has bytes that say so.
static void test_vllm(void **state) {
    struct scene *s = *state;
    chat(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200,
               "{\"id\":\"chatcmpl-2\",\"choices\":[{\"index\":0,\"message\":{\"role\":"
               "\"assistant\",\"reasoning_content\":null,\"content\":\"\u00e9\",\"tool_calls\":[]},"
               "\"logprobs\":{\"content\":[{\"token\":\"\ufffd\",\"logprob\":-0.5,\"bytes\":[195],"
               "\"top_logprobs\":[]},{\"token\":\"\ufffd\",\"logprob\":-9999.0,\"bytes\":[169],"
               "\"top_logprobs\":[]}]},\"finish_reason\":\"stop\",\"stop_reason\":null}],"
               "\"usage\":{\"prompt_tokens\":9,\"total_tokens\":11,\"completion_tokens\":2,"
               "\"prompt_tokens_details\":null},\"prompt_logprobs\":null}");
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"\u00e9\"");
    assert_slice(s->reading.signals.tokens[0].text, "\xc3");
    assert_slice(s->reading.signals.tokens[1].text, "\xa9");
    assert_true(s->reading.signals.tokens[1].logprob == -9999.0);
    assert_int_equal(s->reading.usage.cached_tokens, 0);
}

// llama.cpp: an id for each token, the fence that small models love, timings.
static void test_llama_cpp(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){strict, 2};
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200,
               "{\"choices\":[{\"finish_reason\":\"stop\",\"index\":0,\"message\":{\"role\":"
               "\"assistant\",\"content\":\"```json\\n{\\\"section\\\":\\\"XI\\\"}\\n```\"},"
               "\"logprobs\":{\"content\":[{\"id\":1,\"token\":\"```json\\n{\\\"section\\\":\\\"\","
               "\"bytes\":[96,96,96,106,115,111,110,10,123,34,115,101,99,116,105,111,110,34,58,34],"
               "\"logprob\":-0.1,\"top_logprobs\":[]},{\"id\":2,\"token\":\"XI\",\"bytes\":[88,73],"
               "\"logprob\":-0.6931471806,\"top_logprobs\":[{\"id\":2,\"token\":\"XI\",\"bytes\":"
               "[88,73],\"logprob\":-0.6931471806},{\"id\":3,\"token\":\"I\",\"bytes\":[73],"
               "\"logprob\":-1.3862943611}]},{\"id\":4,\"token\":\"\\\"}\\n```\",\"bytes\":[34,125,"
               "10,96,96,96],\"logprob\":-0.2,\"top_logprobs\":[]}]}}],\"created\":1,\"model\":"
               "\"smollm2\",\"usage\":{\"completion_tokens\":3,\"prompt_tokens\":40},\"timings\":"
               "{\"prompt_n\":40,\"prompt_ms\":83.1}}");
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "{\"section\":\"XI\"}");
    double confidence = confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                                 &s->reading.signals);
    assert_true(fabs(confidence - .5 / .75) < 1e-6);
}

// Ollama says no logprobs unless asked; TGI's tokens are without bytes.
static void test_ollama_and_tgi(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){&tax, 1};
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200, "{\"id\":\"chatcmpl-3\",\"object\":\"chat.completion\",\"choices\":[{"
                       "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\" igst.\"},"
                       "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":26,"
                       "\"completion_tokens\":3,\"total_tokens\":29}}");
    assert_slice(s->reading.answer, "\"IGST\"");
    assert_null(s->reading.signals.tokens);
    scene_read(s, 200, "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
                       "\"IGST\"},\"logprobs\":{\"content\":[{\"token\":\"IGST\",\"logprob\":-0.25,"
                       "\"top_logprobs\":[]}]},\"finish_reason\":\"eos_token\"}],\"usage\":null}");
    assert_slice(s->reading.signals.tokens[0].text, "IGST");
    assert_int_equal(s->reading.usage.input_tokens, 0);
}

static void test_stops_that_are_no_answer(void **state) {
#define CHOICE(message, finish)                                                               \
    "{\"choices\":[{\"message\":" message ",\"finish_reason\":\"" finish "\",\"logprobs\":null}]" \
    ",\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":8}}"
    static const struct {
        const char *body, *text;
        enum reason reason;
    } rows[] = {
        {CHOICE("{\"content\":\"CGST\"}", "length"), "finish_reason length after 8 tokens",
         REASON_ERROR_TRUNCATED},
        {CHOICE("{\"content\":\"\"}", "content_filter"), "finish_reason content_filter",
         REASON_ERROR_CONTENT},
        {CHOICE("{\"content\":null,\"refusal\":\"I can't\"}", "stop"), "refusal: I can't",
         REASON_ERROR_CONTENT},
        {CHOICE("{\"content\":null}", "stop"), NULL, REASON_ANSWER_MISSING},
        {CHOICE("{\"content\":{\"a\":1}}", "stop"), NULL, REASON_ANSWER_MISSING},
        {CHOICE("null", "stop"), NULL, REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    chat(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_false(s->reading.retry);
        assert_int_equal(s->reading.usage.output_tokens, 8);  // it is paid for
        if (rows[i].text) {
            assert_slice(s->reading.error_text, rows[i].text);
        }
    }
}

static void test_replies_of_no_form(void **state) {
    static const char *const bodies[] = {
        "{}", "[]", "null", "{\"choices\":null}", "{\"choices\":[]}", "{\"choices\":[1]}",
        "{\"choices\":{\"0\":{\"message\":{\"content\":\"x\"}}}}", "{\"choices\":[{}]}",
        "{\"choices\":[{\"text\":\"x\"}]}",
    };
    struct scene *s = *state;
    chat(s);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        scene_read(s, 200, bodies[i]);
        assert_reason(s->reading.error, ERROR_REPLY);
        assert_true(s->reading.error_text.len > 0);
    }
}

static void test_parts_and_tool_calls(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){loose, 1};
    scene_read(s, 200, CHOICE("{\"content\":[{\"type\":\"text\",\"text\":\"{\\\"tax\\\":\"},3,"
                              "{\"type\":\"text\",\"text\":\"1}\"}]}", "stop"));
    assert_slice(s->reading.answer, "{\"tax\":1}");
    scene_read(s, 200, CHOICE("{\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":"
                              "\"function\",\"function\":{\"name\":\"f\",\"arguments\":"
                              "\"{\\\"tax\\\":2}\"}}]}", "tool_calls"));
    assert_slice(s->reading.answer, "{\"tax\":2}");
}

static void test_a_confidence_of_the_models_own(void **state) {
    struct scene *s = *state;
    chat(s);
    s->model.confidence = CONFIDENCE_FIELD;
    scene_read(s, 200, CHOICE("{\"content\":\"{\\\"confidence\\\":0.75}\"}", "stop"));
    assert_true(s->reading.signals.field == .75);
    scene_read(s, 200, "{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"confidence\":0.5}");
    assert_true(s->reading.signals.field == .5);
    scene_read(s, 200, CHOICE("{\"content\":\"x\"}", "stop"));
    assert_true(isnan(s->reading.signals.field));
}

#define CUT "{\"message\":{\"content\":\"IGST\"},\"finish_reason\":\"length\"}"
#define SAMPLE(text) "{\"message\":{\"content\":\"" text "\"},\"finish_reason\":\"stop\"}"

static void test_agreement(void **state) {
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){&tax, 1};
    s->model.confidence = CONFIDENCE_AGREEMENT;
    s->model.samples = 4;
    assert_sends(s, "{\"messages\":" HELLO ",\"n\":1}", false,
                 "{\"model\":\"gpt\",\"messages\":" HELLO ",\"n\":4}");
    // One that was cut short agrees with nothing.
    scene_read(s, 200, "{\"choices\":[" SAMPLE("CGST_SGST") "," SAMPLE("igst.") "," SAMPLE("IGST")
                       "," CUT "]}");
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"IGST\"");
    assert_true(s->reading.signals.field == .5);
    // Fewer samples than were asked for are no measure.
    scene_read(s, 200, "{\"choices\":[" SAMPLE("IGST") "," SAMPLE("IGST") "]}");
    assert_slice(s->reading.answer, "\"IGST\"");
    assert_true(isnan(s->reading.signals.field));
    scene_read(s, 200, "{\"choices\":[" CUT "," CUT "]}");
    assert_reason(s->reading.error, ERROR_TRUNCATED);
    scene_read(s, 200, "{\"choices\":[3,null]}");
    assert_reason(s->reading.error, ERROR_REPLY);
    scene_read(s, 200, "{\"choices\":[]}");
    assert_reason(s->reading.error, ERROR_REPLY);
}

static void test_logprobs_that_are_none(void **state) {
    static const char *const values[] = {
        "3", "{}", "[]", "{\"content\":null}", "{\"content\":[]}", "{\"content\":[1]}",
        "{\"content\":[{}]}", "{\"content\":[{\"token\":3,\"logprob\":\"x\"}]}",
        "{\"content\":[{\"token\":\"IGST\",\"logprob\":null,\"bytes\":[300]}]}",
        "{\"content\":[{\"token\":\"IGST\",\"logprob\":1e308}]}",
        "{\"content\":[{\"token\":\"IGST\",\"logprob\":-1,\"top_logprobs\":[1,{}]}]}",
    };
    struct scene *s = *state;
    chat(s);
    s->path.answer = (struct answer_form){&tax, 1};
    s->model.confidence = CONFIDENCE_LOGPROB;
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char body[300];
        snprintf(body, sizeof(body),
                 "{\"choices\":[{\"message\":{\"content\":\"IGST\"},\"logprobs\":%s}]}", values[i]);
        scene_read(s, 200, body);
        assert_reason(s->reading.error, NONE);
        assert_true(isnan(confidence_from_logprobs(&s->path.answer, s->reading.answer,
                                                   &s->reading.signals)));
    }
}

// Bytes that are none leave the token's text.
static void test_bytes_that_are_none(void **state) {
    struct scene *s = *state;
    chat(s);
    s->model.confidence = CONFIDENCE_LOGPROB;
    scene_read(s, 200, "{\"choices\":[{\"message\":{\"content\":\"x\"},\"logprobs\":{\"content\":["
                       "{\"token\":\"a\",\"logprob\":-1,\"bytes\":[300]},"
                       "{\"token\":\"b\",\"logprob\":-1,\"bytes\":[-1]},"
                       "{\"token\":\"c\",\"logprob\":-1,\"bytes\":\"99\"}]}}]}");
    assert_slice(s->reading.signals.tokens[0].text, "a");
    assert_slice(s->reading.signals.tokens[1].text, "b");
    assert_slice(s->reading.signals.tokens[2].text, "c");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_what_a_prompt_made),
        SCENE_TEST(test_an_input_that_is_a_request),
        SCENE_TEST(test_the_default_prompt),
        SCENE_TEST(test_named_fields_are_a_schema),
        SCENE_TEST(test_limits_and_logprobs),
        SCENE_TEST(test_extra_wins),
        SCENE_TEST(test_openai),
        SCENE_TEST(test_vllm),
        SCENE_TEST(test_llama_cpp),
        SCENE_TEST(test_ollama_and_tgi),
        SCENE_TEST(test_stops_that_are_no_answer),
        SCENE_TEST(test_replies_of_no_form),
        SCENE_TEST(test_parts_and_tool_calls),
        SCENE_TEST(test_a_confidence_of_the_models_own),
        SCENE_TEST(test_agreement),
        SCENE_TEST(test_logprobs_that_are_none),
        SCENE_TEST(test_bytes_that_are_none),
    };
    return cmocka_run_group_tests_name("openai_chat", tests, NULL, NULL);
}

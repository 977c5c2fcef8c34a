#include "dialects.h"

#define HTML "<!DOCTYPE html>\n<html><head><TITLE>502 Bad Gateway</TITLE></head></html>"

static void test_names(void **state) {
    (void)state;
    assert_string_equal(dialect_find("openai_chat")->name, "openai_chat");
    assert_null(dialect_find("smtp"));
    char names[100];
    snprintf(names, sizeof(names), "%s", dialect_names());
    for (char *rest = names, *name; (name = strsep(&rest, ","));) {
        assert_non_null(dialect_find(name + strspn(name, " ")));
    }
}

// A reply and what is to be read from it.
struct refusal {
    uint32_t status;
    const char *body, *text;
    enum reason reason;
    bool retry;
};

static const struct refusal of_providers[] = {
    // OpenAI
    {429, "{\"error\":{\"message\":\"Rate limit reached\",\"type\":\"requests\",\"param\":null,"
          "\"code\":\"rate_limit_exceeded\"}}",
     "status 429: Rate limit reached (rate_limit_exceeded)", REASON_ERROR_BUSY, true},
    {429, "{\"error\":{\"message\":\"You exceeded your current quota\",\"code\":"
          "\"insufficient_quota\"}}",
     "status 429: You exceeded your current quota (insufficient_quota)", REASON_ERROR_REFUSED,
     false},
    {401, "{\"error\":{\"message\":\"Incorrect API key: sk-secret.\",\"code\":"
          "\"invalid_api_key\"}}",
     "status 401: Incorrect API key: *********. (invalid_api_key)", REASON_ERROR_AUTH, false},
    {400, "{\"error\":{\"message\":\"too many\",\"code\":\"context_length_exceeded\"}}",
     "status 400: too many (context_length_exceeded)", REASON_ERROR_CONTEXT, false},
    {400, "{\"error\":{\"message\":\"bad n\",\"type\":\"invalid_request_error\","
          "\"code\":null}}",
     "status 400: bad n (invalid_request_error)", REASON_ERROR_REFUSED, false},
    // Azure
    {400, "{\"error\":{\"message\":\"The response was filtered\",\"code\":\"content_filter\","
          "\"status\":400}}",
     "status 400: The response was filtered (content_filter)", REASON_ERROR_CONTENT, false},
    // llama.cpp
    {503, "{\"error\":{\"code\":503,\"message\":\"Loading model\",\"type\":"
          "\"unavailable_error\"}}",
     "status 503: Loading model (unavailable_error)", REASON_ERROR_BUSY, true},
    {400, "{\"error\":{\"code\":400,\"message\":\"the request exceeds\",\"type\":"
          "\"exceed_context_size_error\",\"n_prompt_tokens\":9,\"n_ctx\":4}}",
     "status 400: the request exceeds (exceed_context_size_error)", REASON_ERROR_CONTEXT,
     false},
    {501, "{\"error\":{\"code\":501,\"message\":\"no\",\"type\":\"not_supported_error\"}}",
     "status 501: no (not_supported_error)", REASON_ERROR_SERVER, false},
    // vLLM, new and old
    {429, "{\"error\":{\"message\":\"slow\",\"type\":\"RateLimitError\",\"code\":429}}",
     "status 429: slow (RateLimitError)", REASON_ERROR_BUSY, true},
    {400, "{\"object\":\"error\",\"message\":\"This model's maximum context length is 4096 "
          "tokens.\",\"type\":\"BadRequestError\",\"param\":null,\"code\":400}",
     "status 400: This model's maximum context length is 4096 tokens. (BadRequestError)",
     REASON_ERROR_CONTEXT, false},
    // TGI, Ollama, KServe
    {422, "{\"error\":\"Input validation error: `inputs` must have less than 1024 tokens.\","
          "\"error_type\":\"validation\"}",
     "status 422: Input validation error: `inputs` must have less than 1024 tokens. "
     "(validation)",
     REASON_ERROR_CONTEXT, false},
    {404, "{\"error\":\"model 'x' not found\"}", "status 404: model 'x' not found",
     REASON_ERROR_REFUSED, false},
    // FastAPI
    {422, "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"field required\"}]}",
     "status 422: field required", REASON_ERROR_REFUSED, false},
    {403, "{\"detail\":\"Forbidden\"}", "status 403: Forbidden", REASON_ERROR_AUTH, false},
    // Anthropic, Google
    {529, "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
          "\"Overloaded\"}}",
     "status 529: Overloaded (overloaded_error)", REASON_ERROR_BUSY, true},
    {400, "[{\"error\":{\"code\":400,\"message\":\"bad\",\"status\":\"INVALID_ARGUMENT\"}}]",
     "status 400: bad (INVALID_ARGUMENT)", REASON_ERROR_REFUSED, false},
};

static const struct refusal of_no_form[] = {
    // What is no JSON
    {502, HTML, "status 502: an HTML page: 502 Bad Gateway", REASON_ERROR_SERVER, true},
    {404, "<html>", "status 404: an HTML page", REASON_ERROR_REFUSED, false},
    {500, "", "status 500: no text", REASON_ERROR_SERVER, true},
    {500, " upstream\r\n\xff", "status 500: upstream \xef\xbf\xbd", REASON_ERROR_SERVER, true},
    {504, "{\"took\":3}", "status 504: {\"took\":3}", REASON_ERROR_SERVER, true},
    {408, "late", "status 408: late", REASON_ERROR_TIMEOUT, true},
    {409, "{}", "status 409: {}", REASON_ERROR_REFUSED, true},
    {413, "big", "status 413: big", REASON_ERROR_CONTEXT, false},
    {425, "early", "status 425: early", REASON_ERROR_REFUSED, true},
    {301, "", "status 301: no text", REASON_ERROR_REPLY, false},
    // Success that is none
    {200, HTML, "status 200, not JSON: no value at byte 1: an HTML page: 502 Bad Gateway",
     REASON_ERROR_REPLY, false},
    {200, "{malformed json", "status 200, not JSON: no key in an object at byte 2: "
                             "{malformed json",
     REASON_ERROR_REPLY, true},
    {200, "{\"error\":{\"code\":429,\"message\":\"slow\"}}", "status 200: slow",
     REASON_ERROR_BUSY, true},
    {200, "{\"error\":{\"code\":\"content_filter\",\"message\":\"no\"}}",
     "status 200: no (content_filter)", REASON_ERROR_CONTENT, false},
    {200, "{\"error\":[1]}", "status 200: [1]", REASON_ERROR_REPLY, false},
};

static void read_all(struct scene *s, const struct refusal *rows, size_t count) {
    s->model.dialect = dialect_find("scorer");
    for (size_t i = 0; i < count; i++) {
        scene_read(s, rows[i].status, rows[i].body);
        assert_slice(s->reading.error_text, rows[i].text);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_int_equal(s->reading.retry, rows[i].retry);
        assert_null(s->reading.answer.at);
        assert_int_equal(s->reading.retry_after_ms, -1);
    }
}

static void test_what_providers_say(void **state) {
    read_all(*state, of_providers, sizeof(of_providers) / sizeof(of_providers[0]));
}

static void test_bodies_of_no_form(void **state) {
    read_all(*state, of_no_form, sizeof(of_no_form) / sizeof(of_no_form[0]));
}

static void test_long_texts_are_cut(void **state) {
    struct scene *s = *state;
    static char body[100000];
    memset(body, 'x', sizeof(body) - 1);
    s->model.dialect = dialect_find("scorer");
    scene_read(s, 500, body);
    assert_true(s->reading.error_text.len <= 300 && s->reading.error_text.len > 290);
}

static void test_retry_after(void **state) {
    static const struct {
        const char *text;
        bool is_ms;
        int64_t wait_ms;
    } rows[] = {
        {"2", false, 2000},
        {"0", false, 0},
        {"1.5", false, 1500},
        {"250", true, 250},
        {"250.4", true, 251},
        {"Sun, 06 Nov 1994 08:49:37 GMT", false, 37000},
        {"Sunday, 06-Nov-94 08:49:37 GMT", false, 37000},
        {"Sun Nov  6 08:49:37 1994", false, 37000},
        {"Sun, 06 Nov 1994 08:48:00 GMT", false, 0},
        {"99999999999999999999", false, 366LL * 86400000},
        {"1e400", false, 366LL * 86400000},
        {"-1", false, -1},
        {"soon", false, -1},
        {"nan", true, -1},
        {"3 s", false, -1},
        {"", false, -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT and a great deal more than any date has", false, -1},
        {NULL, false, -1},
    };
    struct scene *s = *state;
    s->model.dialect = dialect_find("scorer");
    s->reply.now_ms = 784111740000;  // Sun, 06 Nov 1994 08:49:00 GMT
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        s->reply.retry_after = slice_of(rows[i].text);
        s->reply.retry_after_is_ms = rows[i].is_ms;
        scene_read(s, 429, "");
        assert_int_equal(s->reading.retry_after_ms, rows[i].wait_ms);
    }
    s->reply.retry_after = slice_of("2");
    scene_read(s, 400, "");
    assert_int_equal(s->reading.retry_after_ms, -1);
}

// An answer whose cost nobody can tell would pass every cap on spend.
static void test_priced_by_token_without_usage(void **state) {
    struct scene *s = *state;
    scene_labels(s);
    s->model.dialect = dialect_find("scorer");
    scene_read(s, 200, "{\"answer\":\"IGST\"}");
    assert_reason(s->reading.error, NONE);
    s->model.price.call_pico_usd = 1;
    scene_read(s, 200, "{\"answer\":\"IGST\"}");
    assert_reason(s->reading.error, NONE);
    s->model.price.output_pico_usd = 2;
    scene_read(s, 200, "{\"answer\":\"IGST\"}");
    assert_reason(s->reading.error, ERROR_USAGE);
    assert_null(s->reading.answer.at);
    assert_false(s->reading.retry);
    scene_read(s, 200, "{\"answer\":\"IGST\",\"usage\":{\"input_tokens\":7}}");
    assert_reason(s->reading.error, NONE);
    scene_read(s, 200, "{\"nothing\":1}");
    assert_reason(s->reading.error, ANSWER_MISSING);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        SCENE_TEST(test_what_providers_say),
        SCENE_TEST(test_bodies_of_no_form),
        SCENE_TEST(test_long_texts_are_cut),
        SCENE_TEST(test_retry_after),
        SCENE_TEST(test_priced_by_token_without_usage),
    };
    return cmocka_run_group_tests_name("dialect", tests, NULL, NULL);
}

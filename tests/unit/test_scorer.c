#include "dialects.h"

static void scorer(struct scene *s) {
    s->model.dialect = dialect_find("scorer");
}

static void test_the_payload_goes_as_it_is(void **state) {
    struct scene *s = *state;
    scorer(s);
    assert_sends(s, "{\"text\": \"LIVE HORSES\"}", false, "{\"text\": \"LIVE HORSES\"}");
    assert_sends(s, "[1]", true, "[1]");
}

static void test_extra(void **state) {
    struct scene *s = *state;
    scorer(s);
    s->model.extra = "{\"top\":3,\"text\":\"x\",\"gone\":null}";
    assert_sends(s, "{\"a\\\"b\": 1, \"text\":\"y\", \"gone\":2}", false,
                 "{\"a\\\"b\":1,\"top\":3,\"text\":\"x\"}");
    assert_false(scene_build(s, "[1]", false));
    assert_string_equal(s->err.text,
                        "the model's `extra` needs a payload that is an object, not an array");
    s->model.extra = "[]";
    assert_false(scene_build(s, "{}", false));
    s->model.extra = "{";
    assert_false(scene_build(s, "{}", false));
}

static void test_reads_answer_confidence_and_usage(void **state) {
    struct scene *s = *state;
    scorer(s);
    scene_read(s, 200, "{\"answer\": {\"section\": \"XI\"}, \"confidence\": 0.93,"
                       "\"usage\": {\"input_tokens\": 12, \"output_tokens\": 1}}");
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "{\"section\": \"XI\"}");
    assert_true(s->reading.signals.field == 0.93);
    assert_int_equal(s->reading.usage.input_tokens, 12);
    assert_int_equal(s->reading.usage.output_tokens, 1);
    scene_read(s, 201, "{\"answer\":\"XI\"}");
    assert_slice(s->reading.answer, "\"XI\"");
    assert_true(isnan(s->reading.signals.field));
    assert_int_equal(s->reading.retry_after_ms, -1);
}

static void test_an_error_that_is_none(void **state) {
    static const char *const errors[] = {"null", "false", "0", "\"\"", "[]", "{}"};
    struct scene *s = *state;
    scorer(s);
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        char body[100];
        snprintf(body, sizeof(body), "{\"answer\":1,\"error\":%s}", errors[i]);
        scene_read(s, 200, body);
        assert_reason(s->reading.error, NONE);
    }
    scene_read(s, 200, "{\"answer\":1,\"error\":true}");
    assert_reason(s->reading.error, ERROR_REPLY);
}

static void test_confidence_that_is_none(void **state) {
    static const char *const values[] = {"\"0.9\"", "null", "1e999", "[0.9]"};
    struct scene *s = *state;
    scorer(s);
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char body[100];
        snprintf(body, sizeof(body), "{\"answer\":1,\"confidence\":%s}", values[i]);
        scene_read(s, 200, body);
        assert_reason(s->reading.error, NONE);
        assert_true(isnan(s->reading.signals.field));
    }
    scene_read(s, 200, "{\"answer\":1,\"confidence\":1e308,"
                       "\"usage\":{\"input_tokens\":-1,\"output_tokens\":4000000000}}");
    assert_true(s->reading.signals.field == 1e308);  // confidence_checked refuses it
    assert_int_equal(s->reading.usage.input_tokens, 0);
    assert_int_equal(s->reading.usage.output_tokens, 0);
}

static void test_replies_without_an_answer(void **state) {
    static const struct {
        const char *body, *text;
        enum reason reason;
    } rows[] = {
        {"{}", "no 'answer' in the reply: {}", REASON_ANSWER_MISSING},
        {"{\"answer\":null}", "'answer' is null in the reply: {\"answer\":null}",
         REASON_ANSWER_MISSING},
        {"[{\"label\":\"XI\",\"score\":0.9}]",
         "no object with a member 'answer' in the reply: [{\"label\":\"XI\",\"score\":0.9}]",
         REASON_ERROR_REPLY},
        {"3", "no object with a member 'answer' in the reply: 3", REASON_ERROR_REPLY},
        {"{\"error\":\"model not ready\"}", "status 200: model not ready", REASON_ERROR_REPLY},
        {"", "status 200, not JSON: the end where a value should be at byte 1:",
         REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    scorer(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_slice(s->reading.error_text, rows[i].text);
        assert_null(s->reading.answer.at);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_the_payload_goes_as_it_is),
        SCENE_TEST(test_extra),
        SCENE_TEST(test_reads_answer_confidence_and_usage),
        SCENE_TEST(test_an_error_that_is_none),
        SCENE_TEST(test_confidence_that_is_none),
        SCENE_TEST(test_replies_without_an_answer),
    };
    return cmocka_run_group_tests_name("scorer", tests, NULL, NULL);
}

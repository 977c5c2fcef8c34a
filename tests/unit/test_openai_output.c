// Outcomes in the forms of OpenAI's API.
#include <math.h>

#include "base/json.h"
#include "job/openai_output.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;
static struct buf text;

static int begin(void **state) {
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    return 0;
}

static int end(void **state) {
    (void)state;
    buf_fini(&text);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

static struct stored_outcome outcome_of(const char *verdict, const char *answer) {
    return (struct stored_outcome){
        .verdict = slice_of(verdict),
        .answer = slice_of(answer),
        .confidence = NAN,
        .model = slice_of(answer ? "small@1" : NULL),
        .reasons = slice_of("confidence.low,limit.tiers"),
        .input_tokens = 7,
        .output_tokens = 2,
        .decided_ms = 5000,
    };
}

// The member of the object that was written, by keys; it must be JSON.
static struct slice member(const char *first, const char *second) {
    struct json json;
    struct err err;
    assert_true(json_parse(&json, buf_slice(&text), &json_default_limits, &arena, &err));
    uint32_t node = json_get(&json, 0, first);
    assert_int_not_equal(node, 0);
    node = second ? json_get(&json, node, second) : node;
    return json_raw(&json, node);
}

static void respond(const struct stored_outcome *outcome, const char *open_status) {
    const struct openai_response response = {
        .outcome = outcome,
        .open_status = open_status,
        .background = true,
        .path = slice_of("invoices"),
        .metadata = slice_of("{\"a\":\"b\"}"),
        .created_ms = 4000,
    };
    buf_clear(&text);
    openai_output_response(&response, &arena, &text);
}

static void test_a_response_in_each_state(void **state) {
    struct stored_outcome done = outcome_of("accept", "\"a \\\"b\\\"\"");
    struct stored_outcome review = outcome_of("review", NULL);
    struct stored_outcome cancelled = outcome_of("cancelled", NULL);
    (void)state;
    respond(NULL, "queued");
    assert_slice(member("status", NULL), "\"queued\"");
    assert_slice(member("model", NULL), "\"invoices\"");
    assert_slice(member("output", NULL), "[]");
    respond(&done, "queued");
    assert_slice(member("status", NULL), "\"completed\"");
    assert_slice(member("usage", "total_tokens"), "9");
    assert_non_null(strstr(buf_string(&text), "\"text\":\"a \\\"b\\\"\""));
    assert_slice(member("metadata", "a"), "\"b\"");
    respond(&review, "queued");
    assert_slice(member("status", NULL), "\"failed\"");
    assert_slice(member("error", "code"), "\"confidence.low\"");
    respond(&cancelled, "queued");
    assert_slice(member("status", NULL), "\"cancelled\"");
    assert_slice(member("error", NULL), "null");
}

static void test_codes_are_those_of_a_batch_or_of_a_job(void **state) {
    struct stored_outcome expired = outcome_of("expired", NULL);
    (void)state;
    assert_slice(openai_output_code(&expired), "expired");
    expired.custom_id = slice_of("n1");
    assert_slice(openai_output_code(&expired), "batch_expired");
    buf_clear(&text);
    openai_output_row(&expired, OPENAI_RESPONSES, &arena, &text);
    assert_slice(member("custom_id", NULL), "\"n1\"");
    assert_slice(member("response", NULL), "null");
    assert_slice(member("error", "code"), "\"batch_expired\"");
}

static void test_a_row_has_the_form_of_its_endpoint(void **state) {
    struct stored_outcome done = outcome_of("accept", "{\"tax\":1}");
    (void)state;
    buf_clear(&text);
    openai_output_row(&done, OPENAI_CHAT, &arena, &text);
    assert_non_null(strstr(member("response", "body").at, "\"content\":\"{\\\"tax\\\":1}\""));
    buf_clear(&text);
    openai_output_row(&done, OPENAI_RESPONSES, &arena, &text);
    assert_non_null(strstr(member("response", "body").at, "\"object\":\"response\""));
    assert_slice(member("taskfit", "verdict"), "\"accept\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_response_in_each_state),
        cmocka_unit_test(test_codes_are_those_of_a_batch_or_of_a_job),
        cmocka_unit_test(test_a_row_has_the_form_of_its_endpoint),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

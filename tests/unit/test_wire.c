#include <math.h>

#include "job/wire.h"
#include "taskfit.pb-c.h"
#include "unit.h"

static const struct wire_limits limits = {.input_bytes = 1000, .input_depth = 8};

struct scene {
    struct arena_pool pool;
    struct arena arena;
    struct buf bytes, more;
    struct job job;
    struct slice detail;
};

static int setup(void **state) {
    static struct scene s;
    s = (struct scene){0};
    arena_init(&s.arena, &s.pool);
    *state = &s;
    return 0;
}

static int teardown(void **state) {
    struct scene *s = *state;
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
    buf_fini(&s->bytes);
    buf_fini(&s->more);
    return 0;
}

static struct job sample(void) {
    return (struct job){
        .has_id = true,
        .id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}},
        .path = slice_of("invoices"),
        .input = slice_of("{\"text\":\"LIVE HORSES\"}"),
        .has_batch = true,
        .batch_id = {{9}},
        .custom_id = slice_of("row-7"),
        .line = 7,
        .created_ms = 1795500000000,
        .all_tiers = true,
        .order_key = slice_of("customer-3"),
    };
}

static enum reason reread(struct scene *s, const struct wire_limits *by) {
    return wire_job_read(buf_slice(&s->bytes), by, &s->arena, &s->job, &s->detail);
}

static void test_a_job_comes_back_as_it_went(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    assert_true(uuid_equal(s->job.id, job.id));
    assert_true(s->job.has_batch && uuid_equal(s->job.batch_id, job.batch_id));
    assert_slice(s->job.path, "invoices");
    assert_slice(s->job.input, "{\"text\":\"LIVE HORSES\"}");
    assert_slice(s->job.custom_id, "row-7");
    assert_slice(s->job.order_key, "customer-3");
    assert_true(s->job.all_tiers);
    assert_int_equal(s->job.line, 7);
    assert_int_equal(s->job.hop, 0);
    assert_null(s->job.tenant.at);
}

static struct attachment pictures[] = {
    {.media_type = {"image/png", 9}, .name = {"front.png", 9}, .content = {"\x89PNG", 4}},
    {.media_type = {"application/pdf", 15}, .content = {"%PDF", 4}},
    {.uri = {"https://store.example/a.jpg", 27}}};

// What is 8 bytes of attachments by value.
static const struct wire_limits with_attachments = {
    .input_bytes = 1000, .input_depth = 8, .attachments = {3, 4, 8}};

static void test_attachments_come_and_go_on(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    struct attempt attempt = {.tier = slice_of("tiny"), .answer = slice_of("1"),
                              .confidence_raw = NAN, .confidence = NAN};
    struct decision decision = {.verdict = VERDICT_ESCALATE, .next_tier = "mid"};
    struct attempt read;
    job.attachments = pictures;
    job.attachment_count = 3;
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &with_attachments), REASON_NONE);
    wire_result_pack(&s->job, &attempt, &s->arena, &s->more);
    assert_int_equal(wire_result_read(buf_slice(&s->more), &s->arena, &s->job, &read, &s->detail),
                     REASON_NONE);
    buf_clear(&s->bytes);
    wire_next_job_pack(&s->job, &attempt, &decision, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &with_attachments), REASON_NONE);
    assert_int_equal(s->job.attachment_count, 3);
    assert_slice(s->job.attachments[0].media_type, "image/png");
    assert_slice(s->job.attachments[0].name, "front.png");
    assert_slice(s->job.attachments[0].content, "\x89PNG");
    assert_null(s->job.attachments[0].uri.at);
    assert_null(s->job.attachments[1].name.at);
    assert_null(s->job.attachments[2].content.at);
    assert_null(s->job.attachments[2].media_type.at);
    assert_slice(s->job.attachments[2].uri, "https://store.example/a.jpg");
}

static void assert_attached(struct scene *s, struct attachment attachment, enum reason reason,
                            const char *detail) {
    struct job job = sample();
    job.attachments = &attachment;
    job.attachment_count = 1;
    buf_clear(&s->bytes);
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_string_equal(reason_code(reread(s, &with_attachments)), reason_code(reason));
    assert_slice(s->detail, detail);
}

static void test_attachments_that_are_not_whole(void **state) {
    struct scene *s = *state;
    const struct slice png = slice_of("image/png");
    static const char *const types[] = {"image", "image/", "/png", "image/png; q=1", "image//png"};
    assert_attached(s, (struct attachment){.media_type = png}, REASON_MESSAGE_INCOMPLETE,
                    "attachment 0 has to have content or a uri, and not both");
    assert_attached(s, (struct attachment){.content = {"x", 1}}, REASON_MESSAGE_INCOMPLETE,
                    "attachment 0 has no media_type such as image/png");
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        assert_attached(
            s, (struct attachment){.media_type = slice_of(types[i]), .content = {"x", 1}},
            REASON_MESSAGE_INCOMPLETE, "attachment 0 has no media_type such as image/png");
    }
    assert_attached(s, (struct attachment){.media_type = png, .content = {"x", 1},
                                           .name = slice_of("\xff")},
                    REASON_MESSAGE_INCOMPLETE,
                    "attachment 0 has a name that is not UTF-8 or above 512 bytes");
    assert_attached(s, (struct attachment){.media_type = png, .content = {"12345", 5}},
                    REASON_MESSAGE_TOO_LARGE, "attachment 0 of 5 bytes, more than 4");
}

static void test_more_attachments_than_the_limits_allow(void **state) {
    struct scene *s = *state;
    struct wire_limits few = with_attachments;
    struct job job = sample();
    job.attachments = pictures;
    job.attachment_count = 3;
    wire_job_pack(&job, &s->arena, &s->bytes);
    few.attachments.count = 2;
    assert_int_equal(reread(s, &few), REASON_MESSAGE_TOO_LARGE);
    assert_slice(s->detail, "3 attachments, more than 2");
    few = with_attachments;
    few.attachments.by_value = 7;
    assert_int_equal(reread(s, &few), REASON_MESSAGE_TOO_LARGE);
    assert_slice(s->detail, "attachments of 8 bytes by value, more than 7");
}

static void test_a_result_and_the_next_job(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    struct attempt attempt = {.tier = slice_of("tiny"), .model = slice_of("hsn@1"),
                              .answer = slice_of("\"XI\""), .confidence_raw = 0.4,
                              .confidence = NAN, .cost_pico_usd = 12345678901234, .calls = 2,
                              .latency_ms = 31, .verifier = slice_of("judge@1"),
                              .verifier_says = slice_of("wrong")};
    struct decision decision = {.verdict = VERDICT_ESCALATE, .next_tier = "mid",
                                .reasons = {{.code = slice_of("confidence.low")},
                                            {slice_of("rule.x"), slice_of("why"), .note = true}},
                                .reason_count = 2};
    struct attempt read;
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    wire_result_pack(&s->job, &attempt, &s->arena, &s->more);
    assert_int_equal(wire_result_read(buf_slice(&s->more), &s->arena, &s->job, &read, &s->detail),
                     REASON_NONE);
    assert_slice(read.answer, "\"XI\"");
    assert_slice(read.verifier, "judge@1");
    assert_slice(read.verifier_says, "wrong");
    assert_int_equal(read.cost_pico_usd, 12345678901234);
    assert_true(read.confidence_raw == 0.4 && isnan(read.confidence));
    buf_clear(&s->bytes);
    wire_next_job_pack(&s->job, &read, &decision, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    assert_int_equal(s->job.hop, 1);
    assert_slice(s->job.tier, "mid");
    assert_int_equal(s->job.trail_count, 1);
    assert_slice(s->job.trail[0].model, "hsn@1");
    assert_int_equal(job_spent_pico_usd(&s->job), 12345678901234);
    assert_int_equal(s->job.created_ms, job.created_ms);
    assert_false(s->job.trail[0].breached);
    decision.reasons[1].note = false;
    buf_clear(&s->bytes);
    wire_next_job_pack(&s->job, &read, &decision, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    assert_false(s->job.trail[0].breached);
    assert_true(s->job.trail[1].breached);
}

// A field of a later version: number 99, two bytes.
// A producer may leave the time out; the worker takes the record's, and the next to read it must
// see the same one.
static void test_a_time_that_the_worker_set_goes_with_the_result(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    struct attempt a, attempt = {.tier = slice_of("tiny"), .answer = slice_of("1")};
    job.created_ms = 0;
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    assert_int_equal(s->job.created_ms, 0);
    s->job.created_ms = 1795500000123;
    wire_result_pack(&s->job, &attempt, &s->arena, &s->more);
    assert_int_equal(wire_result_read(buf_slice(&s->more), &s->arena, &s->job, &a, &s->detail),
                     REASON_NONE);
    assert_int_equal(s->job.created_ms, 1795500000123);
}

static void test_unknown_fields_move_on(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    struct attempt attempt = {.tier = slice_of("tiny"), .answer = slice_of("1"),
                              .confidence = NAN, .confidence_raw = NAN};
    struct decision decision = {.verdict = VERDICT_ESCALATE, .next_tier = "mid"};
    static const char unknown[] = "\x9a\x06\x02hi";
    wire_job_pack(&job, &s->arena, &s->bytes);
    buf_bytes(&s->bytes, unknown, 5);
    assert_int_equal(reread(s, &limits), REASON_NONE);
    wire_next_job_pack(&s->job, &attempt, &decision, &s->arena, &s->more);
    assert_non_null(memmem(s->more.data, s->more.len, unknown, 5));
}

static void test_what_is_no_job_of_ours(void **state) {
    struct scene *s = *state;
    const struct wire_limits small = {.input_bytes = 5, .input_depth = 8};
    struct job job = sample();
    static const char garbage[] = "\xff\xff\xff";
    buf_bytes(&s->bytes, garbage, 3);
    assert_int_equal(reread(s, &limits), REASON_MESSAGE_BROKEN);
    assert_false(s->job.has_id);
    buf_clear(&s->bytes);
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_int_equal(reread(s, &small), REASON_MESSAGE_TOO_LARGE);
    assert_true(s->job.has_id);

    static const struct {
        const char *input, *path;
        enum reason reason;
    } rows[] = {
        {"{\"a\":1", "p", REASON_MESSAGE_NOT_JSON},
        {"[[[[[[[[[1]]]]]]]]]", "p", REASON_MESSAGE_NOT_JSON},  // deeper than 8
        {"\"\xc3\x28\"", "p", REASON_MESSAGE_NOT_JSON},
        {"", "p", REASON_MESSAGE_NOT_JSON},
        {"1", "\xff", REASON_MESSAGE_UTF8},
        {"1", NULL, REASON_MESSAGE_INCOMPLETE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        job.input = slice_of(rows[i].input);
        job.path = slice_of(rows[i].path);
        buf_clear(&s->bytes);
        wire_job_pack(&job, &s->arena, &s->bytes);
        assert_int_equal(reread(s, &limits), rows[i].reason);
        assert_true(s->detail.len > 0);
    }
}

static void test_costs_that_would_overflow_a_sum_are_refused(void **state) {
    static const int64_t costs[] = {INT64_MAX, INT64_MIN, -1, 100000000000000001};
    struct scene *s = *state;
    struct job job = sample();
    struct attempt read, attempt = {.tier = slice_of("tiny"), .answer = slice_of("1"),
                                    .confidence = NAN, .confidence_raw = NAN};
    struct decision decision = {.verdict = VERDICT_ESCALATE, .next_tier = "mid"};
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        attempt.cost_pico_usd = costs[i];
        buf_clear(&s->bytes);
        wire_job_pack(&job, &s->arena, &s->bytes);
        assert_int_equal(reread(s, &limits), REASON_NONE);
        buf_clear(&s->more);
        wire_result_pack(&s->job, &attempt, &s->arena, &s->more);
        buf_clear(&s->bytes);
        wire_next_job_pack(&s->job, &attempt, &decision, &s->arena, &s->bytes);
        assert_int_equal(wire_result_read(buf_slice(&s->more), &s->arena, &s->job, &read,
                                          &s->detail),
                         REASON_MESSAGE_BROKEN);
        assert_int_equal(reread(s, &limits), REASON_MESSAGE_BROKEN);
    }
}

// Microseconds since 1970 are no milliseconds: a deadline would never come.
static void test_times_that_are_none_are_refused(void **state) {
    static const int64_t times[] = {INT64_MAX, INT64_MIN, -1, 253402300800000, 1795500000000000};
    struct scene *s = *state;
    Taskfit__V1__Job m = TASKFIT__V1__JOB__INIT;
    Taskfit__V1__Input input = TASKFIT__V1__INPUT__INIT;
    uint8_t id[16] = {1}, json[] = {'1'};
    m.has_id = input.has_json = 1;
    m.id = (ProtobufCBinaryData){16, id};
    m.path = (char *)(uintptr_t)"p";
    m.input = &input;
    input.json = (ProtobufCBinaryData){1, json};
    for (size_t i = 0; i < 2 * sizeof(times) / sizeof(times[0]); i++) {
        m.has_created_ms = i % 2 == 0;
        m.has_deadline_ms = i % 2 == 1;
        m.created_ms = m.deadline_ms = times[i / 2];
        buf_clear(&s->bytes);
        size_t size = taskfit__v1__job__get_packed_size(&m);
        s->bytes.len += taskfit__v1__job__pack(&m, (uint8_t *)buf_reserve(&s->bytes, size));
        assert_int_equal(reread(s, &limits), REASON_MESSAGE_BROKEN);
        assert_true(s->job.has_id && s->detail.len > 0);
    }
}

// Field 0, its tag written as 80 80 00.
static void test_field_zero_is_refused(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    wire_job_pack(&job, &s->arena, &s->bytes);
    buf_bytes(&s->bytes, "\x80\x80\0\0", 4);
    assert_int_equal(reread(s, &limits), REASON_MESSAGE_BROKEN);
    buf_clear(&s->bytes);
    wire_job_pack(&job, &s->arena, &s->bytes);
    buf_bytes(&s->bytes, "\x1a\x04\x80\x80\0\0", 6);  // within the input
    assert_int_equal(reread(s, &limits), REASON_MESSAGE_BROKEN);
}

static void test_a_newer_schema_is_left_unread(void **state) {
    struct scene *s = *state;
    Taskfit__V1__Job m = TASKFIT__V1__JOB__INIT;
    uint8_t id[16] = {1};
    m.has_id = m.has_schema = 1;
    m.id = (ProtobufCBinaryData){16, id};
    m.schema = 2;
    m.path = (char *)(uintptr_t)"p";
    size_t size = taskfit__v1__job__get_packed_size(&m);
    s->bytes.len += taskfit__v1__job__pack(&m, (uint8_t *)buf_reserve(&s->bytes, size));
    assert_int_equal(reread(s, &limits), REASON_MESSAGE_SCHEMA);
}

// An answer without them would be one to another question.
struct headers {
    const char *names[4];
    struct slice values[4];
    size_t count;
};

static void keep(void *owner, const char *name, struct slice value) {
    struct headers *headers = owner;
    headers->names[headers->count] = name;
    headers->values[headers->count++] = value;
}

static void test_headers_of_a_record(void **state) {
    struct scene *s = *state;
    struct headers read = {.count = 0};
    wire_header_pack("traceparent", slice_of("00-1-2-01"), &s->bytes);
    wire_header_pack("note", (struct slice){"\xff\0", 2}, &s->bytes);
    wire_header_pack("note", slice_of(""), &s->bytes);
    wire_header_pack("none", (struct slice){0}, &s->bytes);
    assert_true(wire_headers_read(buf_slice(&s->bytes), &s->arena, keep, &read));
    assert_int_equal(read.count, 4);
    assert_string_equal(read.names[0], "traceparent");
    assert_slice(read.values[0], "00-1-2-01");
    assert_int_equal(read.values[1].len, 2);
    assert_true(read.values[2].at && read.values[2].len == 0 && !read.values[3].at);
    assert_true(wire_headers_read((struct slice){0}, &s->arena, keep, &read));
    assert_int_equal(read.count, 4);
    assert_false(wire_headers_read(slice_of("\x0a\x7f"), &s->arena, keep, &read));
}

static void test_a_tenant_is_found_without_reading(void **state) {
    struct scene *s = *state;
    struct job job = sample();
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_null(wire_job_tenant(buf_slice(&s->bytes)).at);
    job.tenant = slice_of("acme");
    buf_clear(&s->bytes);
    wire_job_pack(&job, &s->arena, &s->bytes);
    assert_slice(wire_job_tenant(buf_slice(&s->bytes)), "acme");
    for (size_t len = 0; len < s->bytes.len; len++) {  // cut anywhere: nothing beyond is read
        wire_job_tenant((struct slice){s->bytes.data, len});
    }
    assert_null(wire_job_tenant(slice_of("garbage")).at);
    assert_null(wire_job_tenant(slice_of("\x5a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")).at);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_job_comes_back_as_it_went, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_tenant_is_found_without_reading, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_result_and_the_next_job, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_time_that_the_worker_set_goes_with_the_result, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_unknown_fields_move_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_job_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_costs_that_would_overflow_a_sum_are_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_times_that_are_none_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_field_zero_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_newer_schema_is_left_unread, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attachments_come_and_go_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_attachments_that_are_not_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(test_more_attachments_than_the_limits_allow, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_headers_of_a_record, setup, teardown),
    };
    return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}

// Any bytes as a Job and as a Result: what is read packs, and reads again the same.
#include "fuzz.h"
#include "job/wire.h"

static const struct wire_limits limits = {
    .input_bytes = 10000, .input_depth = 8, .attachments = {4, 1000, 2000}};

static bool same_number(double a, double b) {
    return a == b || (a != a && b != b);
}

static void check_same_job(const struct job *a, const struct job *b) {
    FUZZ_CHECK(uuid_equal(a->id, b->id) && a->has_batch == b->has_batch);
    FUZZ_CHECK(slice_equal(a->path, b->path) && slice_equal(a->input, b->input));
    FUZZ_CHECK(slice_equal(a->custom_id, b->custom_id) && a->line == b->line);
    FUZZ_CHECK(slice_equal(a->order_key, b->order_key) && slice_equal(a->tier, b->tier));
    FUZZ_CHECK(a->hop == b->hop && a->trail_count == b->trail_count);
    FUZZ_CHECK(a->attachment_count == b->attachment_count);
    for (uint32_t i = 0; i < a->attachment_count; i++) {
        const struct attachment *one = &a->attachments[i], *other = &b->attachments[i];
        FUZZ_CHECK(!one->content.at == !other->content.at && !one->uri.at == !other->uri.at);
        FUZZ_CHECK(slice_equal(one->content, other->content) && slice_equal(one->uri, other->uri));
        FUZZ_CHECK(slice_equal(one->media_type, other->media_type));
        FUZZ_CHECK(slice_equal(one->name, other->name));
    }
    FUZZ_CHECK(a->created_ms == b->created_ms && a->deadline_ms == b->deadline_ms);
    FUZZ_CHECK(job_spent_pico_usd(a) == job_spent_pico_usd(b));
}

static void fuzz_job(struct slice bytes, struct arena *arena, struct buf *out) {
    struct job job, again;
    struct slice detail = {0};
    wire_job_tenant(bytes);
    if (wire_job_read(bytes, &limits, arena, &job, &detail) != REASON_NONE) {
        FUZZ_CHECK(detail.len > 0);
        return;
    }
    struct slice tenant = wire_job_tenant(bytes);
    FUZZ_CHECK(tenant.len >= job.tenant.len);  // which ends at a NUL
    FUZZ_CHECK(tenant.len == 0 || memcmp(tenant.at, job.tenant.at, job.tenant.len) == 0);
    wire_job_repack(&job, out);
    FUZZ_CHECK(wire_job_read(buf_slice(out), &limits, arena, &again, &detail) == REASON_NONE);
    check_same_job(&job, &again);
}

static void fuzz_result(struct slice bytes, struct arena *arena, struct buf *out) {
    struct job job, job_again;
    struct attempt attempt, again;
    struct slice detail = {0};
    if (wire_result_read(bytes, arena, &job, &attempt, &detail) != REASON_NONE) {
        FUZZ_CHECK(detail.len > 0);
        return;
    }
    wire_result_pack(&job, &attempt, arena, out);
    FUZZ_CHECK(wire_result_read(buf_slice(out), arena, &job_again, &again, &detail) ==
               REASON_NONE);
    check_same_job(&job, &job_again);
    FUZZ_CHECK(slice_equal(attempt.answer, again.answer));
    FUZZ_CHECK(slice_equal(attempt.error, again.error) && slice_equal(attempt.tier, again.tier));
    FUZZ_CHECK(attempt.hop == again.hop);
    FUZZ_CHECK(same_number(attempt.confidence, again.confidence));
    FUZZ_CHECK(same_number(attempt.confidence_raw, again.confidence_raw));
    FUZZ_CHECK(attempt.cost_pico_usd == again.cost_pico_usd && attempt.calls == again.calls);
    FUZZ_CHECK(attempt.latency_ms == again.latency_ms && attempt.http_status == again.http_status);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct buf out = {0};
    arena_init(&arena, &pool);
    fuzz_job(fuzz_slice(data, size), &arena, &out);
    buf_clear(&out);
    fuzz_result(fuzz_slice(data, size), &arena, &out);
    buf_fini(&out);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

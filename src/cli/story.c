#include "cli/story_shadows.h"

#include "io/pg_session.h"

// The columns of the queries `story_job`, `story_hops` and `story_letters`, in their order.
enum job_column {
    JOB_BATCH, JOB_BATCH_NAME, JOB_PATH, JOB_BATCH_CANCELLED, JOB_INPUT, JOB_CANCELLED,
    JOB_ATTACHMENTS,
};

enum hop_column {
    HOP_NUMBER, HOP_ATTEMPTED, HOP_DECIDED, HOP_TIER, HOP_PATH,
    HOP_MODEL, HOP_ANSWER, HOP_ERROR, HOP_ERROR_TEXT, HOP_RAW, HOP_CONFIDENCE, HOP_CALIBRATION,
    HOP_PROMPT, HOP_INPUT_TOKENS, HOP_OUTPUT_TOKENS, HOP_CACHED_TOKENS, HOP_COST, HOP_CALLS,
    HOP_LATENCY, HOP_STATUS, HOP_WORKER, HOP_STARTED, HOP_STORED,
    HOP_VERDICT, HOP_FINAL, HOP_REASONS, HOP_EXPLANATION, HOP_NEXT_TIER,
    HOP_ANSWER_HOP, HOP_THRESHOLD, HOP_POLICY, HOP_AUDIT, HOP_COST_SO_FAR, HOP_CUSTOM_ID, HOP_LINE,
    HOP_TENANT, HOP_CREATED, HOP_DECIDED_AT, HOP_DECIDED_BY, HOP_CERTIFICATE, HOP_CERTIFICATE_TEXT,
    HOP_VERIFIER, HOP_VERIFIER_SAYS,
};

enum letter_column {
    LETTER_TOPIC, LETTER_PARTITION, LETTER_OFFSET, LETTER_REASON, LETTER_TEXT, LETTER_ATTEMPTS,
    LETTER_DECIDED, LETTER_CUSTOM_ID, LETTER_LINE, LETTER_RECORDED, LETTER_DEAD, LETTER_REPLAYS,
    LETTER_REPLAYED, LETTER_DROPPED,
};

// A result as it is read: its text is copied into the arena.
struct reader {
    const struct pg_result *result;
    struct arena *arena;
};

static struct slice text(const struct reader *r, int row, int column) {
    return arena_slice(r->arena, pg_get_slice(r->result, row, column));
}

static uint32_t count(const struct reader *r, int row, int column) {
    return (uint32_t)pg_get_int(r->result, row, column);
}

static void read_attempt(const struct reader *r, int row, struct story_hop *hop) {
    hop->attempt = (struct attempt){
        .hop = hop->hop,
        .tier = hop->tier,
        .model = text(r, row, HOP_MODEL),
        .answer = text(r, row, HOP_ANSWER),
        .error = text(r, row, HOP_ERROR),
        .error_text = text(r, row, HOP_ERROR_TEXT),
        .confidence_raw = pg_get_float8(r->result, row, HOP_RAW),
        .confidence = pg_get_float8(r->result, row, HOP_CONFIDENCE),
        .calibration = text(r, row, HOP_CALIBRATION),
        .prompt = text(r, row, HOP_PROMPT),
        .verifier = text(r, row, HOP_VERIFIER),
        .verifier_says = text(r, row, HOP_VERIFIER_SAYS),
        .input_tokens = count(r, row, HOP_INPUT_TOKENS),
        .output_tokens = count(r, row, HOP_OUTPUT_TOKENS),
        .cached_tokens = count(r, row, HOP_CACHED_TOKENS),
        .cost_pico_usd = pg_get_int(r->result, row, HOP_COST),
        .calls = count(r, row, HOP_CALLS),
        .latency_ms = pg_get_int(r->result, row, HOP_LATENCY),
        .started_ms = pg_get_time(r->result, row, HOP_STARTED),
        .http_status = count(r, row, HOP_STATUS),
    };
    hop->worker = text(r, row, HOP_WORKER);
    hop->stored_ms = pg_get_time(r->result, row, HOP_STORED);
}

static void read_decision(const struct reader *r, int row, struct story_decision *decision) {
    bool stands = !pg_is_null(r->result, row, HOP_ANSWER_HOP);
    *decision = (struct story_decision){
        .verdict = text(r, row, HOP_VERDICT),
        .final = pg_get_int(r->result, row, HOP_FINAL) != 0,
        .audit = pg_get_int(r->result, row, HOP_AUDIT) != 0,
        .reasons = text(r, row, HOP_REASONS),
        .explanation = text(r, row, HOP_EXPLANATION),
        .next_tier = text(r, row, HOP_NEXT_TIER),
        .answer_hop = stands ? (int)pg_get_int(r->result, row, HOP_ANSWER_HOP) : -1,
        .threshold = pg_get_float8(r->result, row, HOP_THRESHOLD),
        .policy = text(r, row, HOP_POLICY),
        .confidence = pg_get_float8(r->result, row, HOP_DECIDED_BY),
        .certificate = text(r, row, HOP_CERTIFICATE),
        .certificate_text = text(r, row, HOP_CERTIFICATE_TEXT),
        .cost_pico_usd = pg_get_int(r->result, row, HOP_COST_SO_FAR),
        .decided_ms = pg_get_time(r->result, row, HOP_DECIDED_AT),
    };
}

static void read_hop(const struct reader *r, int row, struct story *story) {
    struct story_hop *hop = &story->hops[row];
    hop->hop = count(r, row, HOP_NUMBER);
    hop->tier = text(r, row, HOP_TIER);
    hop->attempted = pg_get_int(r->result, row, HOP_ATTEMPTED) != 0;
    story->path = text(r, row, HOP_PATH);
    if (hop->attempted) {
        read_attempt(r, row, hop);
    }
    if (pg_get_int(r->result, row, HOP_DECIDED) != 0) {
        read_decision(r, row, &hop->decision);
        story->custom_id = text(r, row, HOP_CUSTOM_ID);
        story->line = pg_get_int(r->result, row, HOP_LINE);
        story->tenant = text(r, row, HOP_TENANT);
        story->created_ms = pg_get_time(r->result, row, HOP_CREATED);
    }
}

static void read_letter(const struct reader *r, int row, struct story *story) {
    story->letters[row] = (struct story_letter){
        .topic = text(r, row, LETTER_TOPIC),
        .reason = text(r, row, LETTER_REASON),
        .text = text(r, row, LETTER_TEXT),
        .partition = pg_get_int(r->result, row, LETTER_PARTITION),
        .offset = pg_get_int(r->result, row, LETTER_OFFSET),
        .attempts = pg_get_int(r->result, row, LETTER_ATTEMPTS),
        .replays = pg_get_int(r->result, row, LETTER_REPLAYS),
        .decided = pg_get_int(r->result, row, LETTER_DECIDED) != 0,
        .dead_ms = pg_get_time(r->result, row, LETTER_DEAD),
        .replayed_ms = pg_get_time(r->result, row, LETTER_REPLAYED),
        .dropped_ms = pg_get_time(r->result, row, LETTER_DROPPED),
    };
    if (story->custom_id.at == NULL) {
        story->custom_id = text(r, row, LETTER_CUSTOM_ID);
        story->line = pg_get_int(r->result, row, LETTER_LINE);
    }
}

static void read_job(const struct reader *r, struct story *story) {
    int64_t batch_ms = pg_get_time(r->result, 0, JOB_BATCH_CANCELLED);
    story->has_batch = !pg_is_null(r->result, 0, JOB_BATCH);
    uuid_format(pg_get_uuid(r->result, 0, JOB_BATCH), story->batch_text);
    story->batch_name = text(r, 0, JOB_BATCH_NAME);
    story->path = text(r, 0, JOB_PATH);
    story->input = text(r, 0, JOB_INPUT);
    story->attachments = text(r, 0, JOB_ATTACHMENTS);
    story->cancelled_ms = pg_get_time(r->result, 0, JOB_CANCELLED);
    if (story->cancelled_ms == 0) {
        story->cancelled_ms = batch_ms;
    }
}

static bool ask(struct pg_session *session, enum pg_statement statement, struct uuid job,
                struct reader *r, struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, job);
    bool ok = pg_session_run(session, statement, &params, &r->result, err);
    pg_params_fini(&params);
    return ok;
}

bool story_read(struct pg_session *session, struct uuid job, struct arena *arena,
                struct story *story, struct err *err) {
    struct reader r = {.arena = arena};
    *story = (struct story){.id = job};
    uuid_format(job, story->id_text);
    if (!ask(session, PG_story_job, job, &r, err)) {
        return false;
    }
    read_job(&r, story);
    if (!ask(session, PG_story_hops, job, &r, err)) {
        return false;
    }
    story->hop_count = (size_t)pg_rows(r.result);
    story->hops = arena_zalloc(arena, (story->hop_count + 1) * sizeof(*story->hops));
    for (size_t i = 0; i < story->hop_count; i++) {
        read_hop(&r, (int)i, story);
    }
    if (!ask(session, PG_story_letters, job, &r, err)) {
        return false;
    }
    story->letter_count = (size_t)pg_rows(r.result);
    story->letters = arena_zalloc(arena, (story->letter_count + 1) * sizeof(*story->letters));
    for (size_t i = 0; i < story->letter_count; i++) {
        read_letter(&r, (int)i, story);
    }
    return story_people_read(session, arena, story, err) &&
           story_shadows_read(session, arena, story, err);
}

const struct story_hop *story_end(const struct story *story) {
    for (size_t i = 0; i < story->hop_count; i++) {
        if (story->hops[i].decision.final) {
            return &story->hops[i];
        }
    }
    return NULL;
}

struct slice story_outcome_tier(const struct story *story) {
    const struct story_hop *end = story_end(story);
    return story_revised(story) ? slice_of("review") : end ? end->tier : (struct slice){0};
}

struct slice story_outcome(const struct story *story) {
    const struct story_hop *end = story_end(story);
    const struct story_revision *revised = story_revised(story);
    if (revised) {
        return revised->verdict;
    }
    if (end) {
        return end->decision.verdict;
    }
    for (size_t i = 0; i < story->letter_count; i++) {
        if (!story->letters[i].decided && story->letters[i].replayed_ms == 0) {
            return slice_of("dead");
        }
    }
    return (struct slice){0};
}

struct slice story_answer(const struct story *story) {
    const struct story_hop *end = story_end(story);
    const struct story_revision *revised = story_revised(story);
    if (revised) {
        return revised->answer;
    }
    for (size_t i = 0; end && i < story->hop_count; i++) {
        if ((int)story->hops[i].hop == end->decision.answer_hop) {
            return story->hops[i].attempt.answer;
        }
    }
    return (struct slice){0};
}

int64_t story_cost_pico_usd(const struct story *story) {
    int64_t cost = 0;
    for (size_t i = 0; i < story->hop_count; i++) {
        cost += story->hops[i].attempt.cost_pico_usd;
    }
    return cost;
}

#include "job/wire.h"

#include <inttypes.h>
#include <math.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "job/wire_input.h"

enum { SCHEMA = 1 };  // the newest that this program understands

typedef Taskfit__V1__Job job_message;
typedef Taskfit__V1__Attempt attempt_message;
typedef Taskfit__V1__Reason reason_message;

static void *allocate(void *arena, size_t size) {
    return arena_alloc(arena, size);
}

static void release(void *arena, void *memory) {
    (void)arena;  // dies with the arena
    (void)memory;
}

// Field 0 is illegal; protobuf-c takes it where it is written in more bytes than it needs, and
// would not read again what it then packs.
static bool has_field_zero(const ProtobufCMessage *m) {
    for (unsigned i = 0; i < m->n_unknown_fields; i++) {
        if (m->unknown_fields[i].tag == 0) {
            return true;
        }
    }
    bool found = false;
    for (unsigned i = 0; i < m->descriptor->n_fields && !found; i++) {
        const ProtobufCFieldDescriptor *field = &m->descriptor->fields[i];
        const char *place = (const char *)m + field->offset;
        if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
            continue;
        }
        if (field->label != PROTOBUF_C_LABEL_REPEATED) {
            const ProtobufCMessage *one = *(ProtobufCMessage *const *)(const void *)place;
            found = one && has_field_zero(one);
            continue;
        }
        ProtobufCMessage *const *list = *(ProtobufCMessage *const *const *)(const void *)place;
        size_t count = *(const size_t *)(const void *)((const char *)m + field->quantifier_offset);
        for (size_t k = 0; k < count && !found; k++) {
            found = has_field_zero(list[k]);
        }
    }
    return found;
}

static ProtobufCAllocator allocator_of(struct arena *arena) {
    return (ProtobufCAllocator){allocate, release, arena};
}

static bool rule_among(reason_message *const *reasons, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (reasons[i]->code && strncmp(reasons[i]->code, "rule.", 5) == 0) {
            return true;
        }
    }
    return false;
}

static void attempt_from(const attempt_message *m, struct attempt *a) {
    *a = (struct attempt){
        .hop = m->hop,
        .tier = slice_of(m->tier),
        .model = slice_of(m->model),
        .answer = from_bytes(m->has_answer, m->answer),
        .error = slice_of(m->error),
        .error_text = slice_of(m->error_text),
        .confidence_raw = m->has_confidence_raw ? m->confidence_raw : NAN,
        .confidence = m->has_confidence ? m->confidence : NAN,
        .calibration = slice_of(m->calibration),
        .prompt = slice_of(m->prompt),
        .verifier = slice_of(m->verifier),
        .verifier_says = slice_of(m->verifier_says),
        .input_tokens = m->input_tokens,
        .output_tokens = m->output_tokens,
        .cached_tokens = m->cached_tokens,
        .cost_pico_usd = m->cost_pico_usd,
        .calls = m->calls,
        .latency_ms = m->latency_ms,
        .started_ms = m->started_ms,
        .http_status = m->http_status,
        .breached = rule_among(m->reasons, m->n_reasons),
    };
}

static void attempt_to(const struct attempt *a, attempt_message *m, struct arena *arena) {
    taskfit__v1__attempt__init(m);
    m->has_hop = m->has_cost_pico_usd = m->has_calls = m->has_latency_ms = m->has_started_ms = true;
    m->hop = a->hop;
    m->tier = to_text(a->tier, arena);
    m->model = to_text(a->model, arena);
    m->has_answer = a->answer.at != NULL;
    m->answer = to_bytes(a->answer);
    m->error = to_text(a->error, arena);
    m->error_text = to_text(a->error_text, arena);
    m->has_confidence_raw = !isnan(a->confidence_raw);
    m->confidence_raw = a->confidence_raw;
    m->has_confidence = !isnan(a->confidence);
    m->confidence = a->confidence;
    m->calibration = to_text(a->calibration, arena);
    m->prompt = to_text(a->prompt, arena);
    m->verifier = to_text(a->verifier, arena);
    m->verifier_says = to_text(a->verifier_says, arena);
    m->has_input_tokens = a->input_tokens > 0;
    m->input_tokens = a->input_tokens;
    m->has_output_tokens = a->output_tokens > 0;
    m->output_tokens = a->output_tokens;
    m->has_cached_tokens = a->cached_tokens > 0;
    m->cached_tokens = a->cached_tokens;
    m->cost_pico_usd = a->cost_pico_usd;
    m->calls = a->calls;
    m->latency_ms = (uint32_t)a->latency_ms;
    m->started_ms = a->started_ms;
    m->has_http_status = a->http_status > 0;
    m->http_status = a->http_status;
}

// 100,000 USD an attempt: sums over a trail of HOPS_MOST cannot overflow.
static bool is_cost(int64_t pico_usd) {
    return pico_usd >= 0 && pico_usd <= 100000000000000000;
}

static bool read_trail(const job_message *m, struct arena *arena, struct job *job) {
    if (m->n_trail > HOPS_MOST) {
        return false;
    }
    struct attempt *trail = arena_alloc(arena, m->n_trail * sizeof(*trail));
    for (size_t i = 0; i < m->n_trail; i++) {
        attempt_from(m->trail[i], &trail[i]);
        if (!is_cost(trail[i].cost_pico_usd)) {
            return false;
        }
    }
    job->trail = trail;
    job->trail_count = (uint32_t)m->n_trail;
    return true;
}

static bool is_time(int64_t ms) {
    return ms >= 0 && ms <= CLOCK_MOST_MS;
}

// What the fields say, beyond being there.
static enum reason check_fields(const job_message *m, struct arena *arena, struct job *job,
                                struct slice *detail) {
    if (!is_time(job->created_ms) || !is_time(job->deadline_ms)) {
        *detail = arena_printf(arena, "created_ms %" PRId64 ", deadline_ms %" PRId64 ": Unix times "
                               "in milliseconds are from 0 to %" PRId64, job->created_ms,
                               job->deadline_ms, CLOCK_MOST_MS);
        return REASON_MESSAGE_BROKEN;
    }
    if (job->hop > HOPS_MOST || !read_trail(m, arena, job)) {
        *detail = arena_printf(arena, "hop %u, a trail beyond %d or of an impossible cost",
                               job->hop, HOPS_MOST);
        return REASON_MESSAGE_BROKEN;
    }
    return REASON_NONE;
}

static enum reason job_from(const job_message *m, struct arena *arena, struct job *job,
                            struct slice *detail) {
    *job = (struct job){
        .message = m,
        .path = slice_of(m->path),
        .schema = m->schema,
        .custom_id = slice_of(m->custom_id),
        .line = m->line,
        .created_ms = m->created_ms,
        .deadline_ms = m->deadline_ms,
        .order_key = slice_of(m->order_key),
        .tenant = slice_of(m->tenant),
        .all_tiers = m->has_all_tiers && m->all_tiers,
        .audit = m->has_audit && m->audit,
        .hop = m->hop,
        .tier = slice_of(m->tier),
    };
    job->has_id = uuid_from_bytes(from_bytes(m->has_id, m->id), &job->id) && !uuid_is_nil(job->id);
    struct slice batch = from_bytes(m->has_batch_id, m->batch_id);
    job->has_batch = batch.at && uuid_from_bytes(batch, &job->batch_id);
    if (m->schema > SCHEMA) {
        *detail = arena_printf(arena, "schema %u; this program knows %d", m->schema, SCHEMA);
        return REASON_MESSAGE_SCHEMA;
    }
    if (m->input) {
        wire_input_from(m->input, arena, job);
    }
    if (!job->has_id || !job->path.at || !job->input.at || (batch.at && !job->has_batch)) {
        *detail = slice_of(!job->has_id      ? "id is missing or not 16 bytes"
                           : !job->path.at   ? "path is missing"
                           : !job->input.at  ? "input.json is missing"
                                             : "batch_id is not 16 bytes");
        return REASON_MESSAGE_INCOMPLETE;
    }
    *detail = attachments_fault(job->attachments, job->attachment_count, arena);
    return detail->at ? REASON_MESSAGE_INCOMPLETE : check_fields(m, arena, job, detail);
}

// Texts go to the database and to people, so they must be UTF-8; their length is bounded, because
// they are keys.
static enum reason check_texts(struct job *job, struct arena *arena, struct slice *detail) {
    const struct {
        const char *name;
        struct slice *text;
    } texts[] = {{"path", &job->path},           {"custom_id", &job->custom_id},
                 {"order_key", &job->order_key}, {"tenant", &job->tenant},
                 {"tier", &job->tier}};
    enum { TEXT_BYTES = 512 };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct slice *text = texts[i].text;
        if (utf8_valid(*text) != text->len) {
            *detail = arena_printf(arena, "%s is not UTF-8", texts[i].name);
            *text = (struct slice){0};
            return REASON_MESSAGE_UTF8;
        }
        if (text->len > TEXT_BYTES) {
            *detail = arena_printf(arena, "%s has %zu bytes, more than %d", texts[i].name,
                                   text->len, TEXT_BYTES);
            *text = (struct slice){0};
            return REASON_MESSAGE_TOO_LARGE;
        }
    }
    return REASON_NONE;
}

static enum reason check_input(const struct job *job, const struct wire_limits *limits,
                               struct arena *arena, struct slice *detail) {
    if (job->input.len > limits->input_bytes) {
        *detail = arena_printf(arena, "input of %zu bytes, more than %zu", job->input.len,
                               limits->input_bytes);
        return REASON_MESSAGE_TOO_LARGE;
    }
    *detail = attachments_excess(job->attachments, job->attachment_count, &limits->attachments,
                                 arena);
    if (detail->at) {
        return REASON_MESSAGE_TOO_LARGE;
    }
    struct json_limits json_limits = {limits->input_depth, json_default_limits.nodes};
    struct err err;
    if (!json_check(job->input, &json_limits, &err)) {
        *detail = arena_printf(arena, "input: %s", err.text);
        return REASON_MESSAGE_NOT_JSON;
    }
    return REASON_NONE;
}

enum reason wire_job_read(struct slice bytes, const struct wire_limits *limits, struct arena *arena,
                          struct job *job, struct slice *detail) {
    ProtobufCAllocator allocator = allocator_of(arena);
    job_message *m = taskfit__v1__job__unpack(&allocator, bytes.len, (const uint8_t *)bytes.at);
    if (m == NULL || has_field_zero(&m->base)) {
        *job = (struct job){0};
        *detail = arena_printf(arena, "%zu bytes that are no Job message", bytes.len);
        return REASON_MESSAGE_BROKEN;
    }
    enum reason reason = job_from(m, arena, job, detail);
    enum reason texts = check_texts(job, arena, detail);
    if (reason == REASON_NONE) {
        reason = texts;
    }
    return reason ? reason : check_input(job, limits, arena, detail);
}

enum reason wire_result_read(struct slice bytes, struct arena *arena, struct job *job,
                             struct attempt *attempt, struct slice *detail) {
    ProtobufCAllocator allocator = allocator_of(arena);
    Taskfit__V1__Result *m =
        taskfit__v1__result__unpack(&allocator, bytes.len, (const uint8_t *)bytes.at);
    *job = (struct job){0};
    if (m == NULL || m->job == NULL || m->attempt == NULL || has_field_zero(&m->base)) {
        *detail = arena_printf(arena, "%zu bytes that are no Result message", bytes.len);
        return REASON_MESSAGE_BROKEN;
    }
    enum reason reason = job_from(m->job, arena, job, detail);
    if (reason != REASON_NONE) {
        return reason;
    }
    reason = check_texts(job, arena, detail);
    attempt_from(m->attempt, attempt);
    if (reason == REASON_NONE && (!attempt->answer.at == !attempt->error.at || !attempt->tier.at ||
                                  attempt->hop != job->hop || !is_cost(attempt->cost_pico_usd) ||
                                  !is_time(attempt->started_ms))) {
        *detail = slice_of("an attempt needs its tier, the job's hop, a possible cost and time, "
                           "and an answer or an error");
        return REASON_MESSAGE_BROKEN;
    }
    return reason;
}

static void pack(const ProtobufCMessage *message, struct buf *out) {
    size_t size = protobuf_c_message_get_packed_size(message);
    char *at = buf_reserve(out, size);
    out->len += protobuf_c_message_pack(message, (uint8_t *)at);
}

void wire_job_pack(const struct job *job, struct arena *arena, struct buf *out) {
    job_message m = TASKFIT__V1__JOB__INIT;
    m.has_id = true;
    m.id = to_bytes(uuid_slice(&job->id));
    m.path = to_text(job->path, arena);
    m.input = wire_input_to(job, arena);
    m.has_batch_id = job->has_batch;
    m.batch_id = to_bytes(uuid_slice(&job->batch_id));
    m.custom_id = to_text(job->custom_id, arena);
    m.has_line = job->line > 0;
    m.line = job->line;
    m.has_created_ms = job->created_ms > 0;
    m.created_ms = job->created_ms;
    m.has_deadline_ms = job->deadline_ms > 0;
    m.deadline_ms = job->deadline_ms;
    m.order_key = to_text(job->order_key, arena);
    m.tenant = to_text(job->tenant, arena);
    m.has_all_tiers = m.all_tiers = job->all_tiers;
    m.tier = to_text(job->tier, arena);
    pack(&m.base, out);
}

void wire_job_repack(const struct job *job, struct buf *out) {
    pack(&((const job_message *)job->message)->base, out);
}

void wire_result_pack(const struct job *job, const struct attempt *attempt, struct arena *arena,
                      struct buf *out) {
    Taskfit__V1__Result m = TASKFIT__V1__RESULT__INIT;
    job_message of = *(const job_message *)job->message;
    attempt_message a;
    attempt_to(attempt, &a, arena);
    of.has_created_ms = job->created_ms > 0;  // where the producer left it out: the record's time
    of.created_ms = job->created_ms;
    m.job = &of;
    m.attempt = &a;
    pack(&m.base, out);
}

static void reasons_to(const struct decision *decision, reason_message *list,
                       reason_message **pointers, struct arena *arena) {
    for (uint32_t i = 0; i < decision->reason_count; i++) {
        taskfit__v1__reason__init(&list[i]);
        list[i].code = to_text(decision->reasons[i].code, arena);
        list[i].text = to_text(decision->reasons[i].text, arena);
        pointers[i] = &list[i];
    }
}

// A note is not why the job moves on.
static size_t drop_notes(const struct decision *decision, reason_message **pointers) {
    size_t count = 0;
    for (uint32_t i = 0; i < decision->reason_count; i++) {
        if (!decision->reasons[i].note) {
            pointers[count++] = pointers[i];
        }
    }
    return count;
}

void wire_next_job_pack(const struct job *job, const struct attempt *attempt,
                        const struct decision *decision, struct arena *arena, struct buf *out) {
    job_message m = *(const job_message *)job->message;
    attempt_message a, *trail[HOPS_MOST + 2];
    reason_message reasons[DECISION_REASONS_MOST], *pointers[DECISION_REASONS_MOST];
    attempt_to(attempt, &a, arena);
    reasons_to(decision, reasons, pointers, arena);
    a.n_reasons = drop_notes(decision, pointers);
    a.reasons = pointers;
    for (size_t i = 0; i < m.n_trail; i++) {
        trail[i] = m.trail[i];
    }
    trail[m.n_trail] = &a;
    m.n_trail++;
    m.trail = trail;
    m.has_hop = true;
    m.hop = job->hop + 1;
    m.tier = (char *)(uintptr_t)(decision->audit_tier ? decision->audit_tier
                                                       : decision->next_tier);
    m.has_audit = m.audit = decision->audit_tier != NULL;
    m.has_created_ms = true;
    m.created_ms = job->created_ms;
    pack(&m.base, out);
}

void wire_outcome_pack(const struct outcome *o, struct arena *arena, struct buf *out) {
    Taskfit__V1__Decision m = TASKFIT__V1__DECISION__INIT;
    attempt_message a;
    reason_message reasons[DECISION_REASONS_MOST], *pointers[DECISION_REASONS_MOST];
    m.has_job_id = true;
    m.job_id = to_bytes(uuid_slice(&o->job->id));
    m.has_batch_id = o->job->has_batch;
    m.batch_id = to_bytes(uuid_slice(&o->job->batch_id));
    m.custom_id = to_text(o->job->custom_id, arena);
    m.has_line = o->job->line > 0;
    m.line = o->job->line;
    m.path = to_text(o->job->path, arena);
    m.has_hop = m.has_verdict = m.has_cost_pico_usd = m.has_decided_ms = m.has_created_ms = true;
    m.hop = o->hop;
    m.tier = to_text(o->tier, arena);
    m.verdict = (Taskfit__V1__Verdict)o->decision->verdict;
    reasons_to(o->decision, reasons, pointers, arena);
    m.n_reasons = o->decision->reason_count;
    m.reasons = pointers;
    if (o->answer) {
        attempt_to(o->answer, &a, arena);
        m.attempt = &a;
    }
    m.cost_pico_usd = o->decision->cost_pico_usd;
    m.policy = to_text(o->policy, arena);
    m.created_ms = o->job->created_ms;
    m.decided_ms = o->decided_ms;
    m.tenant = to_text(o->job->tenant, arena);
    m.has_audit = o->decision->audit;
    m.audit = o->decision->audit;
    m.has_revision = o->revision > 0;
    m.revision = o->revision;
    m.reviewer = to_text(o->reviewer, arena);
    m.note = to_text(o->note, arena);
    pack(&m.base, out);
}

static Taskfit__V1__Headers *headers_from(struct slice packed, struct arena *arena) {
    ProtobufCAllocator allocator = allocator_of(arena);
    return packed.at ? taskfit__v1__headers__unpack(&allocator, packed.len,
                                                    (const uint8_t *)packed.at)
                     : NULL;
}

void wire_dead_letter_pack(const struct dead_letter *l, struct arena *arena, struct buf *out) {
    Taskfit__V1__DeadLetter m = TASKFIT__V1__DEAD_LETTER__INIT;
    m.topic = to_text(l->topic, arena);
    m.has_partition = m.has_offset = m.has_timestamp_ms = m.has_attempts = true;
    m.partition = l->partition;
    m.offset = l->offset;
    m.timestamp_ms = l->timestamp_ms;
    m.has_key = l->key.at != NULL;
    m.key = to_bytes(l->key);
    m.has_value = l->value.at != NULL;
    m.value = to_bytes(l->value);
    m.reason = to_text(l->reason, arena);
    m.text = to_text(l->text, arena);
    m.attempts = l->attempts;
    m.headers = headers_from(l->headers, arena);
    pack(&m.base, out);
}

void wire_header_pack(const char *name, struct slice value, struct buf *out) {
    Taskfit__V1__Headers m = TASKFIT__V1__HEADERS__INIT;
    Taskfit__V1__Header header = TASKFIT__V1__HEADER__INIT, *pointer = &header;
    header.name = (char *)(uintptr_t)name;
    header.has_value = value.at != NULL;
    header.value = to_bytes(value);
    m.n_headers = 1;
    m.headers = &pointer;
    pack(&m.base, out);  // messages one behind the other are one with the elements of all
}

bool wire_headers_read(struct slice packed, struct arena *arena,
                       void (*each)(void *owner, const char *name, struct slice value),
                       void *owner) {
    const Taskfit__V1__Headers *m = headers_from(packed, arena);
    for (size_t i = 0; m && i < m->n_headers; i++) {
        const Taskfit__V1__Header *header = m->headers[i];
        each(owner, header->name ? header->name : "",
             from_bytes(header->has_value, header->value));
    }
    return m || packed.at == NULL;
}

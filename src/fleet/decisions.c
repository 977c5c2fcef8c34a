#include "fleet/decisions.h"

#include "base/json.h"
#include "fleet/rows.h"
#include "job/stored_reasons.h"
#include "job/wire.h"

// --- to rows

static bool any_text(const struct decision *d) {
    for (uint32_t i = 0; i < d->reason_count; i++) {
        if (d->reasons[i].text.at) {
            return true;
        }
    }
    return false;
}

// [{"code": …, "text": …}, …]
static void write_explanation(const struct decision *d, struct buf *out) {
    for (uint32_t i = 0; i < d->reason_count; i++) {
        buf_text(out, i ? ",{\"code\":" : "[{\"code\":");
        buf_json_string(out, d->reasons[i].code);
        if (d->reasons[i].text.at) {
            buf_text(out, ",\"text\":");
            buf_json_string(out, d->reasons[i].text);
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

static void write_codes(const struct decision *d, struct buf *out) {
    for (uint32_t i = 0; i < d->reason_count; i++) {
        buf_text(out, i ? "," : "");
        buf_slice_add(out, d->reasons[i].code);
    }
}

static bool is_kept(const struct hop *hop) {
    enum path_keep keep = hop->path ? hop->path->policy.keep : KEEP_NONE;
    return (keep == KEEP_ALL && hop->job.hop == 0) ||
           (keep == KEEP_REVIEW &&
            (hop->decision->verdict == VERDICT_REVIEW || hop->decision->audit));
}

static void prepare_letter(struct hop *hop, struct buf *scratch) {
    const struct decision_reason *first = &hop->decision->reasons[0];
    buf_clear(scratch);
    wire_job_repack(&hop->job, scratch);
    hop->burial = (struct hop_burial){
        .key = uuid_slice(&hop->job.id),
        .value = arena_slice(&hop->arena, buf_slice(scratch)),
        .reason = first->code,
        .text = first->text,
        .attempts = hop->job.trail_count + 1,
    };
}

void decisions_prepare(struct hop *hop) {
    struct buf scratch = {0};
    write_codes(hop->decision, &scratch);
    hop->reasons = arena_slice(&hop->arena, buf_slice(&scratch));
    if (any_text(hop->decision)) {
        buf_clear(&scratch);
        write_explanation(hop->decision, &scratch);
        hop->explanation = arena_slice(&hop->arena, buf_slice(&scratch));
    }
    if (is_kept(hop) && hop->job.attachment_count > 0) {
        buf_clear(&scratch);
        attachments_json(hop->job.attachments, hop->job.attachment_count, true, &scratch);
        hop->attachments = arena_slice(&hop->arena, buf_slice(&scratch));
    }
    if (hop->decision->verdict == VERDICT_DEAD) {
        prepare_letter(hop, &scratch);
    }
    buf_fini(&scratch);
}

#define PUT(name, call)                                                       \
    static void put_##name(struct pg_params *params, const struct hop *hop) { \
        call;                                                                 \
    }

PUT(tier, pg_slice(params, hop->attempt.tier))
PUT(verdict, pg_slice(params, slice_of(verdict_name(hop->decision->verdict))))
PUT(reasons, pg_slice(params, hop->reasons))
PUT(explanation, pg_slice(params, hop->explanation))
PUT(next_tier, pg_slice(params, slice_of(hop->decision->next_tier)))
PUT(confidence, pg_float8(params, hop->attempt.confidence))
PUT(threshold, pg_float8(params, hop->decision->threshold))
PUT(policy, pg_slice(params, hop->policy))
PUT(tenant, pg_slice(params, hop->job.tenant))
PUT(audit, pg_bool(params, hop->decision->audit))
PUT(cost, pg_int8(params, hop->decision->cost_pico_usd))
PUT(created, pg_time(params, hop->job.created_ms))
PUT(attachments, pg_slice(params, hop->attachments))
PUT(input, pg_slice(params, hop->job.input))
PUT(topic, pg_slice(params, slice_of(ticket_topic(hop->ticket))))
PUT(partition, pg_int4(params, ticket_partition(hop->ticket)))
PUT(offset, pg_int8(params, hop->ticket.offset))
PUT(value, pg_slice(params, hop->burial.value))
PUT(reason, pg_slice(params, hop->burial.reason))
PUT(text, pg_slice(params, hop->burial.text))
PUT(attempts, pg_int4(params, (int32_t)hop->burial.attempts))
PUT(recorded, pg_time(params, hop->record_ms))

static void put_answer_hop(struct pg_params *params, const struct hop *hop) {
    if (hop->decision->answer_hop < 0) {
        pg_null(params);
    } else {
        pg_int2(params, (int16_t)hop->decision->answer_hop);
    }
}

static const struct row_column decision_columns[] = {
    {PG_UUID, rows_put_job},        {PG_INT2, rows_put_hop},       {PG_TEXT, put_tier},
    {PG_TEXT, put_verdict},         {PG_TEXT, put_reasons},        {PG_JSON, put_explanation},
    {PG_TEXT, put_next_tier},       {PG_INT2, put_answer_hop},     {PG_FLOAT8, put_confidence},
    {PG_FLOAT8, put_threshold},     {PG_TEXT, put_policy},         {PG_TEXT, rows_put_path},
    {PG_UUID, rows_put_batch},      {PG_TEXT, rows_put_custom_id}, {PG_INT8, rows_put_line},
    {PG_TEXT, put_tenant},          {PG_BOOL, put_audit},          {PG_INT8, put_cost},
    {PG_TIMESTAMPTZ, put_created},
};

static const struct row_column input_columns[] = {
    {PG_UUID, rows_put_job}, {PG_UUID, rows_put_batch}, {PG_JSON, put_input}};

static const struct row_column attachment_columns[] = {{PG_JSON, put_attachments}};

static const struct row_column letter_columns[] = {
    {PG_UUID, rows_put_job},        {PG_UUID, rows_put_batch}, {PG_TEXT, rows_put_custom_id},
    {PG_INT8, rows_put_line},       {PG_TEXT, put_topic},      {PG_INT4, put_partition},
    {PG_INT8, put_offset},          {PG_BYTEA, put_value},     {PG_TEXT, put_reason},
    {PG_TEXT, put_text},            {PG_INT4, put_attempts},   {PG_TIMESTAMPTZ, put_recorded},
};

static bool is_dead(const struct hop *hop) {
    return hop->decision->verdict == VERDICT_DEAD;
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// The columns of those rows that `wanted` names.
static void encode_some(const struct row_column *columns, size_t column_count,
                        struct hop *const *rows, size_t count, struct pg_params *params,
                        bool (*wanted)(const struct hop *hop)) {
    for (size_t c = 0; c < column_count; c++) {
        pg_array(params, columns[c].type);
        for (size_t i = 0; i < count; i++) {
            if (wanted(rows[i])) {
                columns[c].put(params, rows[i]);
            }
        }
    }
}

void decisions_encode(struct hop *const *rows, size_t count, struct pg_params *params) {
    rows_encode(decision_columns, COUNT(decision_columns), rows, count, params);
    encode_some(input_columns, COUNT(input_columns), rows, count, params, is_kept);
    encode_some(letter_columns, COUNT(letter_columns), rows, count, params, is_dead);
    encode_some(attachment_columns, COUNT(attachment_columns), rows, count, params, is_kept);
}

void decisions_encode_keys(struct hop *const *rows, size_t count, struct pg_params *params) {
    static const struct row_column columns[] = {{PG_UUID, rows_put_job}, {PG_INT2, rows_put_hop}};
    rows_encode(columns, COUNT(columns), rows, count, params);
}

// --- from rows

// The columns of the query `find_decisions`, in its order.
enum column {
    COLUMN_N, COLUMN_VERDICT, COLUMN_REASONS, COLUMN_EXPLANATION, COLUMN_NEXT_TIER,
    COLUMN_ANSWER_HOP, COLUMN_AUDIT, COLUMN_COST, COLUMN_POLICY,
};

void decisions_read(struct hop *hop, const struct pg_result *result, int row) {
    struct decision *d = hop->decision;
    struct slice next = arena_slice(&hop->arena, pg_get_slice(result, row, COLUMN_NEXT_TIER));
    d->verdict = verdict_parse(pg_get_slice(result, row, COLUMN_VERDICT));
    d->next_tier = next.at;
    d->answer_hop = pg_is_null(result, row, COLUMN_ANSWER_HOP)
                        ? -1
                        : (int)pg_get_int(result, row, COLUMN_ANSWER_HOP);
    d->audit = pg_get_int(result, row, COLUMN_AUDIT) != 0;
    d->audit_tier =
        d->audit && hop->path ? decide_audit_tier(&hop->path->policy, &hop->attempt) : NULL;
    d->cost_pico_usd = pg_get_int(result, row, COLUMN_COST);
    hop->policy = arena_slice(&hop->arena, pg_get_slice(result, row, COLUMN_POLICY));
    d->reason_count = stored_reasons_read(
        arena_slice(&hop->arena, pg_get_slice(result, row, COLUMN_REASONS)),
        arena_slice(&hop->arena, pg_get_slice(result, row, COLUMN_EXPLANATION)), &hop->arena,
        d->reasons);
}

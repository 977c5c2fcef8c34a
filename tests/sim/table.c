#include "table.h"

#include <math.h>
#include <string.h>

#include "base/json.h"
#include "facts.h"

enum { ARRAY_HEADER = 20, ELEMENTS_AT = 12 };

static const int64_t pg_epoch_ms = 946684800000;

// --- parameters

static uint32_t be32(const char *at) {
    uint32_t wire;
    memcpy(&wire, at, sizeof(wire));
    return __builtin_bswap32(wire);
}

struct reader param_reader(const struct pg_params *params, int number) {
    const struct pg_param *param = &params->params[number - 1];
    const char *at = params->data.data + param->at;
    assert(number <= params->count && param->array && param->len >= ARRAY_HEADER);
    return (struct reader){at + ARRAY_HEADER, be32(at + ELEMENTS_AT)};
}

struct slice reader_next(struct reader *reader) {
    assert(reader->left > 0);
    uint32_t len = be32(reader->at);
    reader->at += 4;
    reader->left--;
    if (len == UINT32_MAX) {
        return (struct slice){0};
    }
    struct slice value = {reader->at, len};
    reader->at += len;
    return value;
}

int64_t value_int(struct slice value) {
    uint64_t number = 0;
    for (size_t i = 0; i < value.len; i++) {
        number = number << 8 | (unsigned char)value.at[i];
    }
    return value.len == 2 ? (int16_t)number : value.len == 4 ? (int32_t)number : (int64_t)number;
}

double value_real(struct slice value) {
    int64_t bits = value_int(value);
    double real = NAN;
    if (value.at) {
        memcpy(&real, &bits, sizeof(real));
    }
    return real;
}

int64_t value_time(struct slice value) {
    return value_int(value) / 1000 + pg_epoch_ms;
}

static struct slice keep(struct slice value) {
    return arena_slice(&world.arena, value);
}

// --- results

static struct cell *result_row(struct pg_result *result) {
    struct cell *row = result->cells[result->rows++];
    for (int i = 0; i < RESULT_COLUMNS; i++) {
        row[i] = (struct cell){.is_null = true};
    }
    return row;
}

void result_key(struct pg_result *result, struct slice id, struct slice hop) {
    struct cell *row = result_row(result);
    row[0] = (struct cell){.bytes = id};
    row[1] = (struct cell){.number = value_int(hop)};
}

static struct cell cell_int(int64_t number) {
    return (struct cell){.number = number};
}

static struct cell cell_real(double real) {
    return (struct cell){.is_null = isnan(real), .real = real};
}

static struct cell cell_text(struct slice text) {
    return (struct cell){.is_null = text.at == NULL, .bytes = text};
}

// --- admit

static void put_attempt(struct cell *row, const struct attempt *a) {
    const struct cell cells[] = {
        cell_text(a->tier), cell_text(a->model), cell_text(a->answer), cell_text(a->error),
        cell_text(a->error_text), cell_real(a->confidence_raw), cell_real(a->confidence),
        cell_text(a->calibration), cell_text(a->prompt), cell_int(a->input_tokens),
        cell_int(a->output_tokens), cell_int(a->cached_tokens), cell_int(a->cost_pico_usd),
        cell_int(a->calls), cell_int(a->latency_ms), cell_int(a->started_ms),
        cell_int(a->http_status), cell_text(a->verifier), cell_text(a->verifier_says),
    };
    memcpy(row, cells, sizeof(cells));
}

static void admit(const struct pg_params *params, unsigned life, struct pg_result *result) {
    struct reader ids = param_reader(params, 1), hops = param_reader(params, 2);
    struct reader batch_ids = param_reader(params, 3);
    for (int64_t n = 1; ids.left > 0; n++) {
        struct subject *subject = subject_find(reader_next(&ids));
        int64_t hop = value_int(reader_next(&hops));
        int batch = batch_find(reader_next(&batch_ids));
        assert(subject && hop < VISIT_HOPS);
        const struct attempt_row *attempt = &subject->attempts[hop];
        bool decided = subject->decisions[hop].stored;
        bool cancelled = subject->cancelled || (batch >= 0 && batches[batch].cancelled);
        bool capped = batch >= 0 && batches[batch].cap_pico_usd >= 0 &&
                      batches[batch].cost_pico_usd >= batches[batch].cap_pico_usd;
        bool buried = subject->called_letters[hop];
        bool open = !attempt->stored && !decided && !cancelled && !capped && !buried;
        subject_visit(subject, (unsigned)hop, life)->admitted_us = open ? world.now_us : -1;
        if (open) {
            continue;
        }
        struct cell *row = result_row(result);
        row[0] = cell_int(n);
        row[1] = cell_int(attempt->stored);
        row[2] = cell_int(decided);
        row[3] = cell_int(cancelled);
        row[4] = cell_int(capped);
        row[5] = cell_int(buried);
        if (attempt->stored) {
            put_attempt(row + 6, &attempt->attempt);
        }
        if (buried) {
            row[RESULT_COLUMNS - 1] = cell_text(slice_of("refused before"));
            tally(TALLY_KNOWN_LETTERS);
        }
    }
}

// --- recall

static int64_t param_int(const struct pg_params *params, int number) {
    const struct pg_param *param = &params->params[number - 1];
    assert(number <= params->count && !param->array);
    return value_int((struct slice){params->data.data + param->at, param->len});
}

static struct slice param_text(const struct pg_params *params, int number) {
    const struct pg_param *param = &params->params[number - 1];
    return (struct slice){params->data.data + param->at, param->len};
}

static void recalled(struct pg_result *result, const struct uuid *id, bool capped) {
    struct cell *row = result_row(result);
    row[0] = cell_text(uuid_slice(id));
    row[1] = cell_int(capped);
}

static void recall(const struct pg_params *params, struct arena *arena,
                   struct pg_result *result) {
    int64_t since_us = world.now_us - param_int(params, 1) * MS_US;
    size_t most = subject_count + 2 * (size_t)batch_count + 1;
    result->cells = arena_alloc(arena, most * sizeof(*result->cells));
    for (unsigned i = 0; i < subject_count; i++) {
        if (subjects[i]->cancelled && subjects[i]->cancelled_us > since_us) {
            recalled(result, &subjects[i]->id, false);
        }
    }
    for (int i = 0; i < batch_count; i++) {
        if (batches[i].cancelled && batches[i].cancelled_us > since_us) {
            recalled(result, &batches[i].id, false);
        }
        if (batches[i].capped_us > since_us && batches[i].capped_us > 0) {
            recalled(result, &batches[i].id, true);
        }
    }
}

// --- store_attempts

enum { ATTEMPT_COLUMNS = 23 };

static void attempt_of(const struct slice v[ATTEMPT_COLUMNS], struct attempt_row *row) {
    row->attempt = (struct attempt){
        .hop = (uint32_t)value_int(v[1]),
        .tier = keep(v[2]),
        .model = keep(v[5]),
        .answer = keep(v[6]),
        .error = keep(v[7]),
        .error_text = keep(v[8]),
        .confidence_raw = value_real(v[9]),
        .confidence = value_real(v[10]),
        .calibration = keep(v[11]),
        .prompt = keep(v[12]),
        .input_tokens = (uint32_t)value_int(v[13]),
        .output_tokens = (uint32_t)value_int(v[14]),
        .cached_tokens = (uint32_t)value_int(v[15]),
        .cost_pico_usd = value_int(v[16]),
        .calls = (uint32_t)value_int(v[17]),
        .latency_ms = value_int(v[18]),
        .http_status = (uint32_t)value_int(v[19]),
        .started_ms = value_time(v[20]),
        .verifier = keep(v[21]),
        .verifier_says = keep(v[22]),
    };
    row->batch = batch_find(v[4]);
}

struct batch_tier *batch_tier_of(int batch, struct slice tier) {
    struct batch_row *row = &batches[batch];
    for (unsigned i = 0; i < row->tier_count; i++) {
        if (slice_equal(row->tiers[i].tier, tier)) {
            return &row->tiers[i];
        }
    }
    row->tiers[row->tier_count] = (struct batch_tier){.tier = keep(tier)};
    return &row->tiers[row->tier_count++];
}

static bool attempt_refused(const struct subject *subject, const struct slice v[ATTEMPT_COLUMNS]) {
    struct err err;
    if (subject == NULL || !v[2].at || !v[3].at || !v[20].at ||
        (v[6].at != NULL) == (v[7].at != NULL)) {
        broken("an attempt without its job, tier, path, start, or with answer and error");
        return true;
    }
    return (subject->refuse_attempt && value_int(v[1]) == 0) ||
           (v[6].at && !json_check(v[6], &json_default_limits, &err));
}

static void add_cost(struct batch_row *batch, int64_t pico_usd) {
    batch->cost_pico_usd += pico_usd;
    if (batch->cap_pico_usd >= 0 && batch->cost_pico_usd >= batch->cap_pico_usd &&
        batch->capped_us == 0) {
        batch->capped_us = world.now_us;
    }
}

static void attempt_insert(struct subject *subject, const struct slice v[ATTEMPT_COLUMNS],
                           unsigned life, struct pg_result *result) {
    struct attempt_row *row = &subject->attempts[value_int(v[1])];
    if (row->stored) {
        tally(TALLY_KNOWN);
        return;
    }
    row->stored = true;
    row->life = life;
    row->stored_us = world.now_us;
    attempt_of(v, row);
    if (slice_is(row->attempt.error, "deadline.near")) {
        tally(TALLY_NEAR);
    } else if (slice_is(row->attempt.error, "limit.latency")) {
        tally(TALLY_LATENT);
    }
    result_key(result, v[0], v[1]);
    if (row->batch >= 0) {
        struct batch_tier *tier = batch_tier_of(row->batch, row->attempt.tier);
        tier->attempts++;
        tier->errors += row->attempt.error.at != NULL;
        tier->cost_pico_usd += row->attempt.cost_pico_usd;
        add_cost(&batches[row->batch], row->attempt.cost_pico_usd);
    }
    trace("job %u hop %u: attempt stored by life %u", subject->number, row->attempt.hop, life);
}

static bool store_attempts(const struct pg_params *params, unsigned life,
                           struct pg_result *result) {
    struct reader columns[ATTEMPT_COLUMNS];
    for (int pass = 0; pass < 2; pass++) {  // the first looks whether all can be stored
        for (int c = 0; c < ATTEMPT_COLUMNS; c++) {
            columns[c] = param_reader(params, c + 1);
        }
        while (columns[0].left > 0) {
            struct slice v[ATTEMPT_COLUMNS];
            for (int c = 0; c < ATTEMPT_COLUMNS; c++) {
                v[c] = reader_next(&columns[c]);
            }
            struct subject *subject = subject_find(v[0]);
            if (pass == 0 && attempt_refused(subject, v)) {
                return false;
            }
            if (pass == 1) {
                attempt_insert(subject, v, life, result);
            }
        }
    }
    return true;
}

// --- all

bool table_run(enum pg_statement statement, const struct pg_params *params, unsigned life,
               struct arena *arena, struct pg_result *result) {
    *result = (struct pg_result){0};
    if (statement == PG_recall) {
        recall(params, arena, result);
        return true;
    }
    if (statement == PG_tier_switch) {
        table_tier_switch(slice_is(param_text(params, 1), "mid"), arena, result);
        return true;
    }
    if (statement == PG_claim_revisions) {
        table_claim_revisions(param_int(params, 1), param_int(params, 2) * MS_US, arena, result);
        return true;
    }
    if (statement == PG_audit_verdicts) {
        table_audit_verdicts(params, (int64_t[]){param_int(params, 3), param_int(params, 5)},
                             arena, result);
        return true;
    }
    uint32_t rows = param_reader(params, 1).left;
    result->cells = arena_alloc(arena, rows * sizeof(*result->cells));
    switch ((int)statement) {
    case PG_admit:
        admit(params, life, result);
        return true;
    case PG_store_attempts:
        return store_attempts(params, life, result);
    case PG_store_shadows:
        return table_store_shadows(params);
    case PG_store_decisions:
        return table_store_decisions(params, arena, result);
    case PG_find_decisions:
        table_find_decisions(params, arena, result);
        return true;
    case PG_store_dead_letters:
        return table_store_letters(params);
    case PG_revisions_published:
        table_revisions_published(params);
        return true;
    case PG_store_audits:
        table_store_audits(params, result);
        return true;
    case PG_store_policies:
        policies_stored = true;
        return true;
    default:
        broken("the statement %s is not known here", pg_statement_name(statement));
        return true;
    }
}

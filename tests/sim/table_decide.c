// Statements of the escalator, and of letters.
#include <string.h>

#include "base/json.h"
#include "facts.h"
#include "table.h"

static struct slice keep(struct slice value) {
    return arena_slice(&world.arena, value);
}

// --- store_decisions: columns 1 to 19, inputs 20 to 22, letters 23 to 34

enum { DECISION_COLUMNS = 19, LETTERS_FROM = 23, LETTER_COLUMNS = 12 };

static bool decision_refused(const struct subject *subject,
                             const struct slice v[DECISION_COLUMNS]) {
    struct err err;
    if (subject == NULL || !v[2].at || !v[4].at || !v[10].at || !v[18].at) {
        broken("a decision without its job, tier, reasons, policy or time");
        return true;
    }
    if (!policies_stored && !slice_is(v[10], "none")) {
        broken("a decision is stored before the text of its policy");
    }
    return (subject->refuse_decision && value_int(v[1]) == 0) ||
           (v[5].at && !json_check(v[5], &json_default_limits, &err));
}

static void count_decision(const struct subject *subject, const struct decision_row *row) {
    if (row->batch < 0) {
        return;
    }
    struct batch_row *batch = &batches[row->batch];
    batch->dead -= row->final && subject->letters_counted > 0;  // a letter told of it
    struct batch_tier *tier = batch_tier_of(row->batch, row->tier);
    batch->accepted += row->verdict == VERDICT_ACCEPT;
    batch->review += row->verdict == VERDICT_REVIEW;
    batch->dead += row->verdict == VERDICT_DEAD;
    batch->expired += row->verdict == VERDICT_EXPIRED;
    batch->cancelled_jobs += row->verdict == VERDICT_CANCELLED;
    tier->accepted += row->verdict == VERDICT_ACCEPT;
    tier->escalated += row->verdict == VERDICT_ESCALATE;
    tier->ended += row->verdict != VERDICT_ACCEPT && row->verdict != VERDICT_ESCALATE;
}

static void tally_verdict(enum verdict verdict) {
    static const enum tally tallies_of[] = {
        [VERDICT_ACCEPT] = TALLY_ACCEPT,   [VERDICT_ESCALATE] = TALLY_ESCALATE,
        [VERDICT_REVIEW] = TALLY_REVIEW,   [VERDICT_DEAD] = TALLY_DEAD,
        [VERDICT_EXPIRED] = TALLY_EXPIRED, [VERDICT_CANCELLED] = TALLY_CANCELLED};
    tally(tallies_of[verdict]);
}

static void decision_insert(struct subject *subject, const struct slice v[DECISION_COLUMNS],
                            struct pg_result *result) {
    struct decision_row *row = &subject->decisions[value_int(v[1])];
    enum verdict verdict = verdict_parse(v[3]);
    bool final = verdict != VERDICT_ESCALATE;
    if (row->stored || (final && subject_outcome(subject))) {
        tally(TALLY_KNOWN_DECISIONS);
        return;
    }
    *row = (struct decision_row){
        .stored = true, .final = final, .verdict = verdict, .tier = keep(v[2]),
        .reasons = keep(v[4]), .explanation = keep(v[5]), .next_tier = keep(v[6]),
        .answer_hop = v[7].at ? (int)value_int(v[7]) : -1, .policy = keep(v[10]),
        .audit = value_int(v[16]) != 0, .cost_pico_usd = value_int(v[17]),
        .batch = batch_find(v[12]), .path = keep(v[11]), .confidence = value_real(v[8]),
        .threshold = value_real(v[9]),
    };
    result_key(result, v[0], v[1]);
    count_decision(subject, row);
    tally_verdict(verdict);
    if (verdict == VERDICT_REVIEW) {
        table_revise(subject);
    }
    table_audit_decision(subject, (unsigned)value_int(v[1]));
    trace("job %u hop %lld: %s (%.*s)", subject->number, (long long)value_int(v[1]),
          verdict_name(verdict), SLICE_ARGS(row->reasons));
}

// The record of a letter, by topic, partition and offset; its time tells one of a topic that was
// made anew since.
static struct entry *letter_entry(const struct slice place[3], struct slice recorded) {
    char name[64] = "";
    memcpy(name, place[0].at, place[0].len < sizeof(name) ? place[0].len : 0);
    struct topic *topic = topic_find(name);
    struct entry *entry =
        topic ? log_entry(&topic->logs[value_int(place[1])], value_int(place[2])) : NULL;
    if (entry && value_time(recorded) == entry->timestamp_ms) {
        return entry;
    }
    if (!(topic && topic->is_remade)) {
        broken("a letter of no record is stored");
    }
    return NULL;
}

// Was this job decided dead by this very statement?
static bool is_new_dead(struct slice id, const struct pg_result *result) {
    for (int i = 0; i < result->rows; i++) {
        const struct cell *key = result->cells[i];
        if (slice_equal(key[0].bytes, id) &&
            subject_find(id)->decisions[key[1].number].verdict == VERDICT_DEAD) {
            return true;
        }
    }
    return false;
}

static void store_decided_letters(const struct pg_params *params,
                                  const struct pg_result *result) {
    struct reader columns[LETTER_COLUMNS];
    for (int c = 0; c < LETTER_COLUMNS; c++) {
        columns[c] = param_reader(params, LETTERS_FROM + c);
    }
    while (columns[0].left > 0) {
        struct slice v[LETTER_COLUMNS];
        for (int c = 0; c < LETTER_COLUMNS; c++) {
            v[c] = reader_next(&columns[c]);
        }
        struct subject *subject = subject_find(v[0]);
        struct entry *entry = letter_entry(v + 4, v[11]);
        if (entry && !entry->letter_row && subject->letters_decided == 0 &&
            is_new_dead(v[0], result)) {
            entry->letter_row = true;
            subject->letters_decided++;
        }
    }
}

bool table_store_decisions(const struct pg_params *params, struct arena *arena,
                           struct pg_result *result) {
    struct reader columns[DECISION_COLUMNS];
    (void)arena;
    for (int pass = 0; pass < 2; pass++) {
        for (int c = 0; c < DECISION_COLUMNS; c++) {
            columns[c] = param_reader(params, c + 1);
        }
        while (columns[0].left > 0) {
            struct slice v[DECISION_COLUMNS];
            for (int c = 0; c < DECISION_COLUMNS; c++) {
                v[c] = reader_next(&columns[c]);
            }
            struct subject *subject = subject_find(v[0]);
            if (pass == 0 && decision_refused(subject, v)) {
                return false;
            }
            if (pass == 1) {
                decision_insert(subject, v, result);
            }
        }
    }
    store_decided_letters(params, result);
    return true;
}

// --- find_decisions

static struct cell cell_text(struct slice text) {
    return (struct cell){.is_null = text.at == NULL, .bytes = text};
}

void table_find_decisions(const struct pg_params *params, struct arena *arena,
                          struct pg_result *result) {
    struct reader ids = param_reader(params, 1), hops = param_reader(params, 2);
    (void)arena;
    for (int64_t n = 1; ids.left > 0; n++) {
        struct subject *subject = subject_find(reader_next(&ids));
        int64_t hop = value_int(reader_next(&hops));
        const struct decision_row *d = &subject->decisions[hop];
        if (!d->stored) {
            continue;
        }
        struct cell *row = result->cells[result->rows++];
        const struct cell cells[RESULT_COLUMNS] = {
            {.number = n}, cell_text(slice_of(verdict_name(d->verdict))), cell_text(d->reasons),
            cell_text(d->explanation), cell_text(d->next_tier),
            {.is_null = d->answer_hop < 0, .number = d->answer_hop}, {.number = d->audit},
            {.number = d->cost_pico_usd}, cell_text(d->policy), {.number = world.now_us}};
        memcpy(row, cells, sizeof(cells));
    }
}

// --- store_dead_letters: topic, partition, offset, job, batch, …, reason at 10, called hop at 14

// Of a batch's job that is told by its letter: the first one counts.
static void count_letter(struct subject *subject, struct slice batch_id) {
    int batch = batch_find(batch_id);
    bool is_first = subject->letters_counted + subject->letters_decided == 0;
    if (batch >= 0 && is_first && !subject_outcome(subject)) {
        batches[batch].dead++;
    }
    subject->letters_counted++;
}

bool table_store_letters(const struct pg_params *params) {
    enum { COLUMNS = 15 };
    struct reader columns[COLUMNS];
    for (int c = 0; c < COLUMNS; c++) {
        columns[c] = param_reader(params, c + 1);
    }
    while (columns[0].left > 0) {
        struct slice v[COLUMNS];
        for (int c = 0; c < COLUMNS; c++) {
            v[c] = reader_next(&columns[c]);
        }
        struct entry *entry = letter_entry(v, v[12]);
        struct subject *subject = subject_find(v[3]);
        if (entry == NULL || entry->letter_row) {
            continue;
        }
        entry->letter_row = entry->letter_counts = true;
        tally(TALLY_LETTERS);
        trace("%s [%d] %lld: letter stored: %.*s", entry->log->topic->name, entry->log->number,
              (long long)entry->offset, SLICE_ARGS(v[9]));
        if (subject) {
            count_letter(subject, v[4]);
            if (v[13].at) {
                subject->called_letters[value_int(v[13])] = true;
            }
        }
    }
    return true;
}

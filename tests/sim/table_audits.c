// Answers that a certificate accepted and the audit drew: what a tier or people say of them, and
// what the escalators read of that. People are quick here, too.
#include <string.h>

#include "facts.h"
#include "table.h"
#include "tally.h"

// A row of `audits` (of a tier) or `labels` (of people), in the order of its transaction.
struct word {
    const struct subject *subject;
    struct slice answer;
};

static struct word heard[SUBJECTS_MOST], said[SUBJECTS_MOST];
static unsigned heard_count, said_count;

// As in certificate.json; the tier `mid` accepts nothing.
static const struct {
    const char *tier;
    double threshold_raw;
} thresholds[] = {{"tiny", 0.9}, {"large", 0.7}};

void table_audits_begin(void) {
    heard_count = said_count = 0;
}

bool is_certified(struct slice path) {
    return slice_is(path, "certified") || slice_is(path, "watched");
}

static bool reaches(struct slice tier, double raw) {
    for (size_t i = 0; i < sizeof(thresholds) / sizeof(thresholds[0]); i++) {
        if (slice_is(tier, thresholds[i].tier)) {
            return raw >= thresholds[i].threshold_raw;
        }
    }
    return false;
}

// What the certificate alone, applied to the raw confidence, says of a new decision.
static void check_decision(const struct subject *subject, unsigned hop) {
    const struct decision_row *row = &subject->decisions[hop];
    const struct attempt *attempt = &subject->attempts[hop].attempt;
    bool reached = reaches(row->tier, attempt->confidence_raw);
    if (row->verdict == VERDICT_ACCEPT && !reached) {
        broken("job %u hop %u: accepted under a certificate with %.2f at %.*s", subject->number,
               hop, attempt->confidence_raw, SLICE_ARGS(row->tier));
    }
    if (row->verdict == VERDICT_ACCEPT && !(row->confidence >= row->threshold)) {
        broken("job %u hop %u: accepted with a confidence of %.3f, and the threshold is %.3f",
               subject->number, hop, row->confidence, row->threshold);
    }
    if (memmem(row->reasons.at, row->reasons.len, "certificate.broken", 18)) {
        tally(TALLY_DOUBTED);
    }
    if (slice_is(row->reasons, "confidence.low") && reached) {
        broken("job %u hop %u: %.2f at %.*s reaches the certificate's threshold, and was too low",
               subject->number, hop, attempt->confidence_raw, SLICE_ARGS(row->tier));
    }
}

void table_audit_decision(const struct subject *subject, unsigned hop) {
    const struct decision_row *row = &subject->decisions[hop];
    if (!is_certified(row->path)) {
        return;
    }
    check_decision(subject, hop);
    if (row->audit && !subject_is_heard(row) && chance(0.8)) {
        tally(TALLY_LABELS);
        said[said_count++] = (struct word){subject, slice_of(chance(0.5) ? "\"A\"" : "\"B\"")};
    }
}

void table_store_audits(const struct pg_params *params, struct pg_result *result) {
    struct reader ids = param_reader(params, 1), hops = param_reader(params, 2);
    while (ids.left > 0) {
        struct slice id = reader_next(&ids), hop = reader_next(&hops);
        struct subject *subject = subject_find(id);
        const struct decision_row *final = subject ? subject_outcome(subject) : NULL;
        int64_t at = value_int(hop);
        if (final == NULL || !final->audit || at != final - subject->decisions + 1 ||
            !subject->attempts[at].attempt.answer.at) {
            broken("an audit is stored of what was not drawn, or has no answer");
        } else if (subject->audits++ == 0) {
            tally(TALLY_AUDITS);
            heard[heard_count++] =
                (struct word){subject, subject->attempts[at].attempt.answer};
            result_key(result, id, hop);
        } else {
            subject->audits = 1;  // its key is the job
        }
    }
}

// --- audit_verdicts: transaction and number are the place in the list

static struct cell cell_text(struct slice text) {
    return (struct cell){.is_null = text.at == NULL, .bytes = text};
}

static void put(struct pg_result *result, int place_column, int64_t place,
                const struct word *word, struct slice version) {
    struct cell *row = result->cells[result->rows++];
    for (int i = 0; i < RESULT_COLUMNS; i++) {
        row[i] = (struct cell){.is_null = true};
    }
    row[place_column] = row[place_column + 1] = (struct cell){.number = place};
    if (word) {
        const struct decision_row *final =
            subject_outcome(subjects[word->subject->number]);
        row[4] = cell_text(final->path);
        row[5] = cell_text(version);
        row[6] = cell_text(word->answer);
        row[7] = cell_text(word->subject->attempts[final->answer_hop].attempt.answer);
    }
}

void table_audit_verdicts(const struct pg_params *params, const int64_t after[2],
                          struct arena *arena, struct pg_result *result) {
    const struct word *const lists[] = {heard, said};
    const unsigned counts[] = {heard_count, said_count};
    struct reader versions = param_reader(params, 1);
    struct slice version = reader_next(&versions);
    result->cells = arena_alloc(arena, (heard_count + said_count + 2) * sizeof(*result->cells));
    for (int l = 0; l < 2; l++) {
        for (unsigned i = (unsigned)after[l]; i < counts[l]; i++) {
            put(result, 2 * l, i + 1, &lists[l][i], version);
        }
    }
    for (int l = 0; l < 2; l++) {
        if (after[l] < counts[l]) {
            put(result, 2 * l, counts[l], NULL, version);
        }
    }
}

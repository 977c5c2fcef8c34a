// What people make of outcomes, and the statements by which the escalators publish it. The people
// of this world are quick: they speak in the moment of the decision.
#include <string.h>

#include "facts.h"
#include "table.h"
#include "tally.h"

void table_revise(struct subject *subject) {
    for (unsigned i = 0; i < REVISIONS_MOST && chance(0.5); i++) {
        subject->revisions[i] = (struct revision_row){.stored = true};
        tally(TALLY_REVISED);
    }
}

// The lowest that is not published; NULL: there is none.
static struct revision_row *next_of(struct subject *subject) {
    for (unsigned i = 0; i < REVISIONS_MOST; i++) {
        struct revision_row *row = &subject->revisions[i];
        if (row->stored && !row->published) {
            return row;
        }
    }
    return NULL;
}

bool table_has_unpublished(void) {
    for (unsigned i = 0; i < subject_count; i++) {
        if (next_of(subjects[i])) {
            return true;
        }
    }
    return false;
}

static struct cell cell_text(const char *text) {
    return (struct cell){.bytes = slice_of(text)};
}

static void put(struct pg_result *result, struct subject *subject, int64_t number) {
    const struct decision_row *final = subject_outcome(subject);
    const int64_t hop = final - subject->decisions;
    const struct cell cells[RESULT_COLUMNS] = {
        {.bytes = uuid_slice(&subject->id)}, {.number = number}, cell_text("accept"),
        cell_text("review.corrected"), cell_text("anna"), {.is_null = true}, cell_text("\"A\""),
        {.number = world.now_us / 1000}, {.number = hop + 1}, cell_text("review"),
        {.bytes = final->policy}, cell_text("path"), {.is_null = true}, {.is_null = true},
        {.is_null = true}, {.is_null = true}, {.number = final->cost_pico_usd},
        {.number = world.now_us / 1000}, {.is_null = true}, {.is_null = true}, {.is_null = true}};
    memcpy(result->cells[result->rows++], cells, sizeof(cells));
}

void table_claim_revisions(int64_t most, int64_t for_us, struct arena *arena,
                           struct pg_result *result) {
    result->cells = arena_alloc(arena, (size_t)most * sizeof(*result->cells));
    for (unsigned i = 0; i < subject_count && result->rows < most; i++) {
        struct revision_row *row = next_of(subjects[i]);
        if (row == NULL || row->claimed_until_us > world.now_us) {
            continue;
        }
        if (row->claimed_until_us > 0) {
            tally(TALLY_CLAIMED_AGAIN);
        }
        row->claimed_until_us = world.now_us + for_us;
        put(result, subjects[i], row - subjects[i]->revisions + 1);
    }
}

void table_revisions_published(const struct pg_params *params) {
    struct reader ids = param_reader(params, 1), numbers = param_reader(params, 2);
    while (ids.left > 0) {
        struct subject *subject = subject_find(reader_next(&ids));
        struct revision_row *row = &subject->revisions[value_int(reader_next(&numbers)) - 1];
        if (row->told == 0) {
            broken("job %u: a revision is marked before it is published", subject->number);
        }
        row->published = true;
    }
}

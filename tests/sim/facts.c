#include "facts.h"

#include <stdio.h>
#include <string.h>

#include "node.h"
#include "table.h"
#include "taskfit.pb-c.h"

struct subject *subjects[SUBJECTS_MOST];
unsigned subject_count;
struct batch_row batches[BATCHES_MOST];
int batch_count;
bool policies_stored;

void facts_begin(void) {
    memset(subjects, 0, sizeof(subjects));
    memset(batches, 0, sizeof(batches));
    subject_count = 0;
    batch_count = 0;
    policies_stored = false;
    table_audits_begin();
}

// The id ends with the number, so that it is found without a search.
struct subject *subject_new(void) {
    struct subject *subject = arena_zalloc(&world.arena, sizeof(*subject));
    assert(subject_count < SUBJECTS_MOST);
    subject->number = subject_count;
    subject->batch = -1;
    subject->id = uuid_v7(world_wall_ms(), &world.random);
    subject->id.bytes[UUID_BYTES - 2] = (unsigned char)(subject_count >> 8);
    subject->id.bytes[UUID_BYTES - 1] = (unsigned char)subject_count;
    subjects[subject_count++] = subject;
    return subject;
}

struct subject *subject_find(struct slice id) {
    if (id.len != UUID_BYTES) {
        return NULL;
    }
    unsigned number = (unsigned)(unsigned char)id.at[UUID_BYTES - 2] << 8 |
                      (unsigned char)id.at[UUID_BYTES - 1];
    struct subject *subject = number < subject_count ? subjects[number] : NULL;
    return subject && slice_equal(uuid_slice(&subject->id), id) ? subject : NULL;
}

const char *subject_name(const struct subject *subject) {
    static char text[16];
    if (subject == NULL) {
        return "no job";
    }
    snprintf(text, sizeof(text), "job %u", subject->number);
    return text;
}

struct visit *subject_visit(struct subject *subject, unsigned hop, unsigned life) {
    assert(hop < VISIT_HOPS);
    for (unsigned i = 0; i < subject->visit_counts[hop]; i++) {
        if (subject->visits[hop][i].life == life) {
            return &subject->visits[hop][i];
        }
    }
    assert(subject->visit_counts[hop] < VISITS_MOST);
    struct visit *visit = &subject->visits[hop][subject->visit_counts[hop]++];
    *visit = (struct visit){.life = life, .admitted_us = -1};
    return visit;
}

struct slice subject_key(const struct subject *subject) {
    static const char *const keys[] = {"", "first", "second"};
    return subject->order ? slice_of(keys[subject->order]) : uuid_slice(&subject->id);
}

struct decision_row *subject_outcome(struct subject *subject) {
    for (unsigned hop = 0; hop < VISIT_HOPS; hop++) {
        if (subject->decisions[hop].stored && subject->decisions[hop].final) {
            return &subject->decisions[hop];
        }
    }
    return NULL;
}

bool subject_is_heard(const struct decision_row *outcome) {
    return outcome->audit && slice_is(outcome->path, "certified");
}

unsigned facts_calls_in_hand(unsigned life) {
    unsigned calls = 0;
    for (unsigned i = 0; i < subject_count; i++) {
        for (unsigned hop = 0; hop < VISIT_HOPS; hop++) {
            for (unsigned v = 0; v < subjects[i]->visit_counts[hop]; v++) {
                const struct visit *visit = &subjects[i]->visits[hop][v];
                const struct attempt_row *row = &subjects[i]->attempts[hop];
                bool in_hand = visit->life == life && !(row->stored && row->life == life);
                calls += in_hand ? visit->calls : 0;
            }
        }
    }
    return calls;
}

int batch_find(struct slice id) {
    for (int i = 0; i < batch_count; i++) {
        if (slice_equal(uuid_slice(&batches[i].id), id)) {
            return i;
        }
    }
    return -1;
}

// --- what records say

static struct slice bytes_of(protobuf_c_boolean has, ProtobufCBinaryData data) {
    return has ? (struct slice){(const char *)data.data, data.len} : (struct slice){0};
}

static void *allocate(void *arena, size_t size) {
    return arena_alloc(arena, size);
}

static void release(void *arena, void *memory) {
    (void)arena;
    (void)memory;
}

static void note_job(struct entry *entry, ProtobufCAllocator *allocator) {
    Taskfit__V1__Job *m = taskfit__v1__job__unpack(allocator, entry->value.len,
                                                  (const uint8_t *)entry->value.at);
    if (m == NULL) {
        return;
    }
    entry->subject = subject_find(bytes_of(m->has_id, m->id));
    entry->hop = m->hop;
    if (entry->subject && m->hop < VISIT_HOPS) {
        entry->subject->jobs[m->hop]++;
    }
}

static void note_result(struct entry *entry, ProtobufCAllocator *allocator) {
    Taskfit__V1__Result *m = taskfit__v1__result__unpack(allocator, entry->value.len,
                                                        (const uint8_t *)entry->value.at);
    if (m == NULL || m->job == NULL) {
        return;
    }
    entry->subject = subject_find(bytes_of(m->job->has_id, m->job->id));
    entry->hop = m->job->hop;
    if (entry->subject == NULL || m->attempt == NULL) {
        return;
    }
    const struct attempt_row *row = &entry->subject->attempts[entry->hop];
    if (!row->stored) {
        broken("job %u hop %u: a result is published before its attempt is stored",
               entry->subject->number, entry->hop);
    } else if (!slice_equal(row->attempt.answer,
                            bytes_of(m->attempt->has_answer, m->attempt->answer)) ||
               row->attempt.cost_pico_usd != m->attempt->cost_pico_usd) {
        broken("job %u hop %u: the published attempt is not the stored one",
               entry->subject->number, entry->hop);
    }
    entry->subject->results[entry->hop]++;
}

static void note_revision(struct subject *subject, const Taskfit__V1__Decision *m) {
    struct revision_row *rows = subject->revisions;
    if (m->revision > REVISIONS_MOST || !rows[m->revision - 1].stored) {
        broken("job %u: revision %u is published, and there is none", subject->number,
               m->revision);
        return;
    }
    if (m->revision > 1 && rows[m->revision - 2].told == 0) {
        broken("job %u: revision %u is published before the one below", subject->number,
               m->revision);
    }
    rows[m->revision - 1].told++;
}

static void note_outcome(struct entry *entry, ProtobufCAllocator *allocator) {
    Taskfit__V1__Decision *m = taskfit__v1__decision__unpack(allocator, entry->value.len,
                                                            (const uint8_t *)entry->value.at);
    entry->subject = m ? subject_find(bytes_of(m->has_job_id, m->job_id)) : NULL;
    if (entry->subject == NULL) {
        broken("an outcome that is nobody's is published");
        return;
    }
    if (m->revision > 0) {
        note_revision(entry->subject, m);
        return;
    }
    entry->hop = m->hop;
    const struct decision_row *row = &entry->subject->decisions[m->hop];
    if (!row->stored || !row->final) {
        broken("job %u hop %u: an outcome is published before it is stored",
               entry->subject->number, m->hop);
    } else if ((int)row->verdict != (int)m->verdict || row->cost_pico_usd != m->cost_pico_usd) {
        broken("job %u hop %u: the published outcome is not the stored one",
               entry->subject->number, m->hop);
    }
    entry->subject->outcomes++;
}

static void note_letter(struct entry *entry, ProtobufCAllocator *allocator) {
    Taskfit__V1__DeadLetter *m = taskfit__v1__dead_letter__unpack(
        allocator, entry->value.len, (const uint8_t *)entry->value.at);
    struct topic *topic = m ? topic_find(m->topic) : NULL;
    struct entry *from =
        topic && m->partition < topic->log_count ? log_entry(&topic->logs[m->partition], m->offset)
                                                 : NULL;
    if (from == NULL) {
        if (topic == NULL || !topic->is_remade) {
            broken("a dead letter of nothing is published");
        }
        return;
    }
    if (!from->letter_row && !(from->subject && subject_outcome(from->subject))) {
        broken("a dead letter is published before it is stored");
    }
    if (!slice_equal(bytes_of(m->has_value, m->value), from->value) && from->subject == NULL) {
        broken("a dead letter does not hold the bytes as they came");
    }
    from->letter_sent = true;
    if (from->subject) {
        entry->subject = from->subject;
        from->subject->letters++;
    }
}

void facts_appended(struct entry *entry) {
    const char *name = entry->log->topic->name;
    ProtobufCAllocator allocator = {allocate, release, &world.arena};
    if (strstr(name, ".jobs.")) {
        note_job(entry, &allocator);
    } else if (strstr(name, ".results")) {
        note_result(entry, &allocator);
    } else if (strstr(name, ".decisions")) {
        note_outcome(entry, &allocator);
    } else {
        note_letter(entry, &allocator);
    }
}

// --- when a record is finished

static bool letter_done(const struct entry *entry) {
    return entry->letter_row && (entry->letter_sent || entry->letter_refused);
}

// What follows from a decision is in its log, or became a letter.
static const char *decision_unfinished(const struct subject *subject, unsigned hop) {
    const struct decision_row *row = &subject->decisions[hop];
    if (row->verdict == VERDICT_ESCALATE) {
        return subject->jobs[hop + 1] > 0 ? NULL : "job for the next tier";
    }
    if (row->verdict == VERDICT_DEAD && subject->letters == 0 && subject->letters_gone == 0) {
        return "letter of what was decided dead";
    }
    if (subject_is_heard(row) && subject->jobs[hop + 1] == 0) {
        return "job for the audit";
    }
    return subject->outcomes > 0 ? NULL : "published outcome";
}

// A tier's answer for the audit, of a job that has its outcome.
static const char *audit_unfinished(struct subject *subject, unsigned hop) {
    const struct decision_row *final = subject_outcome(subject);
    if (final == NULL) {
        return "decision";
    }
    bool heard = subject_is_heard(final) && hop == final - subject->decisions + 1 &&
                 subject->attempts[hop].attempt.answer.at;
    return heard && subject->audits == 0 ? "audit" : NULL;
}

const char *entry_unfinished(const struct entry *entry) {
    struct subject *subject = entry->subject;
    bool is_result = strstr(entry->log->topic->name, ".results") != NULL;
    if (letter_done(entry)) {
        return NULL;
    }
    if (subject == NULL || entry->hop >= VISIT_HOPS) {
        return "letter";
    }
    if (is_result) {
        if (subject->decisions[entry->hop].stored) {
            return decision_unfinished(subject, entry->hop);
        }
        return audit_unfinished(subject, entry->hop);
    }
    if (subject->decisions[entry->hop].stored) {
        return NULL;
    }
    if (!subject->attempts[entry->hop].stored) {
        return "attempt";
    }
    return subject->results[entry->hop] > 0 ? NULL : "published result";
}

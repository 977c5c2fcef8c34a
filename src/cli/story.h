// A job's whole story, from the database alone: what it was, each hop with its attempt and its
// decision, the outcome, dead letters.
#ifndef TASKFIT_CLI_STORY_H
#define TASKFIT_CLI_STORY_H

#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "job/job.h"

struct pg_session;

struct story_decision {
    struct slice verdict;  // absent: not decided yet
    bool final, audit;
    struct slice reasons;      // codes with commas between
    struct slice explanation;  // [{"code", "text"}]; absent: the codes say it all
    struct slice next_tier;
    int answer_hop;    // -1: none stands
    double confidence; // calibrated, that was held against the threshold; NaN: none
    double threshold;  // NaN: none
    struct slice policy;
    struct slice certificate, certificate_text;  // absent: thresholds were written by hand
    int64_t cost_pico_usd;
    int64_t decided_ms;
};

struct story_hop {
    uint32_t hop;
    struct slice tier;
    bool attempted;
    struct attempt attempt;
    struct slice worker;
    int64_t stored_ms;
    struct story_decision decision;
};

struct story_letter {
    struct slice topic, reason, text;
    int64_t partition, offset, attempts, replays;
    bool decided;
    int64_t dead_ms, replayed_ms, dropped_ms;  // 0: not
};

// What people said, and what they made of the outcome.
enum { STORY_HOPS_SHOWN = 8 };  // side by side: a path has at most 8 tiers

struct story_round {
    uint32_t round;
    struct slice why, state, reviewer, verdict, answer, note;  // absent: not yet, or none
    int answer_hop;  // -1: of the reviewer's own
    int64_t opened_ms, closed_ms;
    struct slice lease_by;  // who looks at it now; absent: nobody
    int64_t lease_until_ms;
};

struct story_revision {
    uint32_t revision;
    struct slice verdict, answer, reviewer, reasons, note;
    int answer_hop;
    bool restored;  // the fleet's outcome holds again
    int64_t revised_ms, published_ms;  // 0: not published yet
};

struct story {
    struct uuid id;
    char id_text[UUID_TEXT];
    struct slice custom_id, path, tenant, input;  // input absent: it was not kept
    struct slice attachments;  // of it, JSON without their content; absent: none
    int64_t line;
    int64_t created_ms, cancelled_ms;
    bool has_batch;
    char batch_text[UUID_TEXT];
    struct slice batch_name;
    struct story_hop *hops;
    size_t hop_count;
    struct story_letter *letters;
    size_t letter_count;
    struct story_round *rounds;
    size_t round_count;
    struct story_revision *revisions;
    size_t revision_count, shadow_count;
    struct story_shadow *shadows;  // story_shadows.h
};

// Everything lives in the arena. A job that nothing is stored of has neither hops nor letters.
bool story_read(struct pg_session *session, struct uuid job, struct arena *arena,
                struct story *story, struct err *err) MUST_CHECK;

// As people name a job: its id; BATCH/CUSTOM_ID; or a custom id of `batch` (NULL: the newest).
// EX_NOINPUT: nothing is stored of it.
bool story_find(struct pg_session *session, const char *batch, const char *name,
                struct arena *arena, struct story *story, struct err *err) MUST_CHECK;

// story_people.c: rounds and revisions.
bool story_people_read(struct pg_session *session, struct arena *arena, struct story *story,
                       struct err *err) MUST_CHECK;
// The revision that holds in place of the fleet's outcome; NULL: none does.
const struct story_revision *story_revised(const struct story *story);
struct page;
void story_people_print(struct page *page, const struct story *story);
void story_people_json(const struct story *story, struct buf *out);

// The hop whose decision is final; NULL: the job is under way, or ended as a dead letter.
const struct story_hop *story_end(const struct story *story);
// The verdict that the job ended with, a dead letter's included; absent: none yet.
struct slice story_outcome(const struct story *story);
struct slice story_outcome_tier(const struct story *story);  // "review": by people
struct slice story_answer(const struct story *story);  // that stands; absent: none does
int64_t story_cost_pico_usd(const struct story *story);  // of all attempts

void story_print(const struct story *story, FILE *out, struct arena *arena);
void story_json(const struct story *story, FILE *out);

#endif

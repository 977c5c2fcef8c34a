// A job's whole story, from the database alone: what it was, each hop with its attempt and its
// decision, the outcome, dead letters.
#ifndef TASKFIT_CLI_STORY_H
#define TASKFIT_CLI_STORY_H

#include <stdio.h>

#include "base/arena.h"
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

struct story {
    struct uuid id;
    char id_text[UUID_TEXT];
    struct slice custom_id, path, tenant, input;  // input absent: it was not kept
    int64_t line;
    int64_t created_ms, cancelled_ms;
    bool has_batch;
    char batch_text[UUID_TEXT];
    struct slice batch_name;
    struct story_hop *hops;
    size_t hop_count;
    struct story_letter *letters;
    size_t letter_count;
};

// Everything lives in the arena. A job that nothing is stored of has neither hops nor letters.
bool story_read(struct pg_session *session, struct uuid job, struct arena *arena,
                struct story *story, struct err *err) MUST_CHECK;

// The hop whose decision is final; NULL: the job is under way, or ended as a dead letter.
const struct story_hop *story_end(const struct story *story);
// The verdict that the job ended with, a dead letter's included; absent: none yet.
struct slice story_outcome(const struct story *story);
struct slice story_answer(const struct story *story);  // that stands; absent: none does
int64_t story_cost_pico_usd(const struct story *story);  // of all attempts

void story_print(const struct story *story, FILE *out, struct arena *arena);
void story_json(const struct story *story, FILE *out);

#endif

// The script over the tables of the simulation. usage: agree_tables SEED
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "facts.h"
#include "script.h"
#include "table.h"

static struct arena arena;
static struct pg_result reply;

static void open_world(void) {
    world_begin(1, false);
    world.faults = false;
    world.now_us = 1;  // 0 stands for never
    facts_begin();
    broker_begin();
    struct topic *topic = topic_add(LETTER_TOPIC, 1, true);
    for (unsigned i = 0; i < LETTERS; i++) {
        log_append(&topic->logs[0], slice_of("key"), slice_of("no job"));
    }
    for (unsigned i = 0; i < JOBS; i++) {
        subject_new()->id = job_id(i);
    }
    arena_init(&arena, &world.pool);
}

void on_batch(unsigned number, int64_t cap_pico_usd) {
    batches[number] = (struct batch_row){.id = batch_id(number), .cap_pico_usd = cap_pico_usd};
    batch_count++;
}

void on_cancel_job(unsigned number) {
    subjects[number]->cancelled = true;
}

void on_cancel_batch(unsigned number) {
    batches[number].cancelled = true;
}

bool on_statement(enum pg_statement statement, struct pg_params *params,
                  const struct pg_result **result) {
    *result = &reply;
    table_check_types(statement, params);
    return table_run(statement, params, 1, &arena, &reply);
}

void on_look_at_batch(unsigned number) {
    const struct batch_row *b = &batches[number];
    printf("batch %u: %lld %lld %lld %lld %lld, %lld\n", number, (long long)b->accepted,
           (long long)b->review, (long long)b->dead, (long long)b->expired,
           (long long)b->cancelled_jobs, (long long)b->cost_pico_usd);
    for (unsigned i = 0; i < b->tier_count; i++) {
        const struct batch_tier *t = &b->tiers[i];
        printf("tier %u %.*s: %lld %lld %lld %lld %lld, %lld\n", number, SLICE_ARGS(t->tier),
               (long long)t->attempts, (long long)t->errors, (long long)t->accepted,
               (long long)t->escalated, (long long)t->ended, (long long)t->cost_pico_usd);
    }
}

void on_look_at_letters(unsigned job) {
    printf("job %u: %s\n", job, subjects[job]->letters_decided ? "a letter of its decision" : "");
}

int main(int argc, char **argv) {
    if (argc != 2) {
        return EX_USAGE;
    }
    open_world();
    script_run(strtoull(argv[1], NULL, 10));
    if (world.is_broken) {
        fprintf(stderr, "%s\n", world.broken);
    }
    arena_fini(&arena);
    broker_end();
    bool good = !world.is_broken;
    world_end();
    return good ? EX_OK : EX_SOFTWARE;
}

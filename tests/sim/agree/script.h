// One script of statements for two databases: the tables of the simulation (on_tables.c) and a real
// server (on_server.c). Both print what came back; tests/flow/test_agree.py compares.
#ifndef TASKFIT_SIM_AGREE_H
#define TASKFIT_SIM_AGREE_H

#include "io/pg.h"

enum { JOBS = 24, HOPS = 4, BATCHES = 3, LETTERS = 60 };

#define LETTER_TOPIC "taskfit.jobs.tiny"
static const int64_t recorded_ms = 1767225600000;  // of each record of that topic

struct uuid job_id(unsigned number);
struct uuid batch_id(unsigned number);

// Statements with duplicates, conflicts and rows that are refused, as the seed says.
void script_run(uint64_t seed);

// What each of the two does in its own way.
void on_batch(unsigned number, int64_t cap_pico_usd);  // there is one; -1: without a cap
void on_cancel_job(unsigned number);
void on_cancel_batch(unsigned number);
// False: a row was refused, and nothing happened. The result lives until the next.
bool on_statement(enum pg_statement statement, struct pg_params *params,
                  const struct pg_result **result);
void on_look_at_batch(unsigned number);   // prints its counters
void on_look_at_letters(unsigned job);    // and which letters of a job are stored

#endif

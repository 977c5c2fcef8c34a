// Questions to the database, of many askers at once, over a few connections: each waits in line for
// one that is free, and is given up after some seconds without a database.
#ifndef TASKFIT_GATEWAY_ASKS_H
#define TASKFIT_GATEWAY_ASKS_H

#include "io/pg.h"

struct asks;
struct process;

struct asks *asks_open(struct process *process);
void asks_close(struct asks *asks);  // what is open is forgotten: nobody is told

// Takes what is in params and leaves it empty. done: as of pg_run, never from within this call.
void asks_put(struct asks *asks, enum pg_statement statement, struct pg_params *params,
              pg_done *done, void *owner);
// What the owner asked is not told to it any more.
void asks_forget(struct asks *asks, const void *owner);
// Returns a wait in ms; -1: none.
int64_t asks_turn(struct asks *asks, int64_t now_ms);
bool asks_reachable(const struct asks *asks);
size_t asks_open_count(const struct asks *asks);

#endif

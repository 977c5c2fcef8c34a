// What the fakes of io count, for the checks at the end of a world.
#ifndef TASKFIT_SIM_FAKES_H
#define TASKFIT_SIM_FAKES_H

#include <stdbool.h>
#include <stdint.h>

extern int64_t records_out;    // handed out by consumers, and not given back
extern int64_t sends_waiting;  // records of producers that are not yet in their log
extern int64_t memory_out;     // allocations not yet freed
extern bool database_is_away;
extern bool database_is_slow;
extern bool database_is_full;  // or read-only: it answers, and stores nothing
extern const char *model_away; // nobody is at this URL; NULL: there is somebody everywhere

void database_away(bool away);
const char *some_model(void);  // its URL

#endif

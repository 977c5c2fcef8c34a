// What a seed decides: who is there, which jobs come, and what goes wrong when.
#ifndef TASKFIT_SIM_PLAN_H
#define TASKFIT_SIM_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "broker.h"

// Lays it all out; returns the time at which faults end.
int64_t plan_world(void);
void plan_faults_end(void);
extern const char *const plan_lanes[LANES - 1];  // beside that of paths that name none
extern int plan_waiting;  // records that the producer has still to send
void plan_jobs(int64_t until_us);
void plan_faults(int64_t until_us);
// At rest: makes a log of jobs anew, and sends some more. False: not in this world.
bool plan_remake(void);
void plan_more_jobs(int64_t until_us);

#endif

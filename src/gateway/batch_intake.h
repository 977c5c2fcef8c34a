// The lines of a batch's file: looked at, one by one, then sent as jobs.
//
//     CHECKING ─┬─► MARKING → SENDING → CLOSING → over
//               └─► FAILING → over
//
// A batch is sent to its end also when it is cancelled meanwhile: then each of its jobs has an
// outcome. What is sent again after a crash has the same ids, which makes it harmless.
#ifndef TASKFIT_GATEWAY_BATCH_INTAKE_H
#define TASKFIT_GATEWAY_BATCH_INTAKE_H

#include "gateway/batch_work.h"

struct batch_intake;

struct batch_intake *batch_intake_new(const struct batch_claim *claim);
void batch_intake_free(struct batch_intake *intake);
int64_t batch_intake_turn(struct batch_intake *intake);  // a wait in ms; -1: none

#endif

// The outcomes of a batch, in the order of its lines, as an output file and an error file.
//
// Both have ids derived from the batch's: after a crash they are written anew under the same.
#ifndef TASKFIT_GATEWAY_BATCH_OUTPUT_H
#define TASKFIT_GATEWAY_BATCH_OUTPUT_H

#include "gateway/batch_work.h"

struct batch_output;

struct batch_output *batch_output_new(const struct batch_claim *claim);
void batch_output_free(struct batch_output *output);
int64_t batch_output_turn(struct batch_output *output);  // a wait in ms; -1: none

#endif

// KServe's v2, the Open Inference Protocol, as KServe, MLServer, Triton and OpenVINO speak it.
//
// Request: a text becomes a BYTES tensor of shape [1], an array of numbers an FP32 tensor of shape
// [1, n]; an object with `inputs` is a body already. The protocol has no tensor for classes or
// probabilities: the configuration names them, and the classes in the order of the probabilities.
#ifndef TASKFIT_DIALECT_KSERVE_H
#define TASKFIT_DIALECT_KSERVE_H

#include "dialect/dialect.h"

extern const struct dialect kserve_dialect;

#endif

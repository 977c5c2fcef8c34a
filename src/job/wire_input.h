// The half of job/wire.c that is a job's input with its attachments; for wire.c only.
#ifndef TASKFIT_JOB_WIRE_INPUT_H
#define TASKFIT_JOB_WIRE_INPUT_H

#include "base/arena.h"
#include "job/job.h"
#include "taskfit.pb-c.h"

static inline struct slice from_bytes(protobuf_c_boolean has, ProtobufCBinaryData data) {
    if (!has) {
        return (struct slice){0};
    }
    return (struct slice){data.data ? (const char *)data.data : "", data.len};
}

static inline ProtobufCBinaryData to_bytes(struct slice slice) {
    return (ProtobufCBinaryData){slice.len, (uint8_t *)(uintptr_t)slice.at};
}

// protobuf-c's strings are not const; none is written to.
static inline char *to_text(struct slice slice, struct arena *arena) {
    return slice.at ? arena_string(arena, slice) : NULL;
}

void wire_input_from(const Taskfit__V1__Input *message, struct arena *arena, struct job *job);
Taskfit__V1__Input *wire_input_to(const struct job *job, struct arena *arena);

#endif

// The messages of proto/taskfit.proto to and from the fleet's own structs (protobuf-c).
//
// Reading checks at the door what a stranger may have sent; what is read lives in the arena. A job
// keeps its message, so that fields this version does not know move on with it. Packing appends to
// a buffer and uses the arena for what protobuf-c wants ended by NUL.
#ifndef TASKFIT_JOB_WIRE_H
#define TASKFIT_JOB_WIRE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "job/decide.h"
#include "job/job.h"
#include "job/reason.h"

struct wire_limits {
    size_t input_bytes;
    uint32_t input_depth;
    struct attachment_limits attachments;
};

// REASON_NONE, or a MESSAGE_* reason with the particulars in *detail (arena). On a reason, what
// could still be read of the job is in it: has_id says whether its id is.
enum reason wire_job_read(struct slice bytes, const struct wire_limits *limits, struct arena *arena,
                          struct job *job, struct slice *detail);

// The tenant of a job, without reading all of it; absent: none, or these bytes are no job.
struct slice wire_job_tenant(struct slice bytes);

// A Result: the job with the attempt it came to. The input was checked by the worker, and is not
// parsed again.
enum reason wire_result_read(struct slice bytes, struct arena *arena, struct job *job,
                             struct attempt *attempt, struct slice *detail);

// A job as a producer makes it: its message is not needed.
void wire_job_pack(const struct job *job, struct arena *arena, struct buf *out);
// The message that a job came in, as it came but for the order of its fields.
void wire_job_repack(const struct job *job, struct buf *out);
void wire_result_pack(const struct job *job, const struct attempt *attempt, struct arena *arena,
                      struct buf *out);
// The job of the next hop: attempt and the reasons of decision join its trail.
void wire_next_job_pack(const struct job *job, const struct attempt *attempt,
                        const struct decision *decision, struct arena *arena, struct buf *out);

// An outcome, for the topic of decisions.
struct outcome {
    const struct job *job;
    const struct decision *decision;
    const struct attempt *answer;  // the one that stands; NULL: none does
    struct slice tier;
    uint32_t hop;
    struct slice policy;           // its version
    int64_t decided_ms;
    uint32_t revision;             // 0: the fleet's own
    struct slice reviewer, note;   // of a revision
};
void wire_outcome_pack(const struct outcome *outcome, struct arena *arena, struct buf *out);

struct dead_letter {
    struct slice topic;
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms;
    struct slice key, value;  // absent: none
    struct slice reason, text;
    uint32_t attempts;
    struct slice headers;     // as wire_header_pack made them
};
void wire_dead_letter_pack(const struct dead_letter *letter, struct arena *arena, struct buf *out);

// Appends a header to those of a record that were packed before: a message Headers.
void wire_header_pack(const char *name, struct slice value, struct buf *out);
// Tells each of them; name and value live in the arena. False: these are no headers.
bool wire_headers_read(struct slice packed, struct arena *arena,
                       void (*each)(void *owner, const char *name, struct slice value),
                       void *owner) MUST_CHECK;

#endif

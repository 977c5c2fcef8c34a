// Requests that are one job: chat completions and responses, which wait for its outcome as long as
// the configuration says, or run in the background and are asked about.
//
//     (turns before it) → sent → acknowledged → (its row) ─┬─ its outcome is looked for, many
//                                                          │  jobs to a question → reply
//                                                          └─ background: a reply at once
#ifndef TASKFIT_GATEWAY_SINGLES_H
#define TASKFIT_GATEWAY_SINGLES_H

#include <stdint.h>

struct call;
struct gateway;
struct singles;

void singles_chat(struct call *call);
void singles_response(struct call *call);
void singles_job(struct call *call);     // of the gateway's own API
void singles_get(struct call *call);     // a response that was stored
void singles_cancel(struct call *call);
void singles_delete(struct call *call);

void models_list(struct call *call);
void models_get(struct call *call);

struct singles *singles_new(struct gateway *gateway);
void singles_free(struct singles *singles);
int64_t singles_turn(struct singles *singles, int64_t now_ms);  // a wait in ms; -1: none

#endif

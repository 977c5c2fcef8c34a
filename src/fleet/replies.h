// What a reply comes to: read by the model's dialect, and accounted for.
#ifndef TASKFIT_FLEET_REPLIES_H
#define TASKFIT_FLEET_REPLIES_H

#include "fleet/hop.h"
#include "io/http.h"

struct process;

// What the dialect makes a request of.
struct request reply_request(const struct hop *hop, struct slice payload);

// Reads the reply to the hop's call; what it keeps of it is in the hop's arena. A reply that was
// paid for is in the attempt's tokens and cost, and in the model's metrics.
void reply_read(struct process *process, struct hop *hop, const struct http_reply *http,
                struct buf *scratch, struct reading *reading);

// A call that was given up for this reply: it is paid for, and held to have cost the same.
void reply_pay_twice(struct hop *hop, const struct reading *reading);

// What it says of the model, for its gate.
struct gate_reply reply_news(struct process *process, const struct hop *hop,
                             const struct http_reply *http, const struct reading *reading);

// The answer is there, and stays with the hop until its verifier has been asked about it: by a call
// like the first, with limits, tries and a key of its own. False: there is no verifier, or it has
// been asked, or the answer has not the path's form and is refused whatever it would say.
bool reply_hold(struct hop *hop, const struct reading *reading);

// Answer and confidence of a reading without an error become the attempt's; of a verifier's, the
// answer that it was asked about with the confidence that it has from it, or an error.
void reply_judge(struct hop *hop, const struct reading *reading);

#endif

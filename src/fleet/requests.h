// The request to a hop's model: what the prompt makes of the job's input, put by the dialect.
#ifndef TASKFIT_FLEET_REQUESTS_H
#define TASKFIT_FLEET_REQUESTS_H

#include "fleet/hop.h"

// Writes the body to `body`; payload is for the prompt's work. A reason with its words in the hop's
// arena: there can be none.
//
// A prompt of a job with attachments sees them in the member `attachments` of an input that is an
// object: [{"media_type", "name", "uri", "bytes"}, …], or else {"input", "attachments"}. Before a
// model whose dialect has no parts of messages they have their `content`, in base64, too.
//
// A verifier's prompt sees {"input", "answer"}, and the `attachments` beside them; without a prompt
// that is the payload.
enum reason request_make(struct hop *hop, struct buf *payload, struct buf *body,
                         struct slice *text);

// Does that need the content of attachments, all of which then must be here?
bool request_needs_content(const struct hop *hop);

// Puts the URIs of its attachments into their one form. A reason with its particulars: one is below
// no prefix of the hop's configuration.
enum reason request_check_uris(struct hop *hop, struct slice *text);

#endif

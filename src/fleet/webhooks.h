// Webhooks as the Standard Webhooks specification has them: secrets, signatures, and which URLs and
// events there may be.
//
// A secret is 32 random bytes, shown once as whsec_<base64>. It must sign, so it cannot be hashed:
// it is kept sealed with a key made of gateway.secret, which the database does not have.
#ifndef TASKFIT_FLEET_WEBHOOKS_H
#define TASKFIT_FLEET_WEBHOOKS_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/uuid.h"
#include "fleet/config.h"

// A new endpoint's or a rotated secret: its text for people, and as it is stored. Errors:
// EX_CONFIG without gateway.secret, EX_OSERR.
bool webhook_secret_make(const struct config *config, struct uuid endpoint, struct buf *text,
                         struct buf *sealed, struct err *err) MUST_CHECK;
// The key that secrets are sealed with.
void webhook_key(const char *gateway_secret, unsigned char key[SHA256_BYTES]);

// " v1,<base64>" onto the header's value; false: the secret is not of this key.
bool webhook_sign(const unsigned char key[SHA256_BYTES], struct uuid endpoint, struct slice sealed,
                  struct slice signed_text, struct buf *header) MUST_CHECK;

// Whether it is below gateway.webhooks.allow; ERR_POISON says what is.
bool webhook_url_check(const struct config_gateway *gateway, struct slice url,
                       struct err *err) MUST_CHECK;
// Types with commas between; ERR_POISON names the one that is none, and those there are.
bool webhook_events_check(struct slice events, struct err *err) MUST_CHECK;
// One that can be sent as a sample.
bool webhook_event_is(struct slice type);

#endif

// A browser's session: what POST /login gives for a key, as the text of a cookie that is signed.
//
//     <key's id>.<session's id>.<end, Unix time>.<HMAC of these>
//
// It may do what its key may, ends with it, and nobody keeps it; only those that were logged out
// before their end are kept, by all gateways (`ended_sessions`). Signed with gateway.secret, or
// with what this process drew at its start.
#ifndef TASKFIT_GATEWAY_SESSION_H
#define TASKFIT_GATEWAY_SESSION_H

#include "base/err.h"
#include "base/uuid.h"
#include "fleet/api_keys.h"

enum { SESSION_TEXT = API_KEY_ID + UUID_TEXT + 21 + SHA256_HEX };

struct session {
    char key[API_KEY_ID];
    struct uuid id;
    int64_t until_s;
};

struct sessions {
    unsigned char secret[SHA256_BYTES];
    struct uuid *ended;
    size_t ended_count;
};

// secret NULL: one is drawn. False: the system has no random numbers.
bool sessions_init(struct sessions *sessions, const char *secret) MUST_CHECK;
void sessions_fini(struct sessions *sessions);
// A result of session_list, in the place of what was there.
void sessions_read(struct sessions *sessions, const struct pg_result *result);
void sessions_end(struct sessions *sessions, struct uuid id);

bool session_begin(struct session *session, const char *key, int64_t until_s) MUST_CHECK;
void session_write(const struct sessions *sessions, const struct session *session,
                   char text[SESSION_TEXT]);
// False: it is not ours, over, or logged out.
bool session_read(const struct sessions *sessions, struct slice text, int64_t now_s,
                  struct session *session);

#endif

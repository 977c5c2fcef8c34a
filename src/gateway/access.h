// Who asks, and whether they may: by an API key, or by a browser's session.
//
// A page for people asks for a key once and sends it as POST /login {"key": "tfk_…"}, with the
// header X-Taskfit-Page: 1 that each of its requests has. The reply sets the session's cookie,
// which a script cannot read; from then on fetch() carries it by itself, and GET /v1/taskfit/me
// says whose it is, what it may do and when it ends (401: ask for a key). POST /logout ends it
// everywhere. Where there are no keys, /me says so ("open": true) and all is allowed.
//
// A cookie counts only in requests of this origin's own pages (Sec-Fetch-Site, Origin), and for
// what changes something only with that header, which no form and no page from elsewhere can send.
#ifndef TASKFIT_GATEWAY_ACCESS_H
#define TASKFIT_GATEWAY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/session.h"

struct call;
struct gateway;

struct access {
    struct sessions sessions;
    struct api_keys keys;
    bool loading;
    int64_t load_ms;  // when keys and sessions are looked at again
};

bool access_open(struct gateway *gateway, struct err *err) MUST_CHECK;
void access_close(struct gateway *gateway);
void access_turn(struct gateway *gateway, int64_t now_ms);

// Fills what the call says of its key; false: it has replied.
bool access_admit(struct call *call);

void access_login(struct call *call);
void access_logout(struct call *call);
void access_me(struct call *call);

#endif

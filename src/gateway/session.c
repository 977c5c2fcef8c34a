#include "gateway/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hmac.h"
#include "base/mem.h"

static bool draw(void *bytes, size_t size) {
    return getrandom(bytes, size, 0) == (ssize_t)size;
}

static void sign(struct slice key, struct slice text, unsigned char digest[SHA256_BYTES]) {
    struct hmac hmac;
    hmac_init(&hmac, key);
    hmac_update(&hmac, text);
    hmac_final(&hmac, digest);
}

// What sessions are signed with is not the secret itself, which other things are made of too.
bool sessions_init(struct sessions *sessions, const char *secret) {
    *sessions = (struct sessions){0};
    if (secret == NULL) {
        return draw(sessions->secret, sizeof(sessions->secret));
    }
    sign(slice_of(secret), slice_of("sessions"), sessions->secret);
    return true;
}

void sessions_fini(struct sessions *sessions) {
    mem_free(sessions->ended);
    *sessions = (struct sessions){0};
}

void sessions_read(struct sessions *sessions, const struct pg_result *result) {
    mem_free(sessions->ended);
    sessions->ended_count = (size_t)pg_rows(result);
    sessions->ended = mem_array(sessions->ended_count + 1, sizeof(*sessions->ended));
    for (size_t i = 0; i < sessions->ended_count; i++) {
        sessions->ended[i] = pg_get_uuid(result, (int)i, 0);
    }
}

void sessions_end(struct sessions *sessions, struct uuid id) {
    size_t size = (sessions->ended_count + 1) * sizeof(*sessions->ended);
    sessions->ended = mem_realloc(sessions->ended, size);
    sessions->ended[sessions->ended_count++] = id;
}

bool session_begin(struct session *session, const char *key, int64_t until_s) {
    snprintf(session->key, sizeof(session->key), "%s", key);
    session->until_s = until_s;
    return draw(&session->id, sizeof(session->id));
}

void session_write(const struct sessions *sessions, const struct session *session,
                   char text[SESSION_TEXT]) {
    unsigned char digest[SHA256_BYTES];
    char id[UUID_TEXT];
    uuid_format(session->id, id);
    snprintf(text, SESSION_TEXT, "%s.%s.%" PRId64 ".", session->key, id, session->until_s);
    size_t len = strlen(text);
    sign((struct slice){(const char *)sessions->secret, SHA256_BYTES}, (struct slice){text, len},
         digest);
    sha256_to_hex(digest, text + len);
}

static bool is_ended(const struct sessions *sessions, struct uuid id) {
    for (size_t i = 0; i < sessions->ended_count; i++) {
        if (uuid_equal(sessions->ended[i], id)) {
            return true;
        }
    }
    return false;
}

// What it says is written anew and must come to the same text: so no other form of it is taken.
bool session_read(const struct sessions *sessions, struct slice text, int64_t now_s,
                  struct session *session) {
    enum { AT_ID = API_KEY_ID, AT_END = AT_ID + UUID_TEXT };
    char given[SESSION_TEXT], again[SESSION_TEXT];
    if (text.len <= AT_END || text.len >= SESSION_TEXT) {
        return false;
    }
    snprintf(given, sizeof(given), "%.*s", SLICE_ARGS(text));
    memcpy(session->key, given, API_KEY_ID - 1);
    session->key[API_KEY_ID - 1] = '\0';
    session->until_s = strtoll(given + AT_END, NULL, 10);
    if (!uuid_parse((struct slice){given + AT_ID, UUID_TEXT - 1}, &session->id)) {
        return false;
    }
    session_write(sessions, session, again);
    return strlen(again) == text.len && hmac_equal(again, given, text.len) &&
           session->until_s > now_s && !is_ended(sessions, session->id);
}

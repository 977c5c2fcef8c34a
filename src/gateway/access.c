#include "gateway/access.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>
#include <sysexits.h>

#include "base/json_out.h"
#include "gateway/call.h"
#include "io/loop.h"
#include "io/pg_session.h"

enum { LOAD_MS = 2000, COOKIE_TEXT = SESSION_TEXT + 128 };

static const char page_header[] = "X-Taskfit-Page";

// --- keys and ended sessions, as the database has them

// At the start: what keys there are decides where it may listen.
bool access_open(struct gateway *gateway, struct err *err) {
    const struct process *process = gateway->process;
    struct access *access = &gateway->access;
    const struct pg_result *result;
    struct pg_session *session;
    if (!sessions_init(&access->sessions, gateway->settings->secret)) {
        return err_exit(err, EX_OSERR, "no random numbers from the system");
    }
    if (!pg_session_open(&session, process->config->database_url, process->program, err)) {
        return false;
    }
    bool ok = pg_session_run(session, PG_key_list, NULL, &result, err);
    if (ok) {
        api_keys_read(&access->keys, result);
        ok = pg_session_run(session, PG_session_list, NULL, &result, err);
    }
    if (ok) {
        sessions_read(&access->sessions, result);
    }
    pg_session_close(session);
    return ok;
}

void access_close(struct gateway *gateway) {
    api_keys_fini(&gateway->access.keys);
    sessions_fini(&gateway->access.sessions);
}

// A database that is away leaves those that were known; so does one that has lost its keys, or a
// gateway that listens to other machines would be open to them.
static void on_keys(void *owner, const struct pg_result *result, const struct err *err) {
    struct gateway *gateway = owner;
    (void)err;
    gateway->access.loading = false;
    if (result && (pg_rows(result) > 0 || gateway->access.keys.made == 0)) {
        api_keys_read(&gateway->access.keys, result);
    }
}

static void on_sessions(void *owner, const struct pg_result *result, const struct err *err) {
    struct gateway *gateway = owner;
    (void)err;
    if (result) {
        sessions_read(&gateway->access.sessions, result);
    }
}

void access_turn(struct gateway *gateway, int64_t now_ms) {
    struct pg_params params = {0};
    struct access *access = &gateway->access;
    if (access->loading || gateway->draining || now_ms < access->load_ms) {
        return;
    }
    access->loading = true;
    access->load_ms = now_ms + LOAD_MS;
    asks_put(gateway->asks, PG_key_list, &params, on_keys, gateway);
    asks_put(gateway->asks, PG_session_list, &params, on_sessions, gateway);
}

// --- the session's cookie

// With TLS its name has a beginning for which browsers demand that nobody else could have set it.
static const char *cookie_name(const struct call *call) {
    return call->gateway->settings->tls.cert_file ? "__Host-taskfit_session" : "taskfit_session";
}

static int64_t wall_s(const struct call *call) {
    return loop_wall_ms(call->gateway->process->loop) / 1000;
}

static void set_cookie(struct call *call, const char *value, int64_t seconds) {
    char text[COOKIE_TEXT];
    snprintf(text, sizeof(text), "%s=%s; Path=/; Max-Age=%" PRId64 "; HttpOnly; SameSite=Strict%s",
             cookie_name(call), value, seconds,
             call->gateway->settings->tls.cert_file ? "; Secure" : "");
    call_field(call, "Set-Cookie", slice_of(text));
}

// Whether a browser says that a page of this origin asks.
static bool is_own_page(const struct call *call) {
    const char *site = httpd_header(call->request, "Sec-Fetch-Site");
    const char *origin = httpd_header(call->request, "Origin");
    const char *host = httpd_header(call->request, "Host");
    const char *from = origin ? strstr(origin, "://") : NULL;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) {
        return false;
    }
    return origin == NULL || (from && host && strcasecmp(from + 3, host) == 0);
}

static bool may_change(const struct call *call) {
    return strcmp(call->route->method, "GET") == 0 ||
           httpd_header(call->request, page_header) != NULL;
}

static const struct api_key *session_key(struct call *call, struct session *session) {
    const struct access *access = &call->gateway->access;
    const char *cookie = httpd_cookie(call->request, cookie_name(call));
    if (cookie == NULL ||
        !session_read(&access->sessions, slice_of(cookie), wall_s(call), session)) {
        return NULL;
    }
    return api_keys_by_id(&access->keys, session->key);
}

// --- admission

static bool refuse_key(struct call *call, const char *what) {
    call_fail(call, &(struct call_fault){.status = 401, .code = "invalid_api_key"},
              "%s; send 'Authorization: Bearer <key>', with one of `taskfit key add`", what);
    return false;
}

static bool refuse_page(struct call *call) {
    call_fail(call, &(struct call_fault){.status = 403, .code = "cross_site"},
              "a session, or a gateway without keys, is for pages of this origin; what a session "
              "changes also needs the header %s",
              page_header);
    return false;
}

// NULL: it has replied.
static const struct api_key *given_key(struct call *call) {
    static const char scheme[] = "Bearer ";
    const char *given = httpd_header(call->request, "Authorization");
    struct session session;
    if (given && strncasecmp(given, scheme, sizeof(scheme) - 1) == 0) {
        const struct api_key *key =
            api_keys_find(&call->gateway->access.keys, slice_of(given + sizeof(scheme) - 1));
        if (key == NULL) {
            refuse_key(call, "this API key is not known here, or was revoked");
        }
        return key;
    }
    const struct api_key *key = session_key(call, &session);
    if (key == NULL) {
        refuse_key(call, "no API key was given");
    } else if (!is_own_page(call) || !may_change(call)) {
        refuse_page(call);
        key = NULL;
    }
    call->until_s = key ? session.until_s : 0;
    return key;
}

static void name_key(struct call *call, const struct api_key *key) {
    call->tenant = arena_slice(&call->arena, slice_of(key->tenant));
    call->key = arena_slice(&call->arena, slice_of(key->id));
    call->scopes = key->scopes;
}

// While there never was a key, whoever can reach the loopback may do everything, but for pages from
// elsewhere in a browser on this machine.
bool access_admit(struct call *call) {
    call->tenant = slice_of("");
    if (call->gateway->access.keys.made == 0 || call->route->scope == 0) {
        call->scopes = ~0U;
        return call->route->scope == 0 || is_own_page(call) || refuse_page(call);
    }
    const struct api_key *key = given_key(call);
    if (key == NULL) {
        return false;
    }
    name_key(call, key);
    if (key->scopes & (call->route->scope | SCOPE_ADMIN)) {
        return quota_admit(call, key);
    }
    call_fail(call, &(struct call_fault){.status = 403, .code = "insufficient_scope"},
              "this API key's scopes do not allow %s %s", call->route->method, call->route->path);
    return false;
}

// --- routes

static void reply_who(struct call *call, const struct api_key *key, int64_t until_s) {
    struct buf body = {0}, scopes = {0};
    api_scopes_write(key ? key->scopes : ~0U, &scopes);
    buf_char(&body, '{');
    json_bool(&body, "open", key == NULL);
    json_text(&body, "key_id", slice_of(key ? key->id : NULL));
    json_text(&body, "tenant", slice_of(key ? key->tenant : ""));
    json_codes(&body, "scopes", buf_slice(&scopes));
    json_time(&body, "until", until_s * 1000);
    buf_char(&body, '}');
    call_reply(call, 200, &body);
    buf_fini(&scopes);
    buf_fini(&body);
}

void access_me(struct call *call) {
    const struct api_keys *keys = &call->gateway->access.keys;
    char id[API_KEY_ID];
    snprintf(id, sizeof(id), "%.*s", SLICE_ARGS(call->key));
    reply_who(call, call->key.at ? api_keys_by_id(keys, id) : NULL, call->until_s);
}

void access_login(struct call *call) {
    const struct access *access = &call->gateway->access;
    struct slice text;
    struct session session;
    char cookie[SESSION_TEXT];
    if (!is_own_page(call) || !may_change(call)) {
        refuse_page(call);
        return;
    }
    if (!call_text(call, "key", true, &text)) {
        return;
    }
    const struct api_key *key = api_keys_find(&access->keys, text);
    if (key == NULL) {
        refuse_key(call, "this API key is not known here, or was revoked");
        return;
    }
    name_key(call, key);
    int64_t seconds = call->gateway->settings->session_ms / 1000;
    if (!session_begin(&session, key->id, wall_s(call) + seconds)) {
        call_fail(call, &(struct call_fault){.status = 500, .code = "internal_error"},
                  "no random numbers from the system");
        return;
    }
    session_write(&access->sessions, &session, cookie);
    set_cookie(call, cookie, seconds);
    reply_who(call, key, session.until_s);
}

static void on_logged_out(void *owner, const struct pg_result *result, const struct err *err) {
    struct call *call = owner;
    struct buf body = {0};
    if (result == NULL) {
        call_fail_err(call, err);
        return;
    }
    buf_text(&body, "{\"logged_out\":true}");
    set_cookie(call, "", 0);
    call_reply(call, 200, &body);
    buf_fini(&body);
}

void access_logout(struct call *call) {
    struct access *access = &call->gateway->access;
    struct pg_params params = {0};
    struct session session;
    if (!is_own_page(call) || !may_change(call)) {
        refuse_page(call);
        return;
    }
    const struct api_key *key = session_key(call, &session);
    if (key == NULL) {
        refuse_key(call, "there is no session");
        return;
    }
    name_key(call, key);
    sessions_end(&access->sessions, session.id);
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, session.id);
    pg_scalar(&params, PG_TIMESTAMPTZ);
    pg_time(&params, session.until_s * 1000);
    asks_put(call->gateway->asks, PG_session_end, &params, on_logged_out, call);
}

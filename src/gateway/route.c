#include "gateway/route.h"

#include "fleet/api_keys.h"
#include "gateway/access.h"
#include "gateway/batches.h"
#include "gateway/dashboard.h"
#include "gateway/desk.h"
#include "gateway/files.h"
#include "gateway/hooks.h"
#include "gateway/own.h"
#include "gateway/singles.h"
#include "gateway/talks.h"
#include "gateway/upload.h"
#include "gateway/watch.h"

// clang-format off
#define HOOK "/v1/webhook_endpoints/{}"
static const struct route routes[] = {
    {"POST",   "/v1/files",                NULL,     BODY_UPLOAD, SCOPE_SUBMIT, upload_handle},
    {"GET",    "/v1/files",                NULL,     BODY_NONE,   SCOPE_READ,   files_list},
    {"GET",    "/v1/files/{}",             "file-",  BODY_NONE,   SCOPE_READ,   files_get},
    {"GET",    "/v1/files/{}/content",     "file-",  BODY_NONE,   SCOPE_READ,   files_content},
    {"DELETE", "/v1/files/{}",             "file-",  BODY_NONE,   SCOPE_SUBMIT, files_delete},
    {"POST",   "/v1/batches",              NULL,     BODY_JSON,   SCOPE_SUBMIT, batches_create},
    {"GET",    "/v1/batches",              NULL,     BODY_NONE,   SCOPE_READ,   batches_list},
    {"GET",    "/v1/batches/{}",           "batch_", BODY_NONE,   SCOPE_READ,   batches_get},
    {"POST",   "/v1/batches/{}/cancel",    "batch_", BODY_NONE,   SCOPE_SUBMIT, batches_cancel},
    {"GET",    "/v1/models",               NULL,     BODY_NONE,   SCOPE_READ,   models_list},
    {"GET",    "/v1/models/{}",            NULL,     BODY_NONE,   SCOPE_READ,   models_get},
    {"POST",   "/v1/chat/completions",     NULL,     BODY_JSON,   SCOPE_SUBMIT, singles_chat},
    {"POST",   "/v1/responses",            NULL,     BODY_JSON,   SCOPE_SUBMIT, singles_response},
    {"GET",    "/v1/responses/{}",         "resp_",  BODY_NONE,   SCOPE_READ,   singles_get},
    {"POST",   "/v1/responses/{}/cancel",  "resp_",  BODY_NONE,   SCOPE_SUBMIT, singles_cancel},
    {"DELETE", "/v1/responses/{}",         "resp_",  BODY_NONE,   SCOPE_SUBMIT, singles_delete},
    {"POST",   "/v1/conversations",        NULL,     BODY_JSON,   SCOPE_SUBMIT, talks_create},
    {"GET",    "/v1/conversations/{}",     "conv_",  BODY_NONE,   SCOPE_READ,   talks_get},
    {"POST",   "/v1/conversations/{}",     "conv_",  BODY_JSON,   SCOPE_SUBMIT, talks_set},
    {"DELETE", "/v1/conversations/{}",     "conv_",  BODY_NONE,   SCOPE_SUBMIT, talks_delete},
    {"GET",    "/v1/conversations/{}/items", "conv_", BODY_NONE,  SCOPE_READ,   talks_items},
    {"POST",   "/v1/conversations/{}/items", "conv_", BODY_JSON,  SCOPE_SUBMIT, talks_add},
    {"POST",   "/v1/taskfit/jobs",         NULL,     BODY_JSON,   SCOPE_SUBMIT, singles_job},
    {"GET",    "/v1/taskfit/jobs/{}",      "",       BODY_NONE,   SCOPE_READ,   own_job},
    {"GET",    "/v1/taskfit/overview",     NULL,     BODY_NONE,   SCOPE_READ,   own_overview},
    {"GET",    "/v1/taskfit/paths",        NULL,     BODY_NONE,   SCOPE_READ,   own_paths},
    {"GET",    "/v1/taskfit/batches/{}",   "",       BODY_NONE,   SCOPE_READ,   own_batch},
    {"GET",    "/v1/taskfit/events",       NULL,     BODY_NONE,   SCOPE_READ,   watch_begin},
    {"GET",    "/v1/taskfit/jobs/{}/attachment", "", BODY_NONE,   SCOPE_REVIEW, desk_attachment},
    {"GET",    "/v1/taskfit/reviews",      NULL,     BODY_NONE,   SCOPE_REVIEW, desk_list},
    {"POST",   "/v1/taskfit/reviews/next", NULL,     BODY_JSON,   SCOPE_REVIEW, desk_next},
    {"POST",   "/v1/taskfit/reviews/{}/lease",   "", BODY_JSON,   SCOPE_REVIEW, desk_lease},
    {"POST",   "/v1/taskfit/reviews/{}/answer",  "", BODY_JSON,   SCOPE_REVIEW, desk_answer},
    {"POST",   "/v1/taskfit/reviews/{}/skip",    "", BODY_JSON,   SCOPE_REVIEW, desk_skip},
    {"POST",   "/v1/taskfit/reviews/{}/release", "", BODY_JSON,   SCOPE_REVIEW, desk_release},
    {"POST",   "/v1/taskfit/reviews/{}/undo",    "", BODY_JSON,   SCOPE_REVIEW, desk_undo},
    {"GET",    "/v1/taskfit/me",           NULL,     BODY_NONE,   ~0U,          access_me},
    {"POST",   "/v1/webhook_endpoints",    NULL,     BODY_JSON,   SCOPE_ADMIN,  hooks_create},
    {"GET",    "/v1/webhook_endpoints",    NULL,     BODY_NONE,   SCOPE_ADMIN,  hooks_list},
    {"GET",    HOOK,                   "we_",    BODY_NONE,   SCOPE_ADMIN,  hooks_get},
    {"DELETE", HOOK,                   "we_",    BODY_NONE,   SCOPE_ADMIN,  hooks_delete},
    {"POST",   HOOK "/rotate_secret",      "we_",    BODY_JSON,   SCOPE_ADMIN,  hooks_rotate},
    {"POST",   HOOK "/test",               "we_",    BODY_JSON,   SCOPE_ADMIN,  hooks_test},
    {"GET",    HOOK "/deliveries",         "we_",    BODY_NONE,   SCOPE_ADMIN,  hooks_deliveries},
    {"POST",   HOOK "/replay",             "we_",    BODY_JSON,   SCOPE_ADMIN,  hooks_replay},
    {"POST",   "/login",                   NULL,     BODY_JSON,   0,            access_login},
    {"POST",   "/logout",                  NULL,     BODY_NONE,   0,            access_logout},
    {"GET",    "/",                        NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/dashboard.css",           NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/dashboard.js",            NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/dashboard_rows.js",       NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/openapi.json",            NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/review",                  NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/review.css",              NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/review.js",               NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/review_form.js",          NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/page.css",                NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/page.js",                 NULL,     BODY_NONE,   0,            dashboard_get},
    {"GET",    "/v1/taskfit/batches/{}/outcomes", "", BODY_NONE,  SCOPE_READ,   own_outcomes},
};
// clang-format on

// Compares a path with a pattern; *id is the segment that stands for {}.
static bool matches(const char *pattern, const char *path, struct slice *id) {
    const char *hole = strstr(pattern, "{}");
    *id = (struct slice){0};
    if (hole == NULL) {
        return strcmp(pattern, path) == 0;
    }
    size_t before = (size_t)(hole - pattern);
    if (strncmp(pattern, path, before) != 0) {
        return false;
    }
    *id = (struct slice){path + before, strcspn(path + before, "/")};
    return id->len > 0 && strcmp(hole + 2, id->at + id->len) == 0;
}

enum route_step route_find(const char *method, const char *path, const struct route **route,
                           struct slice *id) {
    enum route_step step = ROUTE_NO_PATH;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (!matches(routes[i].path, path, id)) {
            continue;
        }
        if (strcmp(routes[i].method, method) == 0) {
            *route = &routes[i];
            return ROUTE_FOUND;
        }
        step = ROUTE_NO_METHOD;
    }
    return step;
}

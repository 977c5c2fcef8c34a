// One request of the API, from its head to its reply, and how handlers answer.
//
//     head: route, limits → body → handler → (database, disk, brokers) → reply → freed
#ifndef TASKFIT_GATEWAY_CALL_H
#define TASKFIT_GATEWAY_CALL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/list.h"
#include "gateway/frame.h"
#include "gateway/route.h"
#include "io/httpd.h"

enum { CALL_FIELDS = 16 };

struct call {
    struct gateway *gateway;
    struct httpd_request *request;
    const struct route *route;
    struct uuid id;        // x-request-id
    struct uuid subject;   // what the path names by its id; nil: nothing
    struct slice name;     // or by a name
    struct slice tenant;
    struct slice key;      // the id of the API key it came with; absent: there are none
    unsigned scopes;       // of that
    struct slice made;     // the id of what it made
    int64_t until_s;       // the end of the session it came with; 0: none
    int64_t began_ms;
    struct buf body;       // of BODY_JSON
    struct json json;      // that, parsed
    struct arena arena;    // of the call
    size_t node_bytes;     // of what is parsed, in it
    int64_t limit;         // of a page
    int64_t after, last;   // of a page of lines
    int file;              // the reply's body; httpd's from then on
    int64_t file_bytes;
    int status;            // of the reply; 0: none was given
    struct httpd_field fields[CALL_FIELDS];  // of the reply
    size_t field_count;
    void *own;             // the handler's
    void (*free_own)(void *own);
};

// The events of httpd; owner: the gateway.
void call_begun(void *owner, struct httpd_request *request);
void call_piece(void *owner, struct httpd_request *request, struct slice piece);
void call_whole(void *owner, struct httpd_request *request);
void call_gone(void *owner, struct httpd_request *request);

// --- replies; a call gets one

void call_reply(struct call *call, int status, const struct buf *json);
void call_field(struct call *call, const char *name, struct slice value);  // for the reply's head
void call_reply_events(struct call *call, const struct buf *events);  // all of them
// Events that come with time: what is put to call->request follows.
void call_stream(struct call *call);
// A page for people; it may load nothing from elsewhere and run no code but the gateway's own.
void call_reply_page(struct call *call, const char *type, struct slice text);
// Bytes of strangers: in a browser they are shown alone, and nothing in them runs.
void call_reply_bytes(struct call *call, const char *type, struct slice bytes);
// NDJSON of a page of lines; X-Next-After says where the next page begins, if there is one.
void call_reply_lines(struct call *call, const struct buf *lines);
void call_reply_file(struct call *call, int fd, int64_t bytes);
// A page of a list: of the first call->limit rows, whose ids (column 0) have that prefix; one row
// more says that there is more.
void call_reply_list(struct call *call, const struct pg_result *result, const char *prefix,
                     void (*write)(struct buf *out, const struct pg_result *result, int row));

// {"id", "object", "deleted": true} of what the path names.
void call_reply_deleted(struct call *call, const char *prefix, const char *object);

// OpenAI's shape of an error; code and param NULL: null.
struct call_fault {
    int status;
    const char *code, *param;
    int retry_after_s;  // 0: not said
    bool final;         // a client shall not try again by itself, whatever the status says
};
void call_fail(struct call *call, const struct call_fault *fault, const char *format, ...)
    FORMAT(3, 4);
// By an error of the database, the disk or the brokers.
void call_fail_err(struct call *call, const struct err *err);
void call_not_found(struct call *call, const char *what, const char *param);

// Asks by tenant ($1) and by the id of the path ($2); done's owner is the call.
void call_ask(struct call *call, enum pg_statement statement, pg_done *done);

// --- what a request says; each of these has replied when it returns false

// A member of the body: a text that is not empty. required false: *text may stay absent.
bool call_text(struct call *call, const char *key, bool required, struct slice *text);
// metadata of the body, as the API allows it; {} where there is none.
bool call_metadata(struct call *call, struct slice *metadata);
// limit=… of the query, 1 to most.
bool call_limit(struct call *call, int64_t usual, int64_t most, int64_t *limit);
// after=… of the query, an id with that prefix; *found false: none is given.
bool call_after(struct call *call, const char *prefix, struct uuid *after, bool *found);

// --- ids: prefix and UUID

bool call_id_parse(struct slice text, const char *prefix, struct uuid *id);
void call_id(struct buf *out, const char *key, const char *prefix, struct uuid id);  // nil: null

#endif

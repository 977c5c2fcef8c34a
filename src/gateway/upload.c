#include "gateway/upload.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/line.h"
#include "base/mem.h"
#include "gateway/call.h"
#include "gateway/files.h"
#include "gateway/multipart.h"
#include "io/loop.h"

enum { FIELD_BYTES = 64, NAME_BYTES = 255, EXPIRES_LEAST_S = 3600, EXPIRES_MOST_S = 2592000 };

enum field { FIELD_OTHER, FIELD_FILE, FIELD_PURPOSE, FIELD_SECONDS };

struct upload {
    struct call *call;
    struct multipart multipart;
    struct folder_draft draft;
    enum field field;  // of the part that comes now
    bool has_file;
    struct slice name;
    char purpose[FIELD_BYTES], seconds[FIELD_BYTES];
};

static void refuse(struct upload *upload, const char *param, const char *what) {
    call_fail(upload->call,
              &(struct call_fault){.status = 400, .code = "invalid_value", .param = param}, "%s",
              what);
}

static void on_part(void *owner, const char *name, const char *file_name) {
    struct upload *upload = owner;
    struct call *call = upload->call;
    struct process *process = call->gateway->process;
    struct err err;
    upload->field = strcmp(name, "file") == 0      ? FIELD_FILE
                    : strcmp(name, "purpose") == 0 ? FIELD_PURPOSE
                    : strcmp(name, "expires_after[seconds]") == 0 ? FIELD_SECONDS
                                                                  : FIELD_OTHER;
    if (upload->field != FIELD_FILE || call->status) {
        return;
    }
    if (upload->has_file) {
        refuse(upload, "file", "there are two files");
        return;
    }
    upload->has_file = true;
    upload->name = line_of(slice_of(*file_name ? file_name : "upload"), NAME_BYTES, &call->arena);
    struct uuid id = uuid_v7(loop_wall_ms(process->loop), &process->random);
    if (!folder_begin(&upload->draft, call->gateway->folder, id, &err)) {
        call_fail_err(call, &err);
    }
}

static void add_text(char text[FIELD_BYTES], struct slice bytes) {
    size_t len = strlen(text);
    size_t take = bytes.len < FIELD_BYTES - 1 - len ? bytes.len : FIELD_BYTES - 1 - len;
    memcpy(text + len, bytes.at, take);
    text[len + take] = '\0';
}

static void on_bytes(void *owner, struct slice bytes) {
    struct upload *upload = owner;
    struct call *call = upload->call;
    int64_t most = call->gateway->settings->file_bytes;
    struct err err;
    if (call->status) {
        return;
    }
    if (upload->field == FIELD_PURPOSE) {
        add_text(upload->purpose, bytes);
    } else if (upload->field == FIELD_SECONDS) {
        add_text(upload->seconds, bytes);
    } else if (upload->field == FIELD_FILE) {
        if (upload->draft.bytes + (int64_t)bytes.len > most) {
            call_fail(call, &(struct call_fault){413, "file_too_large", "file", 0, false},
                      "a file of more than %" PRId64 " bytes", most);
        } else if (!folder_write(&upload->draft, bytes, &err)) {
            call_fail_err(call, &err);
        }
    }
}

static void upload_free(void *own) {
    struct upload *upload = own;
    folder_forget(&upload->draft);
    multipart_fini(&upload->multipart);
    mem_free(upload);
}

void upload_begin(struct call *call) {
    static const struct multipart_events events = {on_part, on_bytes};
    struct upload *upload = mem_zalloc(sizeof(*upload));
    upload->call = call;
    upload->draft.fd = -1;
    call->own = upload;
    call->free_own = upload_free;
    if (!multipart_init(&upload->multipart, httpd_header(call->request, "Content-Type"), &events,
                        upload)) {
        refuse(upload, NULL, "the body must be multipart/form-data, with a boundary");
    }
}

void upload_piece(struct call *call, struct slice piece) {
    struct upload *upload = call->own;
    multipart_put(&upload->multipart, piece);
}

// --- when all of it is there

static void on_added(void *owner, const struct pg_result *result, const struct err *err) {
    struct upload *upload = owner;
    struct call *call = upload->call;
    struct buf body = {0};
    if (result == NULL) {
        folder_delete(call->gateway->folder, upload->draft.id);
        call_fail_err(call, err);
        return;
    }
    files_write(&body, result, 0);
    call_reply(call, 200, &body);
    buf_fini(&body);
}

static void on_stored(void *owner, const struct err *err) {
    struct upload *upload = owner;
    struct call *call = upload->call;
    struct pg_params params = {0};
    if (err) {
        call_fail_err(call, err);
        return;
    }
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, upload->draft.id);
    const struct slice texts[] = {call->tenant, upload->name, slice_of(upload->purpose)};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        pg_scalar(&params, PG_TEXT);
        pg_slice(&params, texts[i]);
    }
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, upload->draft.bytes);
    pg_scalar(&params, PG_INT8);
    if (upload->seconds[0]) {
        pg_int8(&params, 1000 * strtoll(upload->seconds, NULL, 10));
    }
    asks_put(call->gateway->asks, PG_file_add, &params, on_added, upload);
}

static bool seconds_are_good(const char *text) {
    char *end;
    long long seconds = strtoll(text, &end, 10);
    return *text == '\0' ||
           (*end == '\0' && seconds >= EXPIRES_LEAST_S && seconds <= EXPIRES_MOST_S);
}

void upload_handle(struct call *call) {
    struct upload *upload = call->own;
    const char *wrong = multipart_end(&upload->multipart);
    if (wrong) {
        refuse(upload, NULL, wrong);
    } else if (!upload->has_file) {
        refuse(upload, "file", "there is no file");
    } else if (strcmp(upload->purpose, "batch") != 0) {
        refuse(upload, "purpose", "the only purpose here is 'batch'");
    } else if (!seconds_are_good(upload->seconds)) {
        refuse(upload, "expires_after", "'expires_after[seconds]' is a number from 3600 to "
                                        "2592000");
    } else {
        folder_end(&upload->draft, on_stored, upload);
    }
}

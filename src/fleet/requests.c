#include "fleet/requests.h"

#include "fleet/models.h"
#include "fleet/replies.h"
#include "io/jq.h"
#include "job/uri.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Where the last member of an object ends; 0: it is no object.
static size_t object_end(struct slice json, bool *empty) {
    size_t first = 0, last = json.len;
    while (last > 0 && is_space(json.at[last - 1])) {
        last--;
    }
    while (first < last && is_space(json.at[first])) {
        first++;
    }
    if (first == last || json.at[first] != '{') {
        return 0;
    }
    size_t second = first + 1;
    while (is_space(json.at[second])) {
        second++;
    }
    *empty = second == last - 1;
    return last - 1;
}

// The member comes last, where it is the one that jq takes.
static void write_input(const struct hop *hop, bool content, struct buf *out) {
    struct slice input = hop->job.input;
    bool empty;
    size_t end = object_end(input, &empty);
    if (end > 0) {
        buf_bytes(out, input.at, end);
        buf_text(out, empty ? "\"attachments\":" : ",\"attachments\":");
    } else {
        buf_text(out, "{\"input\":");
        buf_slice_add(out, input);
        buf_text(out, ",\"attachments\":");
    }
    attachments_json(hop->job.attachments, hop->job.attachment_count, content, out);
    buf_char(out, '}');
}

static void write_verification(const struct hop *hop, bool content, struct buf *out) {
    buf_text(out, "{\"input\":");
    buf_slice_add(out, hop->job.input);
    buf_text(out, ",\"answer\":");
    buf_slice_add(out, hop->call.answer);
    if (hop->job.attachment_count > 0) {
        buf_text(out, ",\"attachments\":");
        attachments_json(hop->job.attachments, hop->job.attachment_count, content, out);
    }
    buf_char(out, '}');
}

// What the prompt makes of it, or else what it would have seen; in the latter case a model's
// attachments are not in the payload: see request_make.
static bool make_payload(struct hop *hop, struct buf *payload, struct buf *scratch,
                         struct err *err) {
    const struct config_model *conf = hop->call.model->conf;
    bool content = !conf->model.dialect->parts;
    struct slice seen = hop->job.input;
    buf_clear(scratch);
    buf_clear(payload);
    if (hop->call.verified) {
        write_verification(hop, content, scratch);
        seen = buf_slice(scratch);
    } else if (hop->job.attachment_count > 0) {
        write_input(hop, content, scratch);
        seen = buf_slice(scratch);
    }
    if (conf->prompt) {
        return jq_run(conf->prompt, seen, payload, err);
    }
    buf_slice_add(payload, seen);
    return true;
}

bool request_needs_content(const struct hop *hop) {
    const struct config_model *conf = hop->call.model->conf;
    return hop->job.attachment_count > 0 && !conf->model.no_attachments &&
           (conf->model.dialect->parts || conf->prompt);
}

enum reason request_make(struct hop *hop, struct buf *payload, struct buf *body,
                         struct slice *text) {
    const struct config_model *conf = hop->call.model->conf;
    const struct model *model = &conf->model;
    enum reason reason = REASON_ERROR_PROMPT;
    struct request request = reply_request(hop, hop->job.input);
    struct err err;
    request.fault = &reason;
    if (hop->job.attachment_count > 0 && !model->dialect->parts && conf->prompt == NULL) {
        *text = arena_printf(&hop->arena,
                             "%s: with dialect %s only a prompt can put attachments "
                             "into the request",
                             model->name, model->dialect->name);
        return REASON_INPUT_ATTACHMENT;
    }
    for (uint32_t i = 0; i < hop->job.attachment_count && request_needs_content(hop); i++) {
        if (hop->job.attachments[i].content.at == NULL) {
            *text = arena_printf(&hop->arena, "%.*s was not fetched",
                                 SLICE_ARGS(hop->job.attachments[i].uri));
            return REASON_ERROR_ATTACHMENT;
        }
    }
    if (conf->prompt || hop->call.verified) {
        if (!make_payload(hop, payload, body, &err)) {
            *text = arena_printf(&hop->arena, "%s", err.text);
            return REASON_ERROR_PROMPT;
        }
        request.payload = buf_slice(payload);
    }
    buf_clear(body);
    if (!model->dialect->build(&request, body, &err)) {
        *text = arena_printf(&hop->arena, "%s", err.text);
        return reason;
    }
    return REASON_NONE;
}

enum reason request_check_uris(struct hop *hop, struct slice *text) {
    for (uint32_t i = 0; i < hop->job.attachment_count; i++) {
        struct slice *uri = &hop->job.attachments[i].uri;
        struct slice normal;
        const char *why = "no prefix of `attachments` in the configuration is above it";
        if (uri->at == NULL) {
            continue;
        }
        if (!uri_read(*uri, &hop->arena, &normal, &why) ||
            config_prefix_find(hop->config, normal) == NULL) {
            *text = arena_printf(&hop->arena, "attachment %u, %.*s: %s", i, SLICE_ARGS(*uri), why);
            return REASON_ATTACHMENT_URI;
        }
        *uri = normal;
    }
    return REASON_NONE;
}

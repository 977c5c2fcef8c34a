#include "job/openai_stream.h"

#include <inttypes.h>

#include "base/json_out.h"

// --- chat completions

static void begin_chunk(const struct stored_outcome *outcome, struct buf *out) {
    char job[UUID_TEXT];
    uuid_format(outcome->job_id, job);
    buf_printf(
        out,
        "data: {\"id\":\"chatcmpl-%s\",\"object\":\"chat.completion.chunk\",\"created\":%" PRId64,
        job, outcome->decided_ms / 1000);
    json_text(out, "model", outcome->model);
    buf_text(out, ",\"choices\":[");
}

static void end_chunk(const struct stored_outcome *outcome, bool usage, bool last,
                      struct buf *out) {
    buf_char(out, ']');
    if (last) {
        openai_output_chat_usage(outcome, out);
    } else if (usage) {
        buf_text(out, ",\"usage\":null");
    }
    buf_text(out, "}\n\n");
}

void openai_stream_chat(const struct stored_outcome *outcome, bool usage, struct arena *arena,
                        struct buf *out) {
    begin_chunk(outcome, out);
    buf_text(out, "{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":");
    buf_json_string(out, stored_outcome_plain(outcome->answer, arena));
    buf_text(out, "},\"logprobs\":null,\"finish_reason\":null}");
    end_chunk(outcome, usage, false, out);
    begin_chunk(outcome, out);
    buf_text(out, "{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}");
    end_chunk(outcome, usage, false, out);
    if (usage) {
        begin_chunk(outcome, out);
        end_chunk(outcome, usage, true, out);
    }
    buf_text(out, "data: [DONE]\n\n");
}

// --- responses

struct stream {
    struct buf *out;
    int64_t number;  // of the next event
    char item[UUID_TEXT + 4];
};

static void begin_event(struct stream *stream, const char *type) {
    buf_printf(stream->out, "event: %s\ndata: {\"type\":\"%s\",\"sequence_number\":%" PRId64, type,
               type, stream->number++);
}

static void end_event(struct stream *stream) {
    buf_text(stream->out, "}\n\n");
}

static void put_response(struct stream *stream, const char *type,
                         const struct openai_response *response, struct arena *arena) {
    begin_event(stream, type);
    json_key(stream->out, "response");
    openai_output_response(response, arena, stream->out);
    end_event(stream);
}

// outcome NULL: the message as it begins.
static void put_item(struct stream *stream, const char *type, const struct stored_outcome *outcome,
                     struct arena *arena) {
    begin_event(stream, type);
    json_count(stream->out, "output_index", 0);
    json_key(stream->out, "item");
    if (outcome) {
        openai_output_item(outcome, arena, stream->out);
    } else {
        buf_printf(stream->out,
                   "{\"id\":\"%s\",\"type\":\"message\",\"role\":\"assistant\","
                   "\"status\":\"in_progress\",\"content\":[]}",
                   stream->item);
    }
    end_event(stream);
}

static void begin_of_content(struct stream *stream, const char *type) {
    begin_event(stream, type);
    json_text(stream->out, "item_id", slice_of(stream->item));
    json_count(stream->out, "output_index", 0);
    json_count(stream->out, "content_index", 0);
}

static void put_part(struct stream *stream, const char *type, struct slice text) {
    begin_of_content(stream, type);
    buf_text(stream->out, ",\"part\":{\"type\":\"output_text\",\"text\":");
    buf_json_string(stream->out, text);
    buf_text(stream->out, ",\"annotations\":[]}");
    end_event(stream);
}

static void put_text(struct stream *stream, const char *type, const char *key, struct slice text) {
    begin_of_content(stream, type);
    json_text(stream->out, key, text);
    buf_text(stream->out, ",\"logprobs\":[]");
    end_event(stream);
}

void openai_stream_response(const struct openai_response *response, struct arena *arena,
                            struct buf *out) {
    const struct stored_outcome *outcome = response->outcome;
    struct slice text = stored_outcome_plain(outcome->answer, arena);
    struct openai_response begun = *response;
    struct stream stream = {.out = out};
    begun.outcome = NULL;
    begun.open_status = "in_progress";
    memcpy(stream.item, "msg_", sizeof("msg_"));
    uuid_format(outcome->job_id, stream.item + 4);
    put_response(&stream, "response.created", &begun, arena);
    put_response(&stream, "response.in_progress", &begun, arena);
    put_item(&stream, "response.output_item.added", NULL, arena);
    put_part(&stream, "response.content_part.added", slice_of(""));
    put_text(&stream, "response.output_text.delta", "delta", text);
    put_text(&stream, "response.output_text.done", "text", text);
    put_part(&stream, "response.content_part.done", text);
    put_item(&stream, "response.output_item.done", outcome, arena);
    put_response(&stream, "response.completed", response, arena);
}

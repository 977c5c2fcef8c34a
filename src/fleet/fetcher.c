#include "fleet/fetcher.h"

#include <assert.h>

#include "base/mem.h"
#include "fleet/process.h"
#include "io/http.h"

enum { FETCHES_MOST = 64 };  // hops at a time

struct fetcher {
    struct process *process;
    struct http *http;  // of its own: no connection to a model is used, or left to one
    fetcher_done *done;
    void *owner;
    uint32_t running;
    size_t bytes;  // fetched and held, and what those under way may bring
};

// Of a hop, while one is under way.
struct fetch {
    struct fetcher *fetcher;
    struct hop *hop;
    struct attachment *attachment;
    struct http_call *http;
    size_t reserved;
};

struct fetcher *fetcher_open(struct process *process, fetcher_done *done, void *owner) {
    struct fetcher *fetcher = mem_zalloc(sizeof(*fetcher));
    fetcher->process = process;
    fetcher->http = http_open(process->loop, FETCHES_MOST);
    fetcher->done = done;
    fetcher->owner = owner;
    return fetcher;
}

void fetcher_close(struct fetcher *fetcher) {
    http_close(fetcher->http);
    mem_free(fetcher);
}

static struct attachment *next_wanted(const struct hop *hop) {
    for (uint32_t i = 0; i < hop->job.attachment_count; i++) {
        if (hop->job.attachments[i].content.at == NULL) {
            return &hop->job.attachments[i];
        }
    }
    return NULL;
}

bool fetcher_wants(const struct hop *hop) {
    return next_wanted(hop) != NULL;
}

// --- what comes

// Parameters say nothing to a model.
static struct slice bare(struct slice type) {
    size_t len = 0;
    while (len < type.len && strchr("; \t", type.at[len]) == NULL) {
        len++;
    }
    return (struct slice){type.at, len};
}

// Some stores know no types, and say so in these words.
static bool says_nothing(struct slice type) {
    return type.len == 0 || media_type_same(type, slice_of("application/octet-stream")) ||
           media_type_same(type, slice_of("binary/octet-stream"));
}

static bool accepts(void *owner, uint32_t status, struct slice content_type) {
    const struct fetch *fetch = owner;
    struct slice wanted = fetch->attachment->media_type, type = bare(content_type);
    if (status != 200) {
        return false;
    }
    return wanted.at ? says_nothing(type) || media_type_same(type, wanted)
                     : !says_nothing(type) && media_type_good(type);
}

// The reply's head was not what was wanted.
static void read_refusal(const struct fetch *fetch, const struct http_reply *http,
                         struct fetch_end *end) {
    const struct attachment *a = fetch->attachment;
    struct arena *arena = &fetch->hop->arena;
    uint32_t status = http->status;
    if (status == 200) {
        end->text = arena_printf(
            arena, "%.*s is of type '%.*s', not %.*s", SLICE_ARGS(a->uri),
            SLICE_ARGS(http->content_type),
            SLICE_ARGS(a->media_type.at ? a->media_type : slice_of("one that can be told")));
        return;
    }
    end->retry = status == 408 || status == 425 || status == 429 || status >= 500;
    end->text =
        arena_printf(arena, "%.*s: status %u%s", SLICE_ARGS(a->uri), status,
                     status >= 300 && status < 400 ? ", and redirects are not followed" : "");
}

static void read_fault(const struct fetch *fetch, const struct http_reply *http,
                       struct fetch_end *end) {
    const struct attachment *a = fetch->attachment;
    struct arena *arena = &fetch->hop->arena;
    end->error = REASON_ERROR_ATTACHMENT;
    if (http->fault == HTTP_FAULT_UNWANTED) {
        read_refusal(fetch, http, end);
    } else if (http->fault == HTTP_FAULT_TOO_LARGE) {
        end->text = arena_printf(arena, "%.*s has more than %zu bytes", SLICE_ARGS(a->uri),
                                 fetch->hop->config->attachments.limits.bytes);
    } else {
        end->retry = http->fault != HTTP_FAULT_PRIVATE;
        end->text = arena_printf(arena, "%.*s: %s", SLICE_ARGS(a->uri), http->fault_text);
    }
}

static void keep(struct fetch *fetch, const struct http_reply *http, struct fetch_end *end) {
    struct attachment *a = fetch->attachment;
    struct arena *arena = &fetch->hop->arena;
    size_t most = fetch->hop->config->attachments.limits.bytes;
    if (http->body.len == 0) {
        end->error = REASON_ERROR_ATTACHMENT;
        end->text = arena_printf(arena, "%.*s is empty", SLICE_ARGS(a->uri));
        return;
    }
    if (a->media_type.at == NULL) {
        a->media_type = arena_slice(arena, bare(http->content_type));
    }
    a->content = arena_slice(arena, http->body);
    fetch->fetcher->bytes -= most - a->content.len;
    fetch->reserved -= most;
}

static void send_next(struct fetch *fetch);

static void over(struct fetch *fetch) {
    fetch->fetcher->running--;
    fetch->fetcher->bytes -= fetch->reserved;
    fetch->hop->call.fetch = NULL;
}

static void on_reply(void *owner, const struct http_reply *http) {
    struct fetch *fetch = owner;
    struct fetcher *fetcher = fetch->fetcher;
    struct fetch_end end = {0};
    if (http->fault == HTTP_FAULT_NONE) {
        keep(fetch, http, &end);
    } else {
        read_fault(fetch, http, &end);
    }
    if (end.error == REASON_NONE && fetcher_wants(fetch->hop)) {
        send_next(fetch);
        return;
    }
    over(fetch);
    fetcher->done(fetcher->owner, fetch->hop, &end);
}

// --- what goes out

static void send_next(struct fetch *fetch) {
    const struct config_attachments *limits = &fetch->hop->config->attachments;
    fetch->attachment = next_wanted(fetch->hop);
    const struct config_prefix *prefix =
        config_prefix_find(fetch->hop->config, fetch->attachment->uri);
    assert(prefix);  // or the hop would not be here (request_check_uris)
    struct http_request request = {
        .url = fetch->attachment->uri.at,
        .get = true,
        .public_only = !prefix->private,
        .accepts = accepts,
        .timeout_ms = limits->timeout_ms,
        .reply_bytes = (uint32_t)limits->limits.bytes,
    };
    fetch->http = http_send(fetch->fetcher->http, &request, on_reply, fetch);
}

bool fetcher_start(struct fetcher *fetcher, struct hop *hop) {
    size_t reserved = 0;
    for (uint32_t i = 0; i < hop->job.attachment_count; i++) {
        bool wanted = hop->job.attachments[i].content.at == NULL;
        reserved += wanted ? hop->config->attachments.limits.bytes : 0;
    }
    bool room =
        fetcher->bytes == 0 || fetcher->bytes + reserved <= process_buffer_bytes(fetcher->process);
    if (!room || fetcher->running == FETCHES_MOST) {
        return false;
    }
    struct fetch *fetch = arena_zalloc(&hop->arena, sizeof(*fetch));
    *fetch = (struct fetch){.fetcher = fetcher, .hop = hop, .reserved = reserved};
    hop->call.fetch = fetch;
    fetcher->running++;
    fetcher->bytes += reserved;
    send_next(fetch);
    return true;
}

void fetcher_cancel(struct fetcher *fetcher, struct hop *hop) {
    struct fetch *fetch = hop->call.fetch;
    (void)fetcher;
    if (fetch) {
        http_cancel(fetch->http);
        over(fetch);
    }
}

void fetcher_release(struct fetcher *fetcher, struct hop *hop) {
    for (uint32_t i = 0; i < hop->job.attachment_count; i++) {
        struct attachment *a = &hop->job.attachments[i];
        if (a->uri.at && a->content.at) {
            fetcher->bytes -= a->content.len;
            arena_release(&hop->arena, a->content.at);
            a->content = (struct slice){0};
        }
    }
}

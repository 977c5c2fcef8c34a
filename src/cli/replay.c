#include "cli/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "fleet/process.h"
#include "io/loop.h"
#include "io/producer.h"
#include "job/wire.h"

#define REPLAY_HEADER "replay"

enum { QUEUE_BYTES = 256 << 20, FULL_WAIT_MS = 20, QUIET_MS = 10000, IDLE_MS = 500 };

struct replay {
    const struct config *config;
    struct loop *loop;
    struct producer *producer;
    const struct letter *const *letters;
    size_t count, sent, delivered;
    int64_t heard_ms;
    bool quiet_told, failed;
    struct err err;
    struct arena_pool pool;
    struct arena arena;            // of the letter that is sent
    struct kafka_header *headers;  // its own, and the number of the replay
    size_t header_count, header_cap;
};

static void on_delivered(void *owner, void *record_owner, const struct err *err) {
    struct replay *replay = owner;
    const struct letter *letter = record_owner;
    replay->delivered++;
    replay->heard_ms = loop_now_ms(replay->loop);
    if (err && !replay->failed) {
        replay->failed = true;
        replay->err = *err;
        err_prefix(&replay->err, "%s", letter->place);
    }
}

static void replay_free(struct replay *replay) {
    arena_fini(&replay->arena);
    arena_pool_fini(&replay->pool);
    loop_free(replay->loop);
    mem_free(replay->headers);
    mem_free(replay);
}

bool replay_open(struct replay **out, const struct config *config, struct err *err) {
    struct replay *replay = mem_zalloc(sizeof(*replay));
    const struct producer_options options = {
        .kafka = process_kafka(config),
        .compression = config->kafka.compression,
        .queue_records = 2 * LETTERS_PAGE,
        .queue_bytes = QUEUE_BYTES,
        .linger_ms = config->kafka.linger_ms,
    };
    replay->config = config;
    replay->loop = loop_new();
    arena_pool_init(&replay->pool, 0);
    arena_init(&replay->arena, &replay->pool);
    if (!producer_open(&replay->producer, replay->loop, &options, on_delivered, replay, err)) {
        replay_free(replay);
        return false;
    }
    *out = replay;
    return true;
}

void replay_close(struct replay *replay) {
    producer_close(replay->producer, 0);
    replay_free(replay);
}

static void add_header(struct replay *replay, const char *name, struct slice value) {
    if (replay->header_count == replay->header_cap) {
        replay->header_cap = replay->header_cap ? 2 * replay->header_cap : 16;
        replay->headers =
            mem_realloc(replay->headers, replay->header_cap * sizeof(*replay->headers));
    }
    replay->headers[replay->header_count++] = (struct kafka_header){name, value};
}

static void keep_header(void *owner, const char *name, struct slice value) {
    if (strcmp(name, REPLAY_HEADER) != 0) {  // of the replay before
        add_header(owner, name, value);
    }
}

static bool make_headers(struct replay *replay, const struct letter *letter) {
    arena_fini(&replay->arena);
    replay->header_count = 0;
    struct slice number =
        arena_printf(&replay->arena, "%" PRId64, letter->replays + 1);
    add_header(replay, REPLAY_HEADER, number);
    return wire_headers_read(letter->headers, &replay->arena, keep_header, replay) ||
           err_poison(&replay->err, "%s: its headers are broken in the table", letter->place);
}

// False: there is no room now, or it failed.
static bool send_one(struct replay *replay, const struct letter *letter) {
    char topic[TOPIC_TEXT];
    struct err err;
    if (!make_headers(replay, letter)) {
        replay->failed = true;
        return false;
    }
    snprintf(topic, sizeof(topic), "%.*s", SLICE_ARGS(letter->topic));
    const struct producer_record record = {
        .topic = producer_topic(replay->producer, topic),
        .key = letter->key,
        .value = letter->value,
        .headers = replay->headers,
        .header_count = replay->header_count,
        .owner = (void *)(uintptr_t)letter,
    };
    if (producer_send(replay->producer, &record, &err)) {
        return true;
    }
    if (err.kind != ERR_RETRY && !replay->failed) {
        replay->failed = true;
        replay->err = err;
        err_prefix(&replay->err, "%s", letter->place);
    }
    return false;
}

static void say_quiet(struct replay *replay, int64_t now_ms) {
    if (!replay->quiet_told && now_ms - replay->heard_ms >= QUIET_MS) {
        replay->quiet_told = true;
        fprintf(stderr, "taskfit: no broker at %s has acknowledged anything for %d s; waiting "
                        "(Ctrl-C stops)\n", replay->config->kafka.brokers, QUIET_MS / 1000);
    }
}

static int64_t on_turn(void *owner) {
    struct replay *replay = owner;
    producer_poll(replay->producer);
    while (!replay->failed && replay->sent < replay->count) {
        if (!send_one(replay, replay->letters[replay->sent])) {
            break;
        }
        replay->sent++;
    }
    say_quiet(replay, loop_now_ms(replay->loop));
    if (replay->failed || replay->delivered == replay->count) {
        loop_stop(replay->loop);
        return -1;
    }
    return replay->sent < replay->count ? FULL_WAIT_MS : IDLE_MS;
}

bool replay_send(struct replay *replay, const struct letter *const *letters, size_t count,
                 struct err *err) {
    replay->letters = letters;
    replay->count = count;
    replay->sent = replay->delivered = 0;
    replay->heard_ms = loop_now_ms(replay->loop);
    loop_on_turn(replay->loop, on_turn, replay);
    loop_run(replay->loop);
    *err = replay->failed ? replay->err : *err;
    return !replay->failed;
}

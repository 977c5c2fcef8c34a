#include "cli/sender.h"

#include <assert.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "base/figure.h"
#include "base/mem.h"
#include "fleet/enqueue.h"
#include "fleet/process.h"
#include "io/loop.h"
#include "io/producer.h"

enum {
    QUEUE_RECORDS = 50000,
    QUEUE_BYTES = 64 << 20,
    LINGER_LEAST_MS = 10,   // a file is in no hurry: fuller requests cost less
    RECORDS_A_TURN = 2000,
    FULL_WAIT_MS = 20,      // for room; a delivery wakes the loop before
    IDLE_WAIT_MS = 200,     // the bar's pace
    QUIET_MS = 10000,       // of brokers that acknowledge nothing, before that is said
    STOP_WAIT_MS = 10000,   // for what was sent when a signal came
    BAR_CELLS = 30,
    ARENA_KEPT = 64 << 10,
};

struct sender {
    struct sender_options options;
    struct input *input;
    struct bad_lines *bad;
    struct source *source;
    struct source_record record;
    struct job attached;  // of which only the record's attachments are set
    struct arena_pool pool;
    struct arena arena;   // of these
    bool has_record;  // it waits to be sent
    bool at_end;

    struct uuid batch;
    struct loop *loop;
    struct producer *producer;
    struct producer_topic *topic;
    struct enqueue *enqueue;
    uint64_t sent, delivered, refused, attachments;
    int64_t began_ms, heard_ms, shown_ms, stopped_ms;
    bool quiet_told;
    unsigned stops;      // signals
    bool failed;
    struct err err;
};

struct sender *sender_new(const struct sender_options *options, struct input *input,
                          struct bad_lines *bad) {
    struct sender *s = mem_zalloc(sizeof(*s));
    s->options = *options;
    s->input = input;
    s->bad = bad;
    s->source = source_new(options->source);
    arena_pool_init(&s->pool, ARENA_KEPT);
    arena_init(&s->arena, &s->pool);
    return s;
}

void sender_free(struct sender *s) {
    source_free(s->source);
    arena_fini(&s->arena);
    arena_pool_fini(&s->pool);
    enqueue_free(s->enqueue);
    mem_free(s);
}

// --- reading

enum reading { READ_RECORD, READ_END, READ_WAIT, READ_FAIL };

static enum reading refill(struct sender *s, struct err *err) {
    struct slice piece;
    switch (input_read(s->input, &piece, err)) {
    case INPUT_WAIT:
        return READ_WAIT;
    case INPUT_FAIL:
        return READ_FAIL;
    case INPUT_END:
        source_put(s->source, (struct slice){"", 0});
        break;
    case INPUT_PIECE:
        source_put(s->source, piece);
        break;
    }
    return READ_RECORD;
}

// False: the record is a bad line.
static bool read_attached(struct sender *s) {
    struct slice bad;
    arena_fini(&s->arena);
    if (attached_read(&s->options.attached, s->record.input, &s->arena, &s->attached, &bad)) {
        return true;
    }
    bad_lines_add(s->bad, s->record.line, bad);
    return false;
}

// On to the next record, which is then the sender's.
static enum reading read_record(struct sender *s, struct err *err) {
    for (;;) {
        enum reading reading = READ_RECORD;
        switch (source_next(s->source, &s->record, err)) {
        case SOURCE_RECORD:
            if (!read_attached(s)) {
                break;
            }
            s->has_record = true;
            return READ_RECORD;
        case SOURCE_BAD:
            bad_lines_add(s->bad, s->record.line, s->record.bad);
            break;
        case SOURCE_MORE:
            reading = refill(s, err);
            break;
        case SOURCE_END:
            s->at_end = true;
            return READ_END;
        case SOURCE_FAIL:
            err_prefix(err, "%s", s->input->name);
            return READ_FAIL;
        }
        if (reading != READ_RECORD) {
            return reading;
        }
    }
}

bool sender_first(struct sender *s, bool *found, struct err *err) {
    enum reading reading;
    do {
        reading = read_record(s, err);
    } while (reading == READ_WAIT);
    *found = reading == READ_RECORD;
    return reading != READ_FAIL;
}

bool sender_check(struct sender *s, struct err *err) {
    bool found = true;
    while (found) {
        if (!sender_first(s, &found, err)) {
            return false;
        }
    }
    return true;
}

// --- sending

static void fail(struct sender *s, const struct err *err) {
    if (!s->failed) {
        s->failed = true;
        s->err = *err;
    }
}

// A record's owner is the number of its line.
static void on_delivered(void *owner, void *record_owner, const struct err *err) {
    struct sender *s = owner;
    s->heard_ms = loop_now_ms(s->loop);
    if (err == NULL) {
        s->delivered++;
    } else if (err->kind == ERR_POISON) {
        s->refused++;
        bad_lines_add(s->bad, (uint64_t)(uintptr_t)record_owner, slice_of(err->text));
    } else {
        fail(s, err);
    }
}

static uint64_t outstanding(const struct sender *s) {
    return s->sent - s->delivered - s->refused;
}

static void on_signal(void *owner, int signal_number) {
    struct sender *s = owner;
    (void)signal_number;
    s->stopped_ms = s->stops++ == 0 ? loop_now_ms(s->loop) : s->stopped_ms;
}

static void fill_job(struct sender *s, struct job *job) {
    const struct source_record *record = &s->record;
    int64_t now_ms = loop_wall_ms(s->loop);
    *job = (struct job){
        .has_id = true,
        .id = uuid_derive(s->batch, record->custom_id),
        .path = slice_of(s->options.path->policy.name),
        .input = record->input,
        .attachments = s->attached.attachments,
        .attachment_count = s->attached.attachment_count,
        .has_batch = true,
        .batch_id = s->batch,
        .custom_id = record->custom_id,
        .line = record->line,
        .created_ms = now_ms,
        .deadline_ms = s->options.deadline_ms ? now_ms + s->options.deadline_ms : 0,
        .order_key = record->order_key,
        .tenant = s->options.tenant,
        .all_tiers = s->options.all_tiers,
        .tier = slice_of(path_first_tier(&s->options.path->policy, s->options.all_tiers)),
    };
}

// False: there is no room now, or the sender failed.
static bool send_record(struct sender *s) {
    struct job job;
    struct err err;
    fill_job(s, &job);
    if (enqueue(s->enqueue, s->topic, &job, (void *)(uintptr_t)job.line, &err)) {
        s->sent++;
        s->attachments += job.attachment_count;
    } else if (err.kind == ERR_POISON) {
        bad_lines_add(s->bad, job.line, slice_of(err.text));
    } else {
        if (err.kind == ERR_FATAL) {
            fail(s, &err);
        }
        return false;
    }
    s->has_record = false;
    return true;
}

// Returns the milliseconds to wait.
static int64_t send_some(struct sender *s) {
    struct err err;
    for (int i = 0; i < RECORDS_A_TURN; i++) {
        if (!s->has_record) {
            switch (read_record(s, &err)) {
            case READ_FAIL:
                fail(s, &err);
                return 0;
            case READ_END:
                return IDLE_WAIT_MS;
            case READ_WAIT:
                return 0;  // it has waited
            case READ_RECORD:
                break;
            }
        }
        if (!send_record(s)) {
            return FULL_WAIT_MS;
        }
    }
    return 0;
}

// --- the screen

static void bar(struct sender *s, int64_t now_ms) {
    struct buf text = {0};
    int64_t took_ms = now_ms - s->began_ms + 1;
    if (s->input->size > 0) {
        int64_t cells = BAR_CELLS * s->input->read / s->input->size;
        buf_char(&text, '[');
        for (int64_t i = 0; i < BAR_CELLS; i++) {
            buf_char(&text, i < cells ? '=' : ' ');
        }
        buf_text(&text, "] ");
        figure_share(&text, s->input->read, s->input->size);
        buf_text(&text, "  ");
    }
    figure_count(&text, (int64_t)s->delivered);
    buf_text(&text, " jobs  ");
    figure_rate(&text, 1000.0 * (double)s->delivered / (double)took_ms);
    fprintf(stderr, "\r\033[K%s", buf_string(&text));
    buf_fini(&text);
}

static void show(struct sender *s) {
    int64_t now_ms = loop_now_ms(s->loop);
    if (s->options.live && now_ms - s->shown_ms >= IDLE_WAIT_MS) {
        s->shown_ms = now_ms;
        bar(s, now_ms);
    }
    if (outstanding(s) > 0 && now_ms - s->heard_ms >= QUIET_MS && !s->quiet_told) {
        s->quiet_told = true;
        fprintf(stderr, "%staskfit: no broker at %s has acknowledged anything for %d s; waiting "
                        "(Ctrl-C stops)\n", s->options.live ? "\r\033[K" : "",
                s->options.config->kafka.brokers, QUIET_MS / 1000);
    }
}

// --- the run

static bool is_over(const struct sender *s) {
    bool waited = s->stops > 0 && loop_now_ms(s->loop) - s->stopped_ms >= STOP_WAIT_MS;
    bool all_given = s->stops > 0 || (s->at_end && !s->has_record);
    return s->failed || s->stops > 1 || waited || (all_given && outstanding(s) == 0);
}

static int64_t on_turn(void *owner) {
    struct sender *s = owner;
    int64_t wait_ms = IDLE_WAIT_MS;
    producer_poll(s->producer);
    if (s->heard_ms == 0 || outstanding(s) == 0) {
        s->heard_ms = loop_now_ms(s->loop);
    }
    if (s->stops == 0 && !s->failed && (!s->at_end || s->has_record)) {
        wait_ms = send_some(s);
    }
    show(s);
    if (is_over(s)) {
        loop_stop(s->loop);
        return -1;
    }
    return wait_ms;
}

static bool open_producer(struct sender *s, struct err *err) {
    const struct config_kafka *kafka = &s->options.config->kafka;
    char name[TOPIC_TEXT];
    const struct producer_options options = {
        .kafka = process_kafka(s->options.config),
        .compression = kafka->compression,
        .queue_records = QUEUE_RECORDS,
        .queue_bytes = QUEUE_BYTES,
        .linger_ms = kafka->linger_ms > LINGER_LEAST_MS ? kafka->linger_ms : LINGER_LEAST_MS,
    };
    const struct path *path = &s->options.path->policy;
    config_jobs_topic(s->options.config, path, path_first_tier(path, s->options.all_tiers), name);
    if (!producer_open(&s->producer, s->loop, &options, on_delivered, s, err)) {
        return false;
    }
    s->topic = producer_topic(s->producer, name);
    s->enqueue = enqueue_new(s->producer);
    return true;
}

bool sender_run(struct sender *s, struct uuid batch, struct sender_result *result,
                struct err *err) {
    s->batch = batch;
    s->loop = loop_new();
    bool ok = open_producer(s, err);
    if (ok) {
        s->began_ms = loop_now_ms(s->loop);
        loop_on_signal(s->loop, SIGINT, on_signal, s);
        loop_on_signal(s->loop, SIGTERM, on_signal, s);
        loop_on_turn(s->loop, on_turn, s);
        loop_run(s->loop);
        producer_close(s->producer, 0);
        ok = !s->failed;
        *err = s->failed ? s->err : *err;
    }
    *result = (struct sender_result){
        .jobs = s->delivered,
        .attachments = s->attachments,
        .unconfirmed = outstanding(s),
        .stopped = s->stops > 0 && !(s->at_end && !s->has_record && outstanding(s) == 0),
        .took_ms = loop_now_ms(s->loop) - s->began_ms,
    };
    loop_free(s->loop);
    if (s->options.live) {
        fputs("\r\033[K", stderr);
    }
    return ok;
}

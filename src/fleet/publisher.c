#include "fleet/publisher.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "fleet/process.h"
#include "fleet/revisions.h"
#include "io/loop.h"
#include "io/producer.h"

enum { HEADERS_MOST = 12, NUMBER_TEXT = 24 };

struct publisher {
    struct process *process;
    struct producer *producer;
    struct publisher_events events;
    void *owner;
};

static void on_delivered(void *owner, void *record_owner, const struct err *err) {
    struct publisher *publisher = owner;
    struct hop *hop = record_owner;
    assert(hop->deliveries > 0);
    hop->deliveries--;
    if (err && err->kind == ERR_FATAL) {
        publisher->process->fatal(publisher->process->fatal_owner, err);
    } else if (err) {
        publisher->events.refused(publisher->owner, hop, err);
    } else if (hop->deliveries == 0) {
        publisher->events.published(publisher->owner, hop);
    }
}

bool publisher_open(struct publisher **out, struct process *process,
                    const struct publisher_events *events, void *owner, struct err *err) {
    const struct config *config = process->config;
    struct producer_options options = {
        .kafka = process_kafka(config),
        .compression = config->kafka.compression,
        .queue_records = 4 * config->limits.hops,
        .queue_bytes = (int64_t)process_buffer_bytes(process),
        .linger_ms = config->kafka.linger_ms,
    };
    struct publisher *publisher = mem_zalloc(sizeof(*publisher));
    publisher->process = process;
    publisher->events = *events;
    publisher->owner = owner;
    if (!producer_open(&publisher->producer, process->loop, &options, on_delivered, publisher,
                       err)) {
        mem_free(publisher);
        return false;
    }
    *out = publisher;
    return true;
}

void publisher_close(struct publisher *publisher) {
    producer_close(publisher->producer, 0);
    mem_free(publisher);
}

struct headers {
    struct kafka_header list[HEADERS_MOST];
    size_t count;
    char id[UUID_TEXT + 16], partition[NUMBER_TEXT], offset[NUMBER_TEXT], time[NUMBER_TEXT],
        attempts[NUMBER_TEXT];
};

static void header(struct headers *h, const char *name, struct slice value) {
    assert(h->count < HEADERS_MOST);
    h->list[h->count++] = (struct kafka_header){name, value};
}

static void header_number(struct headers *h, const char *name, char text[NUMBER_TEXT],
                          int64_t value) {
    snprintf(text, NUMBER_TEXT, "%" PRId64, value);
    header(h, name, slice_of(text));
}

// CloudEvents 1.0.2, Kafka binding, binary mode: the same event has the same ce_id, so that whoever
// reads at least once can drop a second copy. What traces the job goes on as it came.
static void headers_event(struct headers *h, const struct hop *hop, enum message message) {
    static const char *const types[] = {"taskfit.job", "taskfit.result", "taskfit.decision",
                                        "taskfit.dead"};
    char id[UUID_TEXT];
    uuid_format(hop->job.id, id);
    unsigned number = message == MESSAGE_JOB ? hop->job.hop + 1 : hop->job.hop;
    snprintf(h->id, sizeof(h->id), "%s/%u", id, number);
    if (hop->revision) {
        snprintf(h->id, sizeof(h->id), "%s/%u.%u", id, number, hop->revision->number);
    }
    header(h, "ce_specversion", slice_of("1.0"));
    header(h, "ce_type", slice_of(types[message]));
    header(h, "ce_source", slice_of("taskfit"));
    if (hop->job.has_id) {
        header(h, "ce_id", slice_of(h->id));
    }
    if (hop->trace.at) {
        header(h, "traceparent", hop->trace);
    }
}

static void headers_dead(struct headers *h, const struct hop *hop) {
    header(h, "topic", slice_of(ticket_topic(hop->ticket)));
    header_number(h, "partition", h->partition, ticket_partition(hop->ticket));
    header_number(h, "offset", h->offset, hop->ticket.offset);
    header_number(h, "timestamp", h->time, hop->record_ms);
    header(h, "reason", hop->burial.reason);
    header(h, "text", hop->burial.text.at ? hop->burial.text : slice_of(""));
    header_number(h, "attempts", h->attempts, hop->burial.attempts);
}

static struct slice key_of(const struct hop *hop, enum message message) {
    if (message == MESSAGE_DEAD) {
        return hop->burial.key;
    }
    // Results too, so that one escalator sees them in their order and moves them on in it.
    if ((message == MESSAGE_JOB || message == MESSAGE_RESULT) && hop->job.order_key.len > 0) {
        return hop->job.order_key;
    }
    return uuid_slice(&hop->job.id);
}

bool publisher_send(struct publisher *publisher, struct hop *hop, enum message message,
                    const char *topic, struct slice value) {
    char name[TOPIC_TEXT];
    struct headers headers = {.count = 0};
    struct err err;
    config_topic(publisher->process->config, topic, name);
    headers_event(&headers, hop, message);
    if (message == MESSAGE_DEAD) {
        headers_dead(&headers, hop);
    }
    struct producer_record record = {
        .topic = producer_topic(publisher->producer, name),
        .key = key_of(hop, message),
        .value = value,
        .headers = headers.list,
        .header_count = headers.count,
        .owner = hop,
    };
    if (producer_send(publisher->producer, &record, &err)) {
        hop->deliveries++;
        return true;
    }
    if (err.kind == ERR_FATAL) {
        publisher->process->fatal(publisher->process->fatal_owner, &err);
    }
    if (err.kind != ERR_POISON) {
        return false;
    }
    publisher->events.refused(publisher->owner, hop, &err);
    return true;
}

void publisher_turn(struct publisher *publisher) {
    producer_poll(publisher->producer);
}

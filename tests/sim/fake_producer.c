// io/producer.h over the simulated brokers.
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "facts.h"
#include "fakes.h"
#include "fleet/hop.h"
#include "io/producer.h"
#include "node.h"
#include "setting.h"

struct producer_topic {
    struct producer_topic *next;
    struct topic *topic;
};

// A record on its way to its log, and its report on the way back.
struct send {
    struct list_node node;
    struct event event;
    struct producer *producer;  // NULL: gone, the record may still get in
    struct log *log;
    struct slice key, value;
    void *owner;
    bool refused, failed;
};

struct producer {
    struct node *node;
    producer_delivered *delivered;
    void *owner;
    struct producer_topic *topics;
    uint32_t queue_most;
    struct list sending, reports;
    int64_t last_us[TOPICS_MOST][PARTITIONS_MOST];  // records of a log keep their order
};

int64_t sends_waiting;

bool producer_open(struct producer **out, struct loop *loop,
                   const struct producer_options *options, producer_delivered *delivered,
                   void *owner, struct err *err) {
    struct producer *producer = mem_zalloc(sizeof(*producer));
    (void)err;
    producer->node = node_of(loop);
    producer->delivered = delivered;
    producer->owner = owner;
    producer->queue_most = options->queue_records;
    list_init(&producer->sending);
    list_init(&producer->reports);
    *out = producer;
    return true;
}

static void send_free(struct send *send) {
    event_stop(&send->event);
    list_remove(&send->node);
    mem_free(send);
    sends_waiting--;
}

// Of what is on its way to a log, some first records may get in, none behind a lost one.
void producer_close(struct producer *producer, int64_t wait_ms) {
    bool lost[TOPICS_MOST][PARTITIONS_MOST] = {{0}};
    struct list_node *node;
    (void)wait_ms;
    while ((node = list_pop(&producer->sending)) != NULL) {
        struct send *send = LIST_ENTRY(node, struct send, node);
        bool *is_lost = &lost[send->log->topic - topics][send->log->number];
        *is_lost |= chance(0.5);
        tally(*is_lost ? TALLY_SENDS_LOST : TALLY_SENDS_KEPT);
        send->producer = NULL;
        if (*is_lost) {
            send_free(send);
        }
    }
    while ((node = list_first(&producer->reports)) != NULL) {
        send_free(LIST_ENTRY(node, struct send, node));
    }
    while (producer->topics) {
        struct producer_topic *topic = producer->topics;
        producer->topics = topic->next;
        mem_free(topic);
    }
    mem_free(producer);
}

struct producer_topic *producer_topic(struct producer *producer, const char *name) {
    for (struct producer_topic *t = producer->topics; t; t = t->next) {
        if (strcmp(t->topic->name, name) == 0) {
            return t;
        }
    }
    struct producer_topic *topic = mem_zalloc(sizeof(*topic));
    topic->topic = topic_find(name);
    assert(topic->topic);
    topic->next = producer->topics;
    producer->topics = topic;
    return topic;
}

static void note_gone(const struct send *send) {
    const struct hop *hop = send->owner;
    bool letter = strstr(send->log->topic->name, ".dead") != NULL;
    struct topic *topic = topic_find(ticket_topic(hop->ticket));
    struct entry *from =
        log_entry(&topic->logs[ticket_partition(hop->ticket)], hop->ticket.offset);
    if (letter && from) {
        from->letter_refused = true;
        if (from->subject) {
            from->subject->letters_gone++;
        }
    }
}

static void on_arrived(void *owner) {
    struct send *send = owner;
    if (broker_is_away) {
        event_in(&send->event, about_us(20 * MS_US), on_arrived, send);
        return;
    }
    if (send->value.len > RECORD_MOST_THERE) {
        send->refused = true;
        tally(TALLY_TOO_LARGE_THERE);
        if (send->producer) {
            note_gone(send);
        }
    } else if (send->producer && fault(0.0005)) {
        send->failed = true;
    } else {
        log_append(send->log, send->key, send->value);
    }
    if (send->producer == NULL) {
        send_free(send);
        return;
    }
    list_remove(&send->node);
    list_append(&send->producer->reports, &send->node);
    node_wake(send->producer->node);
}

static struct slice keep(struct slice bytes) {
    return arena_slice(&world.arena, bytes);
}

bool producer_send(struct producer *producer, const struct producer_record *record,
                   struct err *err) {
    struct log *log = log_for(record->topic->topic, record->key);
    if (producer->sending.count >= producer->queue_most || fault(0.01)) {
        tally(TALLY_QUEUE_FULL);
        return err_retry(err, "the queue is full");
    }
    if (record->value.len > RECORD_MOST_HERE) {
        struct send gone = {.log = log, .owner = record->owner};
        tally(TALLY_TOO_LARGE_HERE);
        note_gone(&gone);
        return err_poison(err, "a record of %zu bytes", record->value.len);
    }
    if (!node_op(producer->node, OP_SEND)) {
        return true;
    }
    struct send *send = mem_zalloc(sizeof(*send));
    send->producer = producer;
    send->log = log;
    send->key = keep(record->key);
    send->value = keep(record->value);
    send->owner = record->owner;
    sends_waiting++;
    list_append(&producer->sending, &send->node);
    int64_t *last_us = &producer->last_us[log->topic - topics][log->number];
    int64_t arrives_us = world.now_us + about_us(3 * MS_US);
    *last_us = arrives_us > *last_us ? arrives_us : *last_us + 1;
    event_in(&send->event, *last_us - world.now_us, on_arrived, send);
    return true;
}

void producer_poll(struct producer *producer) {
    struct list_node *node;
    while ((node = list_first(&producer->reports)) != NULL && !producer->node->doomed) {
        struct send *send = LIST_ENTRY(node, struct send, node);
        void *owner = send->owner;
        bool refused = send->refused, failed = send->failed;
        struct err err;
        send_free(send);
        if (!node_op(producer->node, OP_DELIVERED)) {
            return;
        }
        if (failed) {
            err_fatal(&err, "the producer is dead");
        } else {
            err_poison(&err, "the brokers take no record of this size");
        }
        producer->delivered(producer->owner, owner, refused || failed ? &err : NULL);
    }
}

#include "io/consumer.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/kafka_statistics.h"
#include "io/loop.h"

enum {
    TAKE_MOST = 1024,
    FENCED_WITHIN_MS = 20000,
    FENCED_MOST = 3,  // the shortest session is 6 s
    FAREWELL_MS = 2000,
    FAREWELL_POLL_MS = 50,
    TOPICS_MOST = 64,
};

struct partition {
    struct consumer_partition public;
    rd_kafka_queue_t *queue;
    int64_t end;  // where its end was when it was last reached; -1: never
    struct partition *next;
};

struct consumer {
    rd_kafka_t *rk;
    rd_kafka_queue_t *group_queue;
    rd_kafka_conf_t *conf;  // to join anew with
    rd_kafka_topic_partition_list_t *topics;
    struct loop *loop;
    struct consumer_events events;
    void *owner;
    struct partition *partitions;
    size_t topic_partitions;  // of all members
    bool revoking, closing;
    bool fenced;            // another member has its name: it joins anew
    int64_t fenced_ms;      // when that was, the first of
    unsigned fenced_times;  // within FENCED_WITHIN_MS; 0: never
};

static void on_queue(rd_kafka_t *rk, void *loop) {
    (void)rk;
    loop_wake(loop);  // runs on one of librdkafka's threads: it may do nothing else
}

static void partition_add(struct consumer *consumer, const rd_kafka_topic_partition_t *from) {
    struct partition *partition = mem_zalloc(sizeof(*partition));
    partition->public.topic = mem_string(from->topic);
    partition->public.number = from->partition;
    partition->end = -1;
    // A queue of its own, so that what is not read stays with its partition.
    partition->queue = rd_kafka_queue_get_partition(consumer->rk, from->topic, from->partition);
    rd_kafka_queue_forward(partition->queue, NULL);
    rd_kafka_queue_cb_event_enable(partition->queue, on_queue, consumer->loop);
    partition->next = consumer->partitions;
    consumer->partitions = partition;
    consumer->events.assigned(consumer->owner, &partition->public);
}

static void partitions_drop(struct consumer *consumer) {
    while (consumer->partitions) {
        struct partition *partition = consumer->partitions;
        consumer->partitions = partition->next;
        consumer->events.dropped(consumer->owner, &partition->public);
        rd_kafka_queue_cb_event_enable(partition->queue, NULL, NULL);
        rd_kafka_queue_destroy(partition->queue);
        mem_free((void *)(uintptr_t)partition->public.topic);
        mem_free(partition);
    }
}

// A static member is also fenced, alone of its name, when a commit is under way while the brokers
// are away for longer than its session (librdkafka sends it as of no member, once they are back).
// So it joins anew, as often as brokers can have been away in FENCED_WITHIN_MS; when it is fenced
// more often than that, somebody else does have the name.
static bool may_join_anew(struct consumer *consumer) {
    int64_t now_ms = loop_now_ms(consumer->loop);
    if (consumer->fenced_times == 0 || now_ms - consumer->fenced_ms >= FENCED_WITHIN_MS) {
        consumer->fenced_ms = now_ms;
        consumer->fenced_times = 0;
    }
    return ++consumer->fenced_times <= FENCED_MOST;
}

static void fail_fatal(struct consumer *consumer, struct err *err) {
    char why[256];
    rd_kafka_resp_err_t code = rd_kafka_fatal_error(consumer->rk, why, sizeof(why));
    if (code != RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) {
        err_fatal(err, "kafka consumer: %s", why);
    } else if (may_join_anew(consumer)) {
        consumer->fenced = true;
        err_retry(err, "kafka consumer: %s; joining anew", why);
    } else {
        err_fatal(err, "kafka consumer: %s; does another process run with the same --instance?",
                  why);
    }
}

static void fail(struct consumer *consumer, rd_kafka_resp_err_t code, const char *text) {
    struct err err;
    if (consumer->closing || consumer->fenced) {
        return;  // what is left of it to say is of no use
    }
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        fail_fatal(consumer, &err);
    } else {
        bool missing = code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
        err_retry(&err, "kafka consumer: %s: %s%s", rd_kafka_err2name(code), text,
                  missing ? "; run `taskfit init`" : "");
    }
    consumer->events.failed(consumer->owner, &err);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *list, void *opaque) {
    struct consumer *consumer = opaque;
    if (consumer->closing || consumer->fenced) {
        rd_kafka_assign(rk, NULL);
        return;
    }
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        for (int i = 0; i < list->cnt; i++) {
            partition_add(consumer, &list->elems[i]);
        }
        rd_kafka_assign(rk, list);
        return;
    }
    // The unassignment waits for consumer_release: librdkafka lets the group wait with it.
    consumer->revoking = true;
    consumer->events.revoking(consumer->owner, rd_kafka_assignment_lost(rk));
}

static void on_commit(rd_kafka_t *rk, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque) {
    struct consumer *consumer = opaque;
    struct err err;
    (void)rk;
    (void)offsets;
    if (consumer->closing) {
        return;
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR__NO_OFFSET) {
        consumer->events.committed(consumer->owner, NULL);
        return;
    }
    err_retry(&err, "commit of offsets: %s", rd_kafka_err2str(code));
    consumer->events.committed(consumer->owner, &err);
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque) {
    (void)rk;
    fail(opaque, (rd_kafka_resp_err_t)code, text);
}

static int on_statistics(rd_kafka_t *rk, char *json, size_t len, void *opaque) {
    struct consumer *consumer = opaque;
    const char *topics[TOPICS_MOST];
    int count = consumer->topics->cnt;
    (void)rk;
    for (int i = 0; i < count; i++) {
        topics[i] = consumer->topics->elems[i].topic;
    }
    size_t known = kafka_statistics_partitions((struct slice){json, len}, topics, (size_t)count);
    consumer->topic_partitions = known > 0 ? known : consumer->topic_partitions;
    return 0;  // the text stays librdkafka's
}

enum { FETCHES = 64 };  // that fill a queue

// librdkafka's limit is that of a queue, and each partition has its own here. Below the size of a
// fetch it would only make for many small ones.
static int64_t queue_kbytes(const struct consumer_options *options) {
    int64_t least = 1024, partitions = (int64_t)options->partitions * (int64_t)options->topic_count;
    int64_t share = options->queue_bytes / 1024 / (partitions > 0 ? partitions : 1);
    return share > least ? share : least;
}

static bool configure(rd_kafka_conf_t *conf, const struct consumer_options *options,
                      struct err *err) {
    char session[24], heartbeat[24], queue[24], fetch[24];
    snprintf(session, sizeof(session), "%lld", (long long)options->session_timeout_ms);
    snprintf(heartbeat, sizeof(heartbeat), "%lld", (long long)options->session_timeout_ms / 5);
    snprintf(queue, sizeof(queue), "%lld", (long long)queue_kbytes(options));
    // A queue is asked for more until it is full, and records that are alike are many times as
    // large as their compressed fetch: so it is a small part. A larger record comes all the same.
    snprintf(fetch, sizeof(fetch), "%lld", (long long)queue_kbytes(options) * 1024 / FETCHES);
    const struct {
        const char *name, *value;
    } settings[] = {
        {"group.id", options->group},
        {"group.instance.id", options->instance},
        {"session.timeout.ms", session},
        {"heartbeat.interval.ms", heartbeat},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"enable.partition.eof", "true"},
        {"auto.offset.reset", "earliest"},
        {"isolation.level", "read_committed"},
        {"partition.assignment.strategy", "range,roundrobin"},
        {"topic.metadata.refresh.interval.ms", "10000"},  // so soon a new partition is read
        {"statistics.interval.ms", "5000"},
        // A partition that was fetched up to this many refills at most once a second.
        {"queued.min.messages", "20000"},
        {"queued.max.messages.kbytes", queue},
        {"fetch.message.max.bytes", fetch},
        {"fetch.error.backoff.ms", "200"},
        {"fetch.wait.max.ms", "100"},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].value && !kafka_set(conf, settings[i].name, settings[i].value, err)) {
            return false;
        }
    }
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_offset_commit_cb(conf, on_commit);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_stats_cb(conf, on_statistics);
    return true;
}

static void topics_keep(struct consumer *consumer, const struct consumer_options *options) {
    consumer->topics = rd_kafka_topic_partition_list_new((int)options->topic_count);
    for (size_t i = 0; i < options->topic_count; i++) {
        rd_kafka_topic_partition_list_add(consumer->topics, options->topics[i],
                                          RD_KAFKA_PARTITION_UA);
    }
}

static bool join(struct consumer *consumer, struct err *err) {
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(consumer->conf);
    consumer->rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (consumer->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return err_fatal(err, "kafka consumer: %s", text);
    }
    rd_kafka_poll_set_consumer(consumer->rk);
    consumer->group_queue = rd_kafka_queue_get_consumer(consumer->rk);
    rd_kafka_queue_cb_event_enable(consumer->group_queue, on_queue, consumer->loop);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(consumer->rk, consumer->topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           err_fatal(err, "kafka: subscribe: %s", rd_kafka_err2str(code));
}

// Says good-bye to the group, for as long as that is worth: without a broker librdkafka would wait
// for the answer to a commit until its requests time out, after a minute. False: it still waits.
static bool say_farewell(struct consumer *consumer) {
    int64_t until_ms = clock_steady_ms() + FAREWELL_MS;
    rd_kafka_error_t *error = rd_kafka_consumer_close_queue(consumer->rk, consumer->group_queue);
    if (error) {
        rd_kafka_error_destroy(error);
        return true;  // something fatal came before: there is nothing to leave
    }
    while (!rd_kafka_consumer_closed(consumer->rk) && clock_steady_ms() < until_ms) {
        rd_kafka_event_t *event = rd_kafka_queue_poll(consumer->group_queue, FAREWELL_POLL_MS);
        if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE) {
            rd_kafka_assign(consumer->rk, NULL);
        }
        rd_kafka_event_destroy(event);
    }
    return rd_kafka_consumer_closed(consumer->rk);
}

static void leave(struct consumer *consumer) {
    if (consumer->rk == NULL) {
        return;
    }
    rd_kafka_queue_cb_event_enable(consumer->group_queue, NULL, NULL);
    consumer->closing = true;
    partitions_drop(consumer);
    rd_kafka_assign(consumer->rk, NULL);
    bool gone = say_farewell(consumer);
    rd_kafka_queue_destroy(consumer->group_queue);
    if (gone) {  // or destroying it would wait in turn: it ends with the process
        rd_kafka_destroy(consumer->rk);
    }
    consumer->rk = NULL;
    consumer->closing = false;
}

static void join_anew(struct consumer *consumer) {
    struct err err;
    leave(consumer);
    consumer->fenced = false;
    if (!join(consumer, &err)) {
        consumer->events.failed(consumer->owner, &err);
    }
}

bool consumer_open(struct consumer **out, struct loop *loop,
                   const struct consumer_options *options, const struct consumer_events *events,
                   void *owner, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf(&options->kafka, err);
    if (conf == NULL) {
        return false;
    }
    struct consumer *consumer = mem_zalloc(sizeof(*consumer));
    consumer->loop = loop;
    consumer->events = *events;
    consumer->owner = owner;
    consumer->conf = conf;
    rd_kafka_conf_set_opaque(conf, consumer);
    assert(options->topic_count <= TOPICS_MOST);
    consumer->topic_partitions = options->partitions * options->topic_count;
    topics_keep(consumer, options);
    if (!configure(conf, options, err) || !join(consumer, err)) {
        consumer_close(consumer);
        return false;
    }
    *out = consumer;
    return true;
}

size_t consumer_partitions(const struct consumer *consumer) {
    return consumer->topic_partitions;
}

void consumer_close(struct consumer *consumer) {
    leave(consumer);
    rd_kafka_topic_partition_list_destroy(consumer->topics);
    rd_kafka_conf_destroy(consumer->conf);
    mem_free(consumer);
}

void consumer_release(struct consumer *consumer) {
    partitions_drop(consumer);
    consumer->revoking = false;
    if (consumer->fenced) {
        join_anew(consumer);
    } else {
        rd_kafka_assign(consumer->rk, NULL);
    }
}

// Out of librdkafka's callbacks, for its consumer ends here.
static void serve_fenced(struct consumer *consumer) {
    if (consumer->revoking) {
        return;  // consumer_release goes on with it
    }
    if (consumer->partitions == NULL) {
        join_anew(consumer);
        return;
    }
    consumer->revoking = true;
    consumer->events.revoking(consumer->owner, true);
}

void consumer_poll(struct consumer *consumer) {
    rd_kafka_message_t *message;
    if (consumer->rk == NULL) {
        return;  // it could not join anew: the owner was told
    }
    while ((message = rd_kafka_consumer_poll(consumer->rk, 0)) != NULL) {
        if (message->err) {
            fail(consumer, message->err, rd_kafka_message_errstr(message));
        }
        rd_kafka_message_destroy(message);
    }
    if (consumer->fenced) {
        serve_fenced(consumer);
    }
}

static struct record record_of(struct consumer_partition *partition, rd_kafka_message_t *m) {
    rd_kafka_timestamp_type_t type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(m, &type);
    return (struct record){
        .partition = partition,
        .offset = m->offset,
        .timestamp_ms = timestamp_ms > 0 && timestamp_ms <= CLOCK_MOST_MS ? timestamp_ms : 0,
        .key = {m->key, m->key_len},
        .value = {m->payload ? m->payload : "", m->len},
        .message = m,
    };
}

// Sorts what came: records, and words on the partition. Returns the number of records.
static size_t sort_out(struct consumer *consumer, struct partition *partition,
                       rd_kafka_message_t *const *messages, ssize_t count,
                       struct record *records) {
    size_t taken = 0;
    for (ssize_t i = 0; i < count; i++) {
        if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            records[taken++] = record_of(&partition->public, messages[i]);
            continue;
        }
        if (messages[i]->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            partition->end = messages[i]->offset;
        } else {
            fail(consumer, messages[i]->err, rd_kafka_message_errstr(messages[i]));
        }
        rd_kafka_message_destroy(messages[i]);
    }
    return taken;
}

size_t consumer_take(struct consumer *consumer, struct consumer_partition *partition,
                     struct record *records, size_t most) {
    rd_kafka_message_t *messages[TAKE_MOST];
    struct partition *mine = (struct partition *)partition;
    size_t taken = 0;
    ssize_t count = 1;
    // Until a record comes or the queue is empty: what is left in it would not wake the loop.
    while (!consumer->revoking && taken == 0 && count > 0) {
        count = rd_kafka_consume_batch_queue(mine->queue, 0, messages,
                                             most < TAKE_MOST ? most : TAKE_MOST);
        taken = sort_out(consumer, mine, messages, count, records);
    }
    return taken;
}

void record_release(struct record *record) {
    rd_kafka_message_destroy(record->message);
    record->message = NULL;
}

void record_headers(const struct record *record,
                    void (*each)(void *owner, const char *name, struct slice value), void *owner) {
    rd_kafka_headers_t *headers;
    const char *name;
    const void *value;
    size_t len;
    if (rd_kafka_message_headers(record->message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return;  // it has none
    }
    for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &len) ==
                       RD_KAFKA_RESP_ERR_NO_ERROR; i++) {
        each(owner, name, (struct slice){value, len});
    }
}

bool consumer_commit(struct consumer *consumer, const struct consumer_offset *offsets,
                     size_t count) {
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        const struct consumer_partition *p = offsets[i].partition;
        rd_kafka_topic_partition_list_add(list, p->topic, p->number)->offset = offsets[i].offset;
    }
    rd_kafka_resp_err_t code = rd_kafka_commit(consumer->rk, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR;
}

int64_t consumer_backlog(struct consumer *consumer, const struct consumer_partition *partition,
                         int64_t offset) {
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(consumer->rk, partition->topic, partition->number, &low,
                                       &high) ||
        high < 0) {
        return -1;
    }
    const struct partition *mine = (const struct partition *)partition;
    if (offset < 0 && mine->end < 0) {
        return -1;  // nothing was read yet: where the group stands is known to librdkafka alone
    }
    int64_t from = offset > mine->end ? offset : mine->end;
    from = from > low ? from : low;
    return high > from ? high - from : 0;
}

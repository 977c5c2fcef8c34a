#include "io/producer.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/loop.h"

enum { RECORD_BYTES = 4 << 20 };

struct producer_topic {
    rd_kafka_topic_t *topic;
    struct producer_topic *next;
};

// librdkafka's producer, and the queue of what it reports.
struct handle {
    rd_kafka_t *rk;  // NULL: none
    rd_kafka_queue_t *queue;
};

struct producer {
    struct handle now;
    struct handle given_up;  // its last reports are awaited
    rd_kafka_conf_t *conf;   // for another handle
    struct loop *loop;
    struct producer_topic *topics;
    producer_delivered *delivered;
    void *owner;
    bool closing;
};

// The broker's, or librdkafka's, reason not to take a record.
static void refused(const rd_kafka_message_t *message, struct err *err) {
    const char *topic = rd_kafka_topic_name(message->rkt), *words = rd_kafka_err2str(message->err);
    switch ((int)message->err) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
        err_poison(err, "kafka: topic %s: %s", topic, words);
        break;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        err_exit(err, EX_CONFIG, "kafka: there is no topic %s; run `taskfit init`", topic);
        break;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        err_exit(err, EX_NOPERM, "kafka: topic %s: not allowed to write to it", topic);
        break;
    default:
        err_fatal(err, "kafka: topic %s: %s", topic, words);
        break;
    }
}

// --- handles

static void on_queue(rd_kafka_t *rk, void *loop) {
    (void)rk;
    loop_wake(loop);  // on one of librdkafka's threads
}

static bool handle_open(struct producer *producer, struct handle *handle, struct err *err) {
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(producer->conf);
    handle->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (handle->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return err_fatal(err, "kafka producer: %s", text);
    }
    handle->queue = rd_kafka_queue_get_main(handle->rk);
    rd_kafka_queue_cb_event_enable(handle->queue, on_queue, producer->loop);
    return true;
}

static void handle_close(struct handle *handle) {
    if (handle->rk) {
        rd_kafka_queue_cb_event_enable(handle->queue, NULL, NULL);
        rd_kafka_queue_destroy(handle->queue);
        rd_kafka_destroy(handle->rk);
        handle->rk = NULL;
    }
}

static bool was_given_up(rd_kafka_t *rk) {
    char text[8];
    return rd_kafka_fatal_error(rk, text, sizeof(text)) != RD_KAFKA_RESP_ERR_NO_ERROR;
}

// A new handle in place of one that librdkafka gave up for good, as it does when a broker was
// killed and does not know the idempotent producer's sequence any more. Nothing new is taken until
// the old one has reported on all that it had.
static bool replace(struct producer *producer, struct err *err) {
    struct handle fresh;
    if (producer->given_up.rk) {
        return err_fatal(err, "kafka producer: given up twice in a row");
    }
    if (!handle_open(producer, &fresh, err)) {
        return false;
    }
    log_warn("kafka producer: given up by librdkafka; another sends what was not acknowledged");
    producer->given_up = producer->now;
    producer->now = fresh;
    for (struct producer_topic *t = producer->topics; t; t = t->next) {
        rd_kafka_topic_t *old = t->topic;
        t->topic = rd_kafka_topic_new(fresh.rk, rd_kafka_topic_name(old), NULL);
        rd_kafka_topic_destroy(old);
    }
    return true;
}

static bool produce(struct producer *producer, const rd_kafka_vu_t *fields, size_t count,
                    struct err *err) {
    rd_kafka_error_t *error = rd_kafka_produceva(producer->now.rk, fields, count);
    if (error == NULL) {
        return true;
    }
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    rd_kafka_error_destroy(error);
    if (was_given_up(producer->now.rk)) {
        return err_retry(err, "kafka: the producer is to be replaced");
    }
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
        return err_retry(err, "kafka: the producer's queue is full");
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return err_poison(err, "kafka: the record is above the limit of %d bytes", RECORD_BYTES);
    default:
        return err_fatal(err, "kafka producer: %s", rd_kafka_err2str(code));
    }
}

// What a handle that was given up reports as not delivered goes out by the new one: perhaps for the
// second time, which all readers of the topics are made for.
static bool send_again(struct producer *producer, const rd_kafka_message_t *message,
                       struct err *err) {
    rd_kafka_headers_t *headers = NULL;
    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        headers = rd_kafka_headers_copy(headers);
    }
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT,
         .u.rkt = producer_topic(producer, rd_kafka_topic_name(message->rkt))->topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {message->key, message->key_len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {message->payload, message->len}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = message->_private},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof(fields) / sizeof(fields[0]) - (headers == NULL);
    if (produce(producer, fields, count, err)) {
        return true;
    }
    if (headers) {
        rd_kafka_headers_destroy(headers);
    }
    return false;
}

// --- reports

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque) {
    struct producer *producer = opaque;
    struct err err;
    if (producer->closing) {
        return;
    }
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        producer->delivered(producer->owner, message->_private, NULL);
        return;
    }
    if (!was_given_up(rk)) {
        refused(message, &err);
    } else if ((rk != producer->now.rk || replace(producer, &err)) &&
               send_again(producer, message, &err)) {
        return;
    }
    producer->delivered(producer->owner, message->_private, &err);
}

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque) {
    (void)rk;
    (void)code;
    (void)text;
    (void)opaque;  // brokers away: records wait; a fatal error comes with each report
}

static bool configure(rd_kafka_conf_t *conf, const struct producer_options *options,
                      struct err *err) {
    char records[24], kbytes[24], linger[24], bytes[24];
    snprintf(records, sizeof(records), "%u", options->queue_records);
    snprintf(kbytes, sizeof(kbytes), "%lld", (long long)options->queue_bytes / 1024);
    snprintf(bytes, sizeof(bytes), "%d", RECORD_BYTES);
    snprintf(linger, sizeof(linger), "%lld", (long long)options->linger_ms);
    const struct {
        const char *name, *value;
    } settings[] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        {"message.timeout.ms", "0"},  // wait for the brokers as long as it takes
        {"message.max.bytes", bytes},
        {"queue.buffering.max.messages", records},
        {"queue.buffering.max.kbytes", kbytes},
        {"linger.ms", linger},
        {"compression.type", options->compression},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].value && !kafka_set(conf, settings[i].name, settings[i].value, err)) {
            return false;
        }
    }
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    return true;
}

bool producer_open(struct producer **out, struct loop *loop,
                   const struct producer_options *options, producer_delivered *delivered,
                   void *owner, struct err *err) {
    rd_kafka_conf_t *conf = kafka_conf(&options->kafka, err);
    if (conf == NULL) {
        return false;
    }
    struct producer *producer = mem_zalloc(sizeof(*producer));
    producer->conf = conf;
    producer->loop = loop;
    producer->delivered = delivered;
    producer->owner = owner;
    rd_kafka_conf_set_opaque(conf, producer);
    if (!configure(conf, options, err) || !handle_open(producer, &producer->now, err)) {
        rd_kafka_conf_destroy(conf);
        mem_free(producer);
        return false;
    }
    *out = producer;
    return true;
}

void producer_close(struct producer *producer, int64_t wait_ms) {
    rd_kafka_t *rk = producer->now.rk;
    rd_kafka_flush(rk, (int)wait_ms);
    producer->closing = true;
    rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_poll(rk, 0);
    while (producer->topics) {
        struct producer_topic *topic = producer->topics;
        producer->topics = topic->next;
        rd_kafka_topic_destroy(topic->topic);
        mem_free(topic);
    }
    handle_close(&producer->given_up);
    handle_close(&producer->now);
    rd_kafka_conf_destroy(producer->conf);
    mem_free(producer);
}

struct producer_topic *producer_topic(struct producer *producer, const char *name) {
    for (struct producer_topic *t = producer->topics; t; t = t->next) {
        if (strcmp(rd_kafka_topic_name(t->topic), name) == 0) {
            return t;
        }
    }
    struct producer_topic *topic = mem_zalloc(sizeof(*topic));
    topic->topic = rd_kafka_topic_new(producer->now.rk, name, NULL);
    topic->next = producer->topics;
    producer->topics = topic;
    return topic;
}

static rd_kafka_headers_t *headers_of(const struct producer_record *record) {
    if (record->header_count == 0) {
        return NULL;
    }
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct kafka_header *h = &record->headers[i];
        rd_kafka_header_add(headers, h->name, -1, h->value.at, (ssize_t)h->value.len);
    }
    return headers;
}

bool producer_send(struct producer *producer, const struct producer_record *record,
                   struct err *err) {
    if (producer->given_up.rk) {
        return err_retry(err, "kafka: the producer is being replaced");
    }
    rd_kafka_headers_t *headers = headers_of(record);
    rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = record->topic->topic},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)record->key.at, record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value.at, record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = record->owner},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    size_t count = sizeof(fields) / sizeof(fields[0]) - (headers == NULL);
    if (produce(producer, fields, count, err)) {
        return true;
    }
    if (headers) {
        rd_kafka_headers_destroy(headers);
    }
    return false;
}

void producer_poll(struct producer *producer) {
    struct err err;
    if (was_given_up(producer->now.rk) && !producer->given_up.rk && !replace(producer, &err)) {
        log_warn("%s", err.text);
    }
    rd_kafka_poll(producer->now.rk, 0);
    if (producer->given_up.rk) {
        rd_kafka_poll(producer->given_up.rk, 0);
        if (rd_kafka_outq_len(producer->given_up.rk) == 0) {
            handle_close(&producer->given_up);
        }
    }
}

#include "io/kafka_admin.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/mem.h"

enum {
    ASK_MS = 500,  // of one question, between which refusals of the brokers are looked for
    // Of a topic's record batches: above what the producers send, headers of the batch included.
    TOPIC_BATCH_BYTES = 5 << 20,
};

struct kafka_admin {
    rd_kafka_t *rk;
    char *brokers;
    int64_t timeout_ms;
    bool scram;
    rd_kafka_resp_err_t refused;  // credentials or TLS: waiting does not mend it
    char said[300];               // the newest words about why a broker is not reached
};

static void on_error(rd_kafka_t *rk, int code, const char *text, void *opaque) {
    struct kafka_admin *admin = opaque;
    (void)rk;
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        return;  // why each is down was said before
    }
    if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION || code == RD_KAFKA_RESP_ERR__SSL) {
        admin->refused = (rd_kafka_resp_err_t)code;
    }
    // "sasl_ssl://host:9092/bootstrap: why (after 3ms in state CONNECT)"
    const char *after = strstr(text, " (after ");
    int len = after ? (int)(after - text) : (int)strlen(text);
    snprintf(admin->said, sizeof(admin->said), "%.*s", len, text);
}

// Older librdkafka fails at SCRAM with Kafka 4, whatever the credentials.
static const char *scram_hint(const struct kafka_admin *admin) {
    enum { MENDED = 0x02060100 };  // 2.6.1
    return admin->scram && rd_kafka_version() < MENDED
               ? " (SCRAM with Kafka 4 needs librdkafka 2.6.1 or newer; PLAIN over TLS works)" : "";
}

static bool unreachable(const struct kafka_admin *admin, struct err *err) {
    const char *said = admin->said[0] ? admin->said : "no answer";
    switch ((int)admin->refused) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        return err_exit(err, EX_NOPERM,
                        "kafka: %s refuses the credentials: %s; check kafka.sasl_mechanism, "
                        "sasl_username and sasl_password%s", admin->brokers, said,
                        scram_hint(admin));
    case RD_KAFKA_RESP_ERR__SSL:
        return err_exit(err, EX_UNAVAILABLE,
                        "kafka: no TLS with %s: %s; check kafka.security, ca_file, "
                        "certificate_file and key_file", admin->brokers, said);
    default:
        return err_exit(err, EX_UNAVAILABLE,
                        "kafka: no broker answers at %s within %lld s: %s; is it running there? "
                        "check kafka.brokers and kafka.security", admin->brokers,
                        (long long)(admin->timeout_ms + 999) / 1000, said);
    }
}

// All topics: asking for one by name may make it, where brokers are set so.
static bool ask(struct kafka_admin *admin, const struct rd_kafka_metadata **told,
                struct err *err) {
    int64_t until_ms = clock_steady_ms() + admin->timeout_ms;
    for (;;) {
        rd_kafka_resp_err_t code = rd_kafka_metadata(admin->rk, 1, NULL, told, ASK_MS);
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
            return true;
        }
        rd_kafka_poll(admin->rk, 0);
        if (admin->refused || clock_steady_ms() >= until_ms) {
            return unreachable(admin, err);
        }
    }
}

static bool start(struct kafka_admin *admin, const struct kafka_options *options,
                  struct err *err) {
    char text[256];
    rd_kafka_conf_t *conf = kafka_conf(options, err);
    if (conf == NULL) {
        return false;
    }
    rd_kafka_conf_set_opaque(conf, admin);
    rd_kafka_conf_set_error_cb(conf, on_error);
    admin->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (admin->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return err_exit(err, EX_CONFIG, "kafka: %s", text);
    }
    return true;
}

bool kafka_admin_open(struct kafka_admin **out, const struct kafka_options *options,
                      int64_t timeout_ms, struct err *err) {
    const struct rd_kafka_metadata *told;
    struct kafka_admin *admin = mem_zalloc(sizeof(*admin));
    admin->brokers = mem_string(options->brokers);
    admin->timeout_ms = timeout_ms;
    admin->scram = options->sasl_mechanism && strncmp(options->sasl_mechanism, "SCRAM", 5) == 0;
    if (!start(admin, options, err) || !ask(admin, &told, err)) {
        kafka_admin_close(admin);
        return false;
    }
    rd_kafka_metadata_destroy(told);
    *out = admin;
    return true;
}

void kafka_admin_close(struct kafka_admin *admin) {
    if (admin->rk) {
        rd_kafka_destroy(admin->rk);
    }
    mem_free(admin->brokers);
    mem_free(admin);
}

static const struct rd_kafka_metadata_topic *find(const struct rd_kafka_metadata *told,
                                                  const char *name) {
    for (int i = 0; i < told->topic_cnt; i++) {
        if (strcmp(told->topics[i].topic, name) == 0) {
            return &told->topics[i];
        }
    }
    return NULL;
}

bool kafka_admin_look(struct kafka_admin *admin, struct kafka_topic *topics, size_t count,
                      struct err *err) {
    const struct rd_kafka_metadata *told;
    if (!ask(admin, &told, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        const struct rd_kafka_metadata_topic *topic = find(told, topics[i].name);
        topics[i].partitions = topic ? topic->partition_cnt : 0;
    }
    rd_kafka_metadata_destroy(told);
    return true;
}

// --- making

// What is to be made: topics that are not there, and the same as the brokers are asked.
struct making {
    const struct kafka_topic **topics;
    rd_kafka_NewTopic_t **wanted;
    size_t count;
};

static bool refused(const struct kafka_topic *topic, rd_kafka_resp_err_t code, const char *text,
                    struct err *err) {
    const char *words = text ? text : rd_kafka_err2str(code);
    switch ((int)code) {
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
        return err_exit(err, EX_NOPERM,
                        "kafka: topic %s: not allowed to make it: %s; have it made by an "
                        "administrator, or be granted CREATE on it", topic->name, words);
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
        return err_exit(err, EX_CONFIG,
                        "kafka: topic %s: replication %d is more than there are brokers: %s; "
                        "lower kafka.replication", topic->name, topic->replication, words);
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
        return err_exit(err, EX_UNAVAILABLE, "kafka: topic %s: %s", topic->name, words);
    default:
        return err_exit(err, EX_CONFIG, "kafka: topic %s: %s", topic->name, words);
    }
}

// The brokers' words on each topic, in the order they were asked.
static bool read_results(rd_kafka_event_t *event, const struct kafka_topic *const *topics,
                         size_t *made, struct err *err) {
    size_t count = 0;
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    if (code) {
        return refused(topics[0], code, rd_kafka_event_error_string(event), err);
    }
    const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
        rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        code = rd_kafka_topic_result_error(results[i]);
        if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            continue;  // somebody else was quicker
        }
        if (code) {
            return refused(topics[i], code, rd_kafka_topic_result_error_string(results[i]), err);
        }
        (*made)++;
    }
    return true;
}

static bool create(struct kafka_admin *admin, const struct making *making, size_t *made,
                   struct err *err) {
    char text[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin->rk);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(admin->rk, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_AdminOptions_set_request_timeout(options, (int)admin->timeout_ms, text, sizeof(text));
    rd_kafka_AdminOptions_set_operation_timeout(options, (int)admin->timeout_ms, text,
                                                sizeof(text));
    rd_kafka_CreateTopics(admin->rk, making->wanted, making->count, options, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, -1);  // ended by the request's timeout
    bool ok = read_results(event, making->topics, made, err);
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return ok;
}

static rd_kafka_NewTopic_t *describe(const struct kafka_topic *topic, struct err *err) {
    char text[256], retention[24], batch[24];
    rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic->name, topic->partitions,
                                                        topic->replication, text, sizeof(text));
    if (wanted == NULL) {
        err_exit(err, EX_CONFIG, "kafka: topic %s: %s", topic->name, text);
        return NULL;
    }
    snprintf(retention, sizeof(retention), "%lld", (long long)topic->retention_ms);
    snprintf(batch, sizeof(batch), "%d", TOPIC_BATCH_BYTES);
    rd_kafka_NewTopic_set_config(wanted, "retention.ms", retention);
    rd_kafka_NewTopic_set_config(wanted, "max.message.bytes", batch);
    return wanted;
}

static bool is_led(const struct rd_kafka_metadata *told, const char *name) {
    const struct rd_kafka_metadata_topic *topic = find(told, name);
    if (topic == NULL || topic->partition_cnt == 0) {
        return false;
    }
    for (int i = 0; i < topic->partition_cnt; i++) {
        if (topic->partitions[i].leader < 0) {
            return false;
        }
    }
    return true;
}

static const char *first_unled(const struct rd_kafka_metadata *told,
                               const struct kafka_topic *topics, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!is_led(told, topics[i].name)) {
            return topics[i].name;
        }
    }
    return NULL;
}

static bool wait_until_led(struct kafka_admin *admin, const struct kafka_topic *topics,
                           size_t count, struct err *err) {
    enum { AGAIN_MS = 50 };
    int64_t until_ms = clock_steady_ms() + admin->timeout_ms;
    for (;;) {
        const struct rd_kafka_metadata *told;
        if (!ask(admin, &told, err)) {
            return false;
        }
        const char *unled = first_unled(told, topics, count);
        rd_kafka_metadata_destroy(told);
        if (unled == NULL) {
            return true;
        }
        if (clock_steady_ms() >= until_ms) {
            return err_exit(err, EX_UNAVAILABLE,
                            "kafka: topic %s: a partition has no leader after %lld s; are all "
                            "brokers running?", unled, (long long)admin->timeout_ms / 1000);
        }
        rd_kafka_poll(admin->rk, AGAIN_MS);
    }
}

static bool choose(struct kafka_admin *admin, const struct kafka_topic *topics, size_t count,
                   struct making *making, struct err *err) {
    const struct rd_kafka_metadata *told;
    bool ok = true;
    if (!ask(admin, &told, err)) {
        return false;
    }
    for (size_t i = 0; ok && i < count; i++) {
        if (find(told, topics[i].name)) {
            continue;
        }
        making->topics[making->count] = &topics[i];
        making->wanted[making->count] = describe(&topics[i], err);
        ok = making->wanted[making->count] != NULL;
        making->count += ok;
    }
    rd_kafka_metadata_destroy(told);
    return ok;
}

bool kafka_admin_make(struct kafka_admin *admin, const struct kafka_topic *topics, size_t count,
                      size_t *made, struct err *err) {
    struct making making = {.topics = mem_array(count, sizeof(*making.topics)),
                            .wanted = mem_array(count, sizeof(rd_kafka_NewTopic_t *))};
    *made = 0;
    bool ok = choose(admin, topics, count, &making, err) &&
              (making.count == 0 || create(admin, &making, made, err));
    for (size_t i = 0; i < making.count; i++) {
        rd_kafka_NewTopic_destroy(making.wanted[i]);
    }
    mem_free(making.topics);
    mem_free(making.wanted);
    return ok && wait_until_led(admin, topics, count, err);
}

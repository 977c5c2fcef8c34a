#include "gateway/gateway.h"

#include <sysexits.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/enqueue.h"
#include "fleet/station.h"
#include "gateway/batch_work.h"
#include "gateway/call.h"
#include "gateway/courier.h"
#include "gateway/registry.h"
#include "gateway/singles.h"
#include "gateway/watch.h"
#include "io/loop.h"
#include "io/producer.h"
#include "io/tls.h"
#include "job/job.h"

enum {
    QUEUE_RECORDS = 20000,
    QUEUE_BYTES = 32 << 20,  // of records on their way
    // Also what a client that left in the middle of a request, unseen, costs of a connection.
    IDLE_SECONDS = 30,
    HEAD_SECONDS = 10,
    HEAD_BYTES = 7 << 10,  // also what each of ten thousand that wait for events holds
    BEYOND_BYTES = 2 << 20,  // of a file: read, so that the refusal is seen
    POLL_MS = 200,
};

static void on_delivered(void *owner, void *record_owner, const struct err *err) {
    struct gateway *gateway = owner;
    struct delivery *delivery = record_owner;
    if (err && err->kind == ERR_FATAL) {
        gateway->process->fatal(gateway->process->fatal_owner, err);
    }
    delivery->delivered(delivery->owner, err);
}

bool gateway_send(struct gateway *gateway, const struct job *job, struct delivery *delivery,
                  struct err *err) {
    const struct config *config = gateway->process->config;
    const struct config_path *path = config_path_find(config, job->path);
    char topic[TOPIC_TEXT], tier[TOPIC_TEXT], name[TOPIC_TEXT];
    snprintf(tier, sizeof(tier), "%.*s", SLICE_ARGS(job->tier));
    config_lane(tier, path ? path->policy.lane : NULL, name);
    config_topic(config, name, topic);
    return enqueue(gateway->enqueue, producer_topic(gateway->producer, topic), job, delivery, err);
}

static bool open_producer(struct gateway *gateway, struct err *err) {
    const struct config *config = gateway->process->config;
    const struct producer_options options = {
        .kafka = process_kafka(config),
        .compression = config->kafka.compression,
        .queue_records = QUEUE_RECORDS,
        .queue_bytes = QUEUE_BYTES,
        .linger_ms = config->kafka.linger_ms,
    };
    if (!producer_open(&gateway->producer, gateway->process->loop, &options, on_delivered, gateway,
                       err)) {
        return false;
    }
    gateway->enqueue = enqueue_new(gateway->producer);
    return true;
}

static bool open_http(struct gateway *gateway, struct err *err) {
    static const struct httpd_events events = {call_begun, call_piece, call_whole, call_gone};
    const struct config_gateway *config = gateway->settings;
    const struct httpd_options options = {
        .address = config->listen,
        .connections = config->connections,
        .address_connections = config->address_connections,
        .head_seconds = HEAD_SECONDS,
        .idle_seconds = IDLE_SECONDS,
        .head_bytes = HEAD_BYTES,
        .body_bytes = (uint64_t)config->file_bytes + BEYOND_BYTES,
        .tls = config->tls.cert_file != NULL,
    };
    if (gateway->access.keys.made == 0 && !httpd_is_loopback(config->listen)) {
        return err_exit(err, EX_CONFIG, "gateway.listen: %s is open to other machines, and there "
                        "are no API keys: `taskfit key add NAME` makes one, or listen on "
                        "127.0.0.1", config->listen);
    }
    if (options.tls && !tls_serve(config->tls.cert_file, config->tls.key_file, err)) {
        return err_prefix(err, "gateway.tls");
    }
    if (!httpd_open(&gateway->httpd, gateway->process->loop, &options, &events, gateway, err)) {
        return err_prefix(err, "gateway");
    }
    log_info("the API is at %s://%.*s:%d/v1", options.tls ? "https" : "http",
             (int)(strrchr(config->listen, ':') - config->listen), config->listen,
             httpd_port(gateway->httpd));
    return true;
}

// What a SIGHUP brings: the certificate may be a new one. One that is bad leaves the old.
static void reload_turn(struct gateway *gateway) {
    const struct config *newest = gateway->process->config;
    struct err err;
    if (newest == gateway->newest) {
        return;
    }
    gateway->newest = newest;
    if (gateway->settings->tls.cert_file == NULL || newest->gateway.tls.cert_file == NULL) {
        return;
    }
    if (tls_serve(newest->gateway.tls.cert_file, newest->gateway.tls.key_file, &err)) {
        log_info("gateway.tls: the certificate was read again");
    } else {
        log_error("gateway.tls: %s; the certificate stays as it was", err.text);
    }
}

// --- life

bool gateway_open(struct gateway **out, struct process *process, struct err *err) {
    const struct config *config = process->config;
    if (config->gateway.files == NULL) {
        return err_exit(err, EX_CONFIG, "%s: there is no 'gateway', with its folder 'files'",
                        config->file);
    }
    struct gateway *gateway = mem_zalloc(sizeof(*gateway));
    gateway->process = process;
    gateway->first = config_keep(process->config);
    gateway->newest = process->config;
    audit_open(gateway);
    gateway->settings = &gateway->first->gateway;
    *out = gateway;
    if (!folder_open(&gateway->folder, process->loop, config->gateway.files, err) ||
        !access_open(gateway, err) || !open_producer(gateway, err)) {
        return false;
    }
    gateway->asks = asks_open(process);
    gateway->batches = batch_work_new(gateway);
    gateway->registry = registry_new(gateway);
    gateway->singles = singles_new(gateway);
    gateway->watch = watch_new(gateway);
    gateway->courier = courier_new(gateway);
    return open_http(gateway, err);
}

void gateway_close(struct gateway *gateway) {
    if (gateway->httpd) {
        httpd_close(gateway->httpd);
    }
    if (gateway->courier) {
        courier_free(gateway->courier);
    }
    if (gateway->watch) {
        watch_free(gateway->watch);
    }
    if (gateway->singles) {
        singles_free(gateway->singles);
    }
    if (gateway->registry) {
        registry_free(gateway->registry);
    }
    if (gateway->batches) {
        batch_work_free(gateway->batches);
    }
    if (gateway->asks) {
        asks_close(gateway->asks);
    }
    if (gateway->producer) {
        enqueue_free(gateway->enqueue);
        producer_close(gateway->producer, 0);
    }
    if (gateway->folder) {
        folder_close(gateway->folder);
    }
    access_close(gateway);
    quota_close(gateway);
    audit_close(gateway);
    tls_forget();
    config_release(gateway->first);
    mem_free(gateway);
}

int64_t gateway_turn(struct gateway *gateway, int64_t now_ms) {
    producer_poll(gateway->producer);
    reload_turn(gateway);
    access_turn(gateway, now_ms);
    quota_turn(gateway, now_ms);
    int64_t wait_ms = sooner_ms(POLL_MS, batch_work_turn(gateway->batches, now_ms));
    wait_ms = sooner_ms(wait_ms, singles_turn(gateway->singles, now_ms));
    registry_turn(gateway->registry);
    wait_ms = sooner_ms(wait_ms, watch_turn(gateway->watch, now_ms));
    wait_ms = sooner_ms(wait_ms, audit_turn(gateway, now_ms));
    wait_ms = sooner_ms(wait_ms, courier_turn(gateway->courier, now_ms));
    return sooner_ms(wait_ms, asks_turn(gateway->asks, now_ms));
}

void gateway_drain(struct gateway *gateway, int64_t now_ms) {
    gateway->draining = true;
    gateway->drain_until_ms = now_ms + gateway->process->config->limits.drain_ms;
    httpd_quiesce(gateway->httpd);
    batch_work_drain(gateway->batches);
    watch_drain(gateway->watch);
}

bool gateway_drained(const struct gateway *gateway) {
    bool idle = gateway->calls == 0 && asks_open_count(gateway->asks) == 0 &&
                courier_idle(gateway->courier) && list_empty(&gateway->audit.rows);
    return gateway->draining &&
           (idle || loop_now_ms(gateway->process->loop) >= gateway->drain_until_ms);
}

bool gateway_ready(const struct gateway *gateway) {
    return asks_reachable(gateway->asks);
}

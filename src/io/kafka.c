#include "io/kafka.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"

bool kafka_set(struct rd_kafka_conf_s *conf, const char *name, const char *value,
               struct err *err) {
    char text[256];
    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != RD_KAFKA_CONF_OK) {
        return err_exit(err, EX_CONFIG, "kafka: %s: %s", name, text);
    }
    return true;
}

// librdkafka repeats itself while a broker is away: its own words are for debugging, the fleet says
// what it means. That an offset is out of range nobody else is told.
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text) {
    (void)rk;
    if (level <= 2) {
        log_warn("kafka: %s: %s", facility, text);
    } else if (strcmp(facility, "OFFSET") == 0) {
        log_warn("kafka: %s; records were removed before they were read", text);
    } else {
        log_debug("kafka: %s: %s", facility, text);
    }
}

struct rd_kafka_conf_s *kafka_conf(const struct kafka_options *options, struct err *err) {
    const struct {
        const char *name, *value;
    } settings[] = {
        {"bootstrap.servers", options->brokers},
        {"security.protocol", options->security},
        {"sasl.mechanisms", options->sasl_mechanism},
        {"sasl.username", options->sasl_username},
        {"sasl.password", options->sasl_password},
        {"ssl.ca.location", options->ca_file},
        {"ssl.certificate.location", options->certificate_file},
        {"ssl.key.location", options->key_file},
        {"client.id", "taskfit"},
        {"socket.nagle.disable", "true"},
        {"reconnect.backoff.max.ms", "2000"},
        // A broker that comes back may leave a request without an answer; the default waits 60 s.
        {"socket.timeout.ms", "10000"},
        {"log.connection.close", "false"},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (settings[i].value && !kafka_set(conf, settings[i].name, settings[i].value, err)) {
            rd_kafka_conf_destroy(conf);
            return NULL;
        }
    }
    rd_kafka_conf_set_log_cb(conf, on_log);
    return conf;
}

// What consumer, producer and administration share: how to reach the brokers (librdkafka).
#ifndef TASKFIT_IO_KAFKA_H
#define TASKFIT_IO_KAFKA_H

#include "base/err.h"
#include "base/slice.h"

struct kafka_options {
    const char *brokers;
    const char *security;  // plaintext, ssl, sasl_plaintext, sasl_ssl
    const char *sasl_mechanism, *sasl_username, *sasl_password;  // NULL: not set
    const char *ca_file, *certificate_file, *key_file;
};

struct kafka_header {
    const char *name;
    struct slice value;
};

// librdkafka's settings from the options, for the other files of io; NULL with err set.
struct rd_kafka_conf_s *kafka_conf(const struct kafka_options *options, struct err *err);
// Sets one; what librdkafka refuses is EX_CONFIG.
bool kafka_set(struct rd_kafka_conf_s *conf, const char *name, const char *value,
               struct err *err) MUST_CHECK;

#endif

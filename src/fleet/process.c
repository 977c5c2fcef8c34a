#include "fleet/process.h"

struct kafka_options process_kafka(const struct config *config) {
    static const char *const security[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
    const struct config_kafka *kafka = &config->kafka;
    return (struct kafka_options){
        .brokers = kafka->brokers,
        .security = security[kafka->security],
        .sasl_mechanism = kafka->sasl_mechanism,
        .sasl_username = kafka->sasl_username,
        .sasl_password = kafka->sasl_password,
        .ca_file = kafka->ca_file,
        .certificate_file = kafka->certificate_file,
        .key_file = kafka->key_file,
    };
}

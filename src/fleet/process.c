#include "fleet/process.h"

#include <sys/resource.h>

// Twice the largest record that a producer takes, whatever the limit on memory is.
enum { BUFFER_LEAST = 8 << 20, BUFFER_SHARE = 8 };

size_t process_buffer_bytes(const struct process *process) {
    size_t share = (size_t)process->config->limits.memory_bytes / BUFFER_SHARE;
    return share > BUFFER_LEAST ? share : BUFFER_LEAST;
}

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

// A limit of one byte keeps it from being piped to a program, too; with 0 the kernel would do that.
void process_keep_secrets(void) {
    const struct rlimit least = {1, 1};
    setrlimit(RLIMIT_CORE, &least);
}

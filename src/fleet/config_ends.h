// The parts of the configuration that say where a process meets the world: brokers, stores of
// attachments, the HTTP API.
#ifndef TASKFIT_FLEET_CONFIG_ENDS_H
#define TASKFIT_FLEET_CONFIG_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "job/attachment.h"

struct config_kafka {
    const char *brokers;
    const char *prefix;  // of topics: <prefix>.jobs.<tier>, <prefix>.results, …
    uint32_t partitions;
    uint32_t replication;
    int64_t retention_ms;
    int security;  // enum config_security
    const char *sasl_mechanism, *sasl_username, *sasl_password;
    const char *ca_file, *certificate_file, *key_file;
    int64_t session_timeout_ms;
    const char *compression;
    int64_t fetch_bytes;  // fetched ahead of what is taken, over all partitions
    int64_t linger_ms;    // wait for more records to a request
};

enum config_security {
    SECURITY_PLAINTEXT,
    SECURITY_SSL,
    SECURITY_SASL_PLAINTEXT,
    SECURITY_SASL_SSL,
};

enum { PREFIXES_MOST = 32 };

// What a job may carry beside its input, and where the rest of it is fetched from.
struct config_attachments {
    struct attachment_limits limits;
    struct config_prefix {
        struct slice uri;  // in its one form (job/uri.h), ended by '/'
        bool private;      // its host may be anywhere
    } prefixes[PREFIXES_MOST];
    uint32_t prefix_count;
    int64_t timeout_ms;
};

struct config_gateway {
    const char *listen;
    const char *files;     // the folder; NULL: no gateway is configured
    int64_t file_bytes;
    uint32_t file_lines;
    int64_t wait_ms;
    uint32_t connections, address_connections;
    int64_t memory_bytes;  // held for bodies of requests
    // What sessions are signed with and secrets of webhooks sealed; NULL: none.
    const char *secret;
    int64_t session_ms;
    struct {
        const char *cert_file, *key_file;  // NULL: no TLS
    } tls;
    int64_t keep_ms;       // conversations and responses, from their last use
    uint32_t turns;        // of a conversation
    int64_t turn_bytes;    // of all of them
    struct config_hooks {
        const char *const *allow;  // beginnings of URLs
        uint32_t allow_count;
        bool private;
        int64_t timeout_ms, wait_ms, wait_most_ms, for_ms, keep_ms;
        uint32_t in_flight;
    } hooks;
};

#endif

#include "base/file.h"
#include "fleet/config_parts.h"

enum { SECRET_LEAST = 32 };

struct draft {
    struct config_gateway gateway;
    const struct conf_node *tls, *hooks, *allow;
};

#define GATEWAY(member) offsetof(struct draft, gateway.member)
// clang-format off
static const struct conf_row rows[] = {
    {"listen", CONF_TEXT, GATEWAY(listen), "127.0.0.1:8080", 0, 0, NULL,
     "host:port of the API; without API keys only 127.0.0.1"},
    {"files", CONF_TEXT, GATEWAY(files), NULL, 0, 0, NULL,
     "a folder for the bytes of uploaded files and of results; it must be there"},
    {"file_bytes", CONF_SIZE, GATEWAY(file_bytes), "200MiB", 1024, 1099511627776, NULL,
     "most of an uploaded file"},
    {"file_lines", CONF_COUNT, GATEWAY(file_lines), "50000", 1, 100000000, NULL,
     "most lines of a batch"},
    {"wait", CONF_DURATION, GATEWAY(wait_ms), "60s", 1000, 3600000, NULL,
     "how long a request waits for its job's outcome; the job expires with it"},
    {"connections", CONF_COUNT, GATEWAY(connections), "1000", 1, 100000, NULL, "open at a time"},
    {"address_connections", CONF_COUNT, GATEWAY(address_connections), "500", 1, 100000, NULL,
     "of them, from one address; a proxy before the gateway is one"},
    {"memory", CONF_SIZE, GATEWAY(memory_bytes), "64MiB", 1 << 20, 1099511627776, NULL,
     "held for bodies of requests; what does not fit is told to come again"},
    {"keep", CONF_DURATION, GATEWAY(keep_ms), "30d", 1000, 315360000000, NULL,
     "how long conversations, from their last use, and responses can be asked about"},
    {"turns", CONF_COUNT, GATEWAY(turns), "100", 1, 1000, NULL,
     "of a conversation that are kept and that a model sees; the oldest are dropped"},
    {"turn_bytes", CONF_SIZE, GATEWAY(turn_bytes), "256KiB", 1024, 16 << 20, NULL,
     "the same, in bytes of what was said"},
    {"secret", CONF_SECRET, GATEWAY(secret), "", 0, 0, NULL,
     "of 32 bytes or more, the same for all gateways: what browsers' sessions are signed with, and "
     "secrets of webhooks sealed; absent: sessions hold for one process, there are no webhooks"},
    {"session", CONF_DURATION, GATEWAY(session_ms), "12h", 60000, 2592000000, NULL,
     "how long a browser stays logged in"},
    {"tls", CONF_NODE, offsetof(struct draft, tls), "", 0, 0, "map",
     "what it is served with over TLS, below; absent: without"},
    {"webhooks", CONF_NODE, offsetof(struct draft, hooks), "", 0, 0, "map",
     "how events are delivered, below"},
};

#define TLS(member) offsetof(struct draft, gateway.tls.member)
static const struct conf_row tls_rows[] = {
    {"cert_file", CONF_TEXT, TLS(cert_file), NULL, 0, 0, NULL,
     "the certificate with those that it depends on, PEM; read again at SIGHUP"},
    {"key_file", CONF_TEXT, TLS(key_file), NULL, 0, 0, NULL, "its private key, PEM; likewise"},
};

#define HOOKS(member) offsetof(struct draft, gateway.hooks.member)
static const struct conf_row hook_rows[] = {
    {"allow", CONF_NODE, offsetof(struct draft, allow), "", 0, 0, "list",
     "what URLs of webhooks begin with, each with its host and the / after it: "
     "[\"https://hooks.example.com/\"]; absent: there are none"},
    {"private", CONF_SWITCH, HOOKS(private), "false", 0, 0, NULL,
     "whether names may mean addresses that are not public (this machine, private networks)"},
    {"timeout", CONF_DURATION, HOOKS(timeout_ms), "15s", 10, 300000, NULL, "of one delivery"},
    {"in_flight", CONF_COUNT, HOOKS(in_flight), "8", 1, 256, NULL,
     "deliveries under way to one endpoint, of all gateways"},
    {"base", CONF_DURATION, HOOKS(wait_ms), "5s", 1, 3600000, NULL,
     "the first wait after a failure is drawn from 0 to this, each later one from twice as much"},
    {"cap", CONF_DURATION, HOOKS(wait_most_ms), "6h", 1, 86400000, NULL, "the longest such wait"},
    {"for", CONF_DURATION, HOOKS(for_ms), "3d", 1, 2592000000, NULL,
     "a delivery that fails after this is dead, and can be replayed"},
    {"keep", CONF_DURATION, HOOKS(keep_ms), "7d", 60000, 31536000000, NULL,
     "how long deliveries that are over can be looked at and replayed"},
};
// clang-format on
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
static const struct conf_table table = {"gateway", rows, COUNT(rows)};
static const struct conf_table tls_table = {"gateway.tls", tls_rows, COUNT(tls_rows)};
static const struct conf_table hook_table = {"gateway.webhooks", hook_rows, COUNT(hook_rows)};

// Without the / a host's name could go on: https://hooks.example.com.evil.example/
static bool read_hooks(struct config *config, struct draft *draft, struct err *err) {
    struct config_hooks *hooks = &draft->gateway.hooks;
    if (!conf_fill(&hook_table, draft->hooks, draft, &config->arena, err)) {
        return false;
    }
    if (draft->allow &&
        !config_texts(config, draft->allow, &hooks->allow, &hooks->allow_count, err)) {
        return false;
    }
    for (const struct conf_node *n = draft->allow ? draft->allow->children : NULL; n; n = n->next) {
        const char *host = strstr(n->text, "://");
        bool web = strncmp(n->text, "https://", 8) == 0 || strncmp(n->text, "http://", 7) == 0;
        if (!web || strchr(host + 3, '/') == NULL || strchr(host + 3, '/') == host + 3 ||
            strchr(n->text, '@')) {
            return conf_error(n, err, "'%s' is no beginning of URLs such as "
                              "https://hooks.example.com/, with the / after the host", n->text);
        }
    }
    return true;
}

bool config_gateway_read(struct config *config, const struct conf_node *node, struct err *err) {
    struct config_gateway *gateway = &config->gateway;
    struct draft draft = {0};
    if (node == NULL) {
        return true;
    }
    if (!conf_fill(&table, node, &draft, &config->arena, err) ||
        !config_listen_check(config_at(node, "listen"), draft.gateway.listen, err) ||
        (draft.tls && !conf_fill(&tls_table, draft.tls, &draft, &config->arena, err)) ||
        !read_hooks(config, &draft, err)) {
        return false;
    }
    *gateway = draft.gateway;
    if (gateway->secret && strlen(gateway->secret) < SECRET_LEAST) {
        return conf_error(config_at(node, "secret"), err,
                          "of %d bytes or more, for example by `openssl rand -hex 32`",
                          SECRET_LEAST);
    }
    gateway->files = file_beside(node->file, gateway->files, &config->arena);
    if (draft.tls) {
        gateway->tls.cert_file = file_beside(node->file, gateway->tls.cert_file, &config->arena);
        gateway->tls.key_file = file_beside(node->file, gateway->tls.key_file, &config->arena);
    }
    return true;
}

void config_gateway_reference(FILE *out) {
    conf_reference(&table, out);
    conf_reference(&tls_table, out);
    conf_reference(&hook_table, out);
}

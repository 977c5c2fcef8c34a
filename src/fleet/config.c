#include "fleet/config.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "fleet/config_certificate.h"
#include "fleet/config_parts.h"
#include "io/jq.h"
#include "io/yaml.h"

struct draft {
    const struct conf_node *kafka, *postgres, *limits, *models, *tiers, *lanes, *paths, *gateway,
        *attachments;
    const char *listen;
    int log_level;
};

struct draft_postgres {
    const char *url;
};

// clang-format off
#define TOP(member) offsetof(struct draft, member)
static const struct conf_row top_rows[] = {
    {"kafka", CONF_NODE, TOP(kafka), NULL, 0, 0, "map", "the brokers, below"},
    {"postgres", CONF_NODE, TOP(postgres), NULL, 0, 0, "map", "the database, below"},
    {"models", CONF_NODE, TOP(models), NULL, 0, 0, "map", "name@version: a model, below"},
    {"tiers", CONF_NODE, TOP(tiers), NULL, 0, 0, "map", "name: a tier, below"},
    {"lanes", CONF_NODE, TOP(lanes), "", 0, 0, "map",
     "name: weight, from 1 to 1000: up to 7 lanes that a path can name; each is a topic of its own "
     "in every tier, and its jobs get that part of the calls; `default`: those of paths that name "
     "none, else 1"},
    {"paths", CONF_NODE, TOP(paths), NULL, 0, 0, "map", "name: a path, below"},
    {"limits", CONF_NODE, TOP(limits), "", 0, 0, "map", "what bounds each process, below"},
    {"attachments", CONF_NODE, TOP(attachments), "", 0, 0, "map",
     "what a job may carry beside its input, below"},
    {"gateway", CONF_NODE, TOP(gateway), "", 0, 0, "map", "the HTTP API, below"},
    {"listen", CONF_TEXT, TOP(listen), "", 0, 0, NULL,
     "host:port of /metrics, /healthz and /readyz; port 0: any free one; absent: none"},
    {"log_level", CONF_CHOICE, TOP(log_level), "info", 0, 0, "error warn info debug",
     "the least important events that are logged"},
};

#define KAFKA(member) offsetof(struct config_kafka, member)
static const struct conf_row kafka_rows[] = {
    {"brokers", CONF_TEXT, KAFKA(brokers), NULL, 0, 0, NULL,
     "host:port of some of the brokers, with commas between"},
    {"prefix", CONF_TEXT, KAFKA(prefix), "taskfit", 0, 0, NULL,
     "of the topics: <prefix>.jobs.<tier>, .jobs.<tier>.<lane>, .results, .decisions, .dead"},
    {"partitions", CONF_COUNT, KAFKA(partitions), "4", 1, 10000, NULL,
     "of a topic that `taskfit init` makes: the most workers a tier can have"},
    {"replication", CONF_COUNT, KAFKA(replication), "1", 1, 100, NULL,
     "copies of a topic that `taskfit init` makes; 3 where brokers may be lost"},
    {"retention", CONF_DURATION, KAFKA(retention_ms), "7d", 60000, 315360000000, NULL,
     "how long a topic that `taskfit init` makes keeps its records"},
    {"security", CONF_CHOICE, KAFKA(security), "plaintext", 0, 0,
     "plaintext ssl sasl_plaintext sasl_ssl", "how the brokers are spoken to"},
    {"sasl_mechanism", CONF_TEXT, KAFKA(sasl_mechanism), "", 0, 0,
     "PLAIN SCRAM-SHA-256 SCRAM-SHA-512", "with security sasl_plaintext or sasl_ssl"},
    {"sasl_username", CONF_TEXT, KAFKA(sasl_username), "", 0, 0, NULL, "likewise"},
    {"sasl_password", CONF_SECRET, KAFKA(sasl_password), "", 0, 0, NULL, "likewise"},
    {"ca_file", CONF_TEXT, KAFKA(ca_file), "", 0, 0, NULL,
     "certificates that sign the brokers' own (PEM); absent: the system's"},
    {"certificate_file", CONF_TEXT, KAFKA(certificate_file), "", 0, 0, NULL,
     "the client's certificate (PEM), where brokers ask for one"},
    {"key_file", CONF_TEXT, KAFKA(key_file), "", 0, 0, NULL, "its private key (PEM)"},
    {"session_timeout", CONF_DURATION, KAFKA(session_timeout_ms), "10s", 6000, 1800000, NULL,
     "a process that was not heard of for so long loses its partitions"},
    {"compression", CONF_TEXT, KAFKA(compression), "lz4", 0, 0, "none gzip snappy lz4 zstd",
     "of what is produced"},
    {"fetch_bytes", CONF_SIZE, KAFKA(fetch_bytes), "16MiB", 1 << 20, 2047 << 20, NULL,
     "fetched ahead of what is taken, over all partitions"},
    {"linger", CONF_DURATION, KAFKA(linger_ms), "2ms", 0, 10000, NULL,
     "wait for more records to a request"},
};

static const struct conf_row postgres_rows[] = {
    {"url", CONF_SECRET, offsetof(struct draft_postgres, url), NULL, 0, 0, NULL,
     "postgresql://user:password@host:port/database, as ${NAME} or in a file"},
};

#define LIMIT(member) offsetof(struct config_limits, member)
static const struct conf_row limits_rows[] = {
    {"in_flight", CONF_COUNT, LIMIT(in_flight), "2048", 1, 100000, NULL,
     "calls at a time, over all models of the tier, answers not stored yet included"},
    {"shadows", CONF_COUNT, LIMIT(shadows), "64", 1, 10000, NULL,
     "calls of shadow models at a time; as many wait, and beyond that none is made"},
    {"hops", CONF_COUNT, LIMIT(hops), "8192", 1, 1000000, NULL,
     "jobs held in memory, from taken to finished"},
    {"memory", CONF_SIZE, LIMIT(memory_bytes), "512MiB", 1 << 20, 1099511627776, NULL,
     "held for jobs; nothing is taken above it; results on their way out add at most an eighth"},
    {"input", CONF_SIZE, LIMIT(input_bytes), "1MiB", 1024, 16 << 20, NULL, "of one job's input"},
    {"depth", CONF_COUNT, LIMIT(input_depth), "64", 1, 1000, NULL, "of an input's nesting"},
    {"offset_span", CONF_COUNT, LIMIT(offset_span), "100000", 1, 10000000, NULL,
     "taken offsets of a partition beyond the committed one: what a crash replays"},
    {"store_rows", CONF_COUNT, LIMIT(store_rows), "1000", 1, 10000, NULL,
     "most rows a statement; fewer where their documents come to 16 MiB"},
    {"store_linger", CONF_DURATION, LIMIT(store_linger_ms), "5ms", 0, 10000, NULL,
     "longest wait for more rows to a statement"},
    {"commit", CONF_DURATION, LIMIT(commit_ms), "500ms", 1, 60000, NULL,
     "between commits of offsets"},
    {"start", CONF_DURATION, LIMIT(start_ms), "60s", 0, 3600000, NULL,
     "wait for brokers or a database that cannot be reached when the process starts; then exit 69"},
    {"drain", CONF_DURATION, LIMIT(drain_ms), "25s", 0, 3600000, NULL,
     "from SIGTERM to the end; shorter than the supervisor's patience"},
    {"database_timeout", CONF_DURATION, LIMIT(database_timeout_ms), "30s", 100, 3600000, NULL,
     "of one statement"},
};
// clang-format on

#define TABLE(place, rows) {place, rows, sizeof(rows) / sizeof((rows)[0])}
static const struct conf_table top_table = TABLE("the file", top_rows);
static const struct conf_table kafka_table = TABLE("kafka", kafka_rows);
static const struct conf_table postgres_table = TABLE("postgres", postgres_rows);
static const struct conf_table limits_table = TABLE("limits", limits_rows);

void config_reference(FILE *out) {
    conf_reference(&top_table, out);
    conf_reference(&kafka_table, out);
    conf_reference(&postgres_table, out);
    conf_reference(&limits_table, out);
    config_models_reference(out);
    config_tiers_reference(out);
    config_paths_reference(out);
    config_attachments_reference(out);
    config_gateway_reference(out);
}

// --- what parts share

const struct conf_node *config_at(const struct conf_node *map, const char *key) {
    const struct conf_node *node = conf_get(map, key);
    return node ? node : map;
}

bool config_name_check(const struct config_naming *naming, const struct conf_node *node,
                       const char *name, struct err *err) {
    size_t len = strlen(name);
    bool good = len > 0 && len <= naming->most;
    for (size_t i = 0; i < len; i++) {
        good = good && (isalnum((unsigned char)name[i]) || strchr(naming->also, name[i]));
    }
    return good || conf_error(node, err,
                              "%s is named by 1 to %zu letters, digits and characters of '%s'",
                              naming->what, naming->most, naming->also);
}

const char *config_hint(struct config *config, const char *name, const char *const *names,
                        size_t count) {
    const char *nearest = conf_nearest(name, names, count);
    return nearest ? arena_printf(&config->arena, "; did you mean '%s'?", nearest).at : "";
}

size_t config_children(const struct conf_node *node) {
    size_t count = 0;
    for (const struct conf_node *child = node->children; child; child = child->next) {
        count++;
    }
    return count;
}

bool config_texts(struct config *config, const struct conf_node *list, const char *const **texts,
                  uint32_t *count, struct err *err) {
    size_t children = config_children(list);
    if (children == 0 || children > CONFIG_LABELS_MOST) {
        return conf_error(list, err, "here are %zu; allowed are 1 to %d", children,
                          CONFIG_LABELS_MOST);
    }
    const char **all = arena_alloc(&config->arena, children * sizeof(*all));
    uint32_t n = 0;
    for (const struct conf_node *node = list->children; node; node = node->next) {
        if (node->type != CONF_SCALAR || node->text[0] == '\0') {
            return conf_error(node, err, "this is not a text");
        }
        for (uint32_t i = 0; i < n; i++) {
            if (strcmp(all[i], node->text) == 0) {
                char shown[CONF_SHOWN];
                return conf_error(node, err, "%s is twice in this list", conf_shown(node, shown));
            }
        }
        all[n++] = node->text;
    }
    *texts = all;
    *count = n;
    return true;
}

// --- kafka

static bool sasl_check(const struct config_kafka *kafka, const struct conf_node *node,
                       struct err *err) {
    const bool sasl = kafka->security == SECURITY_SASL_PLAINTEXT ||
                      kafka->security == SECURITY_SASL_SSL;
    const bool all = kafka->sasl_mechanism && kafka->sasl_username && kafka->sasl_password;
    const bool any = kafka->sasl_mechanism || kafka->sasl_username || kafka->sasl_password;
    if (sasl && !all) {
        return conf_error(config_at(node, "security"), err,
                          "this needs sasl_mechanism, sasl_username and sasl_password");
    }
    if (!sasl && any) {
        return conf_error(node, err, "sasl_… needs 'security: sasl_ssl' or sasl_plaintext");
    }
    return true;
}

// Files that librdkafka opens: found here, where file and line can be named.
static bool pem_find(struct config *config, const struct conf_node *kafka, const char *key,
                     const char **file, struct err *err) {
    if (*file == NULL) {
        return true;
    }
    const struct conf_node *node = conf_get(kafka, key);
    *file = file_beside(node->file, *file, &config->arena);
    return access(*file, R_OK) == 0 ||
           conf_error(node, err, "%s cannot be read", *file);
}

// Names, IPv4 and [IPv6] with ports; librdkafka's own word for anything else is "no brokers".
static bool brokers_check(const struct conf_node *node, const char *brokers, struct err *err) {
    bool good = strstr(brokers, "://") == NULL;
    for (const char *p = brokers; *p; p++) {
        good = good && (isalnum((unsigned char)*p) || strchr(".-_:[], ", *p));
    }
    return good || conf_error(node, err, "this is not host:port,host:port,…");
}

static bool kafka_read(struct config *config, const struct conf_node *node, struct err *err) {
    static const struct config_naming naming = {"a topic's prefix", "._-", 128};
    struct config_kafka *kafka = &config->kafka;
    if (!conf_fill(&kafka_table, node, kafka, &config->arena, err) ||
        !brokers_check(conf_get(node, "brokers"), kafka->brokers, err) ||
        !config_name_check(&naming, config_at(node, "prefix"), kafka->prefix, err) ||
        !sasl_check(kafka, node, err)) {
        return false;
    }
    const bool tls = kafka->security == SECURITY_SSL || kafka->security == SECURITY_SASL_SSL;
    if (!tls && (kafka->ca_file || kafka->certificate_file || kafka->key_file)) {
        return conf_error(node, err, "certificates need 'security: ssl' or sasl_ssl");
    }
    return pem_find(config, node, "ca_file", &kafka->ca_file, err) &&
           pem_find(config, node, "certificate_file", &kafka->certificate_file, err) &&
           pem_find(config, node, "key_file", &kafka->key_file, err);
}

// --- the rest of the top

bool config_listen_check(const struct conf_node *node, const char *listen, struct err *err) {
    const char *colon = strrchr(listen, ':');
    const char *port = colon ? colon + 1 : "";
    size_t digits = strspn(port, "0123456789");
    if (colon == NULL || colon == listen || digits == 0 || digits > 5 || port[digits] != '\0' ||
        strtol(port, NULL, 10) > 65535) {
        return conf_error(node, err, "this is not host:port, such as 127.0.0.1:9100");
    }
    return true;
}

static bool limits_read(struct config *config, const struct conf_node *node, struct err *err) {
    struct config_limits *limits = &config->limits;
    if (!conf_fill(&limits_table, node, limits, &config->arena, err)) {
        return false;
    }
    return limits->in_flight <= limits->hops ||
           conf_error(config_at(node, "in_flight"), err,
                      "%u calls at a time need as many jobs in memory; 'hops' is %u",
                      limits->in_flight, limits->hops);
}

static bool postgres_read(struct config *config, const struct conf_node *node, struct err *err) {
    struct draft_postgres draft;
    if (!conf_fill(&postgres_table, node, &draft, &config->arena, err)) {
        return false;
    }
    config->database_url = draft.url;
    return true;
}

static bool root_read(struct config *config, const struct conf_node *root, struct err *err) {
    struct draft draft;
    if (!conf_fill(&top_table, root, &draft, &config->arena, err) ||
        (draft.listen &&
         !config_listen_check(conf_get(root, "listen"), draft.listen, err))) {
        return false;
    }
    config->listen = draft.listen;
    config->log_level = draft.log_level;
    return kafka_read(config, draft.kafka, err) && postgres_read(config, draft.postgres, err) &&
           limits_read(config, draft.limits, err) &&
           config_attachments_read(config, draft.attachments, err) &&
           config_models_read(config, draft.models, err) &&
           config_tiers_read(config, draft.tiers, err) &&
           config_lanes_read(config, draft.lanes, err) &&
           config_paths_read(config, draft.paths, err) &&
           config_gateway_read(config, draft.gateway, err);
}

// --- life

static bool load(const char *file, bool to_tune, struct config **config, struct err *err) {
    struct config *c = mem_zalloc(sizeof(*c));
    struct conf_node *root;
    c->references = 1;
    c->to_tune = to_tune;
    arena_pool_init(&c->pool, 0);
    arena_init(&c->arena, &c->pool);
    c->file = arena_string(&c->arena, slice_of(file));
    if (!yaml_read(file, &root, &c->arena, err) || !root_read(c, root, err)) {
        config_release(c);
        *config = NULL;
        return false;
    }
    *config = c;
    return true;
}

bool config_load(const char *file, struct config **config, struct err *err) {
    return load(file, false, config, err);
}

bool config_load_to_tune(const char *file, struct config **config, struct err *err) {
    return load(file, true, config, err);
}

struct config *config_keep(struct config *config) {
    config->references++;
    return config;
}

void config_release(struct config *config) {
    if (config == NULL) {
        return;
    }
    assert(config->references > 0);
    if (--config->references > 0) {
        return;
    }
    for (uint32_t i = 0; i < config->model_count; i++) {
        jq_free(config->models[i].prompt);
        jq_free(config->models[i].reply);
    }
    for (uint32_t i = 0; i < config->path_count; i++) {
        rules_unload(&config->paths[i].rules);
    }
    arena_fini(&config->arena);
    arena_pool_fini(&config->pool);
    mem_free(config);
}

// --- finding

const struct config_path *config_path_find(const struct config *config, struct slice name) {
    for (uint32_t i = 0; i < config->path_count; i++) {
        if (slice_is(name, config->paths[i].policy.name)) {
            return &config->paths[i];
        }
    }
    return NULL;
}

const struct config_tier *config_tier_find(const struct config *config, struct slice name) {
    for (uint32_t i = 0; i < config->tier_count; i++) {
        if (slice_is(name, config->tiers[i].name)) {
            return &config->tiers[i];
        }
    }
    return NULL;
}

const struct config_model *config_model_find(const struct config *config, struct slice name) {
    for (uint32_t i = 0; i < config->model_count; i++) {
        if (slice_is(name, config->models[i].model.name)) {
            return &config->models[i];
        }
    }
    return NULL;
}

void config_topic(const struct config *config, const char *name, char text[TOPIC_TEXT]) {
    static const char *const others[] = {"results", "decisions", "dead"};
    const char *between = ".jobs";
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(name, others[i]) == 0) {
            between = "";
        }
    }
    snprintf(text, TOPIC_TEXT, "%s%s.%s", config->kafka.prefix, between, name);
}

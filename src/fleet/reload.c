#include "fleet/reload.h"

#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "fleet/startup.h"

enum { KAFKA_MS = 3000 };

// What is read only when a process starts.
struct fixed {
    const char *key;
    size_t offset;
    enum { TEXT, WORD, LONG_WORD } kind;
    // true: it says where work comes from and goes to, and half of a change would be worse than
    // none. false: the old value holds until the restart.
    bool refused;
};

// clang-format off
#define AT(member) offsetof(struct config, member)
static const struct fixed fixed_rows[] = {
    {"kafka.brokers", AT(kafka.brokers), TEXT, true},
    {"kafka.prefix", AT(kafka.prefix), TEXT, true},
    {"kafka.security", AT(kafka.security), WORD, true},
    {"kafka.sasl_mechanism", AT(kafka.sasl_mechanism), TEXT, true},
    {"kafka.sasl_username", AT(kafka.sasl_username), TEXT, true},
    {"kafka.sasl_password", AT(kafka.sasl_password), TEXT, true},
    {"kafka.ca_file", AT(kafka.ca_file), TEXT, true},
    {"kafka.certificate_file", AT(kafka.certificate_file), TEXT, true},
    {"kafka.key_file", AT(kafka.key_file), TEXT, true},
    {"postgres.url", AT(database_url), TEXT, true},
    {"kafka.session_timeout", AT(kafka.session_timeout_ms), LONG_WORD, false},
    {"kafka.compression", AT(kafka.compression), TEXT, false},
    {"kafka.fetch_bytes", AT(kafka.fetch_bytes), LONG_WORD, false},
    {"kafka.linger", AT(kafka.linger_ms), LONG_WORD, false},
    {"limits.database_timeout", AT(limits.database_timeout_ms), LONG_WORD, false},
    {"listen", AT(listen), TEXT, false},
    {"gateway.listen", AT(gateway.listen), TEXT, false},
    {"gateway.connections", AT(gateway.connections), WORD, false},
    {"gateway.files", AT(gateway.files), TEXT, false},
    {"gateway.file_bytes", AT(gateway.file_bytes), LONG_WORD, false},
    {"gateway.file_lines", AT(gateway.file_lines), WORD, false},
    {"gateway.wait", AT(gateway.wait_ms), LONG_WORD, false},
    {"gateway.memory", AT(gateway.memory_bytes), LONG_WORD, false},
};
// clang-format on
enum { FIXED_COUNT = sizeof(fixed_rows) / sizeof(fixed_rows[0]) };

static bool same_text(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool is_same(const struct fixed *row, const struct config *a, const struct config *b) {
    const char *x = (const char *)a + row->offset, *y = (const char *)b + row->offset;
    switch (row->kind) {
    case TEXT: return same_text(*(const char *const *)(const void *)x,
                                *(const char *const *)(const void *)y);
    case WORD: return memcmp(x, y, sizeof(int)) == 0;
    case LONG_WORD: return memcmp(x, y, sizeof(int64_t)) == 0;
    }
    return false;
}

static bool same_lanes(const struct config *old, const struct config *fresh) {
    bool same = old->lane_count == fresh->lane_count;
    for (uint32_t i = 0; i < fresh->lane_count && same; i++) {
        same = config_lane_find(old, slice_of(fresh->lanes[i].name)) >= 0;
    }
    return same;
}

bool reload_allowed(const struct config *old, const struct config *fresh, const char *tier,
                    struct err *err) {
    for (int i = 0; i < FIXED_COUNT; i++) {
        if (fixed_rows[i].refused && !is_same(&fixed_rows[i], old, fresh)) {
            return err_exit(err, EX_CONFIG, "%s: %s was changed, which needs a restart",
                            fresh->file, fixed_rows[i].key);
        }
    }
    if (!same_lanes(old, fresh)) {
        return err_exit(err, EX_CONFIG, "%s: the names of lanes were changed, which needs a "
                        "restart; their weights may be", fresh->file);
    }
    if (tier && config_tier_find(fresh, slice_of(tier)) == NULL) {
        return err_exit(err, EX_CONFIG, "%s: tiers.%s is gone, whose jobs this process takes; "
                        "stop it, or put the tier back", fresh->file, tier);
    }
    return true;
}

static bool has_new_tier(const struct config *old, const struct config *fresh) {
    for (uint32_t i = 0; i < fresh->tier_count; i++) {
        if (config_tier_find(old, slice_of(fresh->tiers[i].name)) == NULL) {
            return true;
        }
    }
    return false;
}

// What a person wants to know: which policies are new, and what the file says that does not hold.
static void tell(const struct config *old, const struct config *fresh) {
    for (uint32_t i = 0; i < fresh->path_count; i++) {
        const struct path *path = &fresh->paths[i].policy;
        const struct config_path *before = config_path_find(old, slice_of(path->name));
        if (before == NULL || strcmp(before->policy.version, path->version) != 0) {
            log_info("path %s: policy %s, was %s", path->name, path->version,
                     before ? before->policy.version : "none");
        }
    }
    for (uint32_t i = 0; i < old->path_count; i++) {
        if (config_path_find(fresh, slice_of(old->paths[i].policy.name)) == NULL) {
            log_warn("path %s is gone: its jobs go to dead", old->paths[i].policy.name);
        }
    }
    for (int i = 0; i < FIXED_COUNT; i++) {
        if (!fixed_rows[i].refused && !is_same(&fixed_rows[i], old, fresh)) {
            log_warn("%s was changed, which needs a restart; until then the old value holds",
                     fixed_rows[i].key);
        }
    }
    if (fresh->limits.in_flight > old->limits.in_flight) {
        log_warn("limits.in_flight: more than at the start needs a restart");
    }
}

bool reload(struct process *process, const char *tier, struct err *err) {
    struct config *old = process->config, *fresh;
    if (!config_load(old->file, &fresh, err)) {
        return false;
    }
    if (!reload_allowed(old, fresh, tier, err) ||
        (has_new_tier(old, fresh) && !startup_check_topics(fresh, KAFKA_MS, err))) {
        config_release(fresh);
        return false;
    }
    tell(old, fresh);
    process->config = fresh;
    config_release(old);
    return true;
}

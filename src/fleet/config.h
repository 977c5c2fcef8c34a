// The configuration of all programs: one YAML file, checked whole before anything starts.
//
// Immutable once loaded and counted by references, so that a reload leaves hops in flight with
// what they began with. Relative file names are relative to the configuration file.
#ifndef TASKFIT_FLEET_CONFIG_H
#define TASKFIT_FLEET_CONFIG_H

#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"
#include "dialect/model.h"
#include "fleet/config_ends.h"
#include "fleet/rules.h"
#include "job/policy.h"
#include "job/turns.h"

struct jq;

// What bounds one process (design: bounded).
struct config_limits {
    uint32_t in_flight;         // calls at a time, over all models of the tier
    uint32_t shadows;           // calls of shadow models at a time
    uint32_t hops;              // hops held in memory, from taken to finished
    int64_t memory_bytes;       // held for hops; nothing is taken above it
    int64_t input_bytes;        // of one job's input
    uint32_t input_depth;       // of its nesting
    uint32_t offset_span;       // taken offsets a partition, beyond the committed one
    uint32_t store_rows;        // rows a statement
    int64_t store_linger_ms;    // longest wait for more rows to a batch
    int64_t commit_ms;          // between commits of offsets
    int64_t start_ms;           // for brokers or a database that cannot be reached
    int64_t drain_ms;           // from SIGTERM to the end
    int64_t database_timeout_ms;
};

struct config_path {
    struct path policy;
    struct rules rules;  // no program: none
};

struct config_model {
    struct model model;
    struct jq *prompt, *reply;  // of the job's input, of the reply's body; NULL: none
    const struct config_model *verifier;  // is asked about its answers; NULL: none
};

struct config_tier {
    const char *name;
    struct {
        const struct config_model *model;
        uint32_t weight;
    } models[8];
    uint32_t model_count;
    struct {
        const struct config_model *model;
        double share;  // of the jobs
    } shadows[4];
    uint32_t shadow_count;
    uint32_t in_flight;       // calls at a time, of one worker; at most limits.in_flight
    int64_t usual_ms, latency_ms;  // to expect before any was measured; most, 0: any
    bool usual_given;         // usual_ms, in the file
    enum tier_away { AWAY_HOLD, AWAY_NEXT } away;  // what its jobs do without a model
};

// Each is a topic of every tier. The first is jobs.<tier> itself, of the paths that name none.
struct config_lane {
    const char *name;
    uint32_t weight;
};

struct config {
    unsigned references, idle;  // idle: of these, those that last as long as others do (models.c)
    const char *file;
    bool to_tune;  // certificates are not looked at
    struct config_kafka kafka;
    const char *database_url;
    const char *listen;  // host:port of /metrics, /healthz, /readyz; NULL: none
    int log_level;
    struct config_limits limits;
    const struct config_model *models;
    uint32_t model_count;
    struct config_lane lanes[LANES_MOST];
    uint32_t lane_count;
    const struct config_tier *tiers;
    uint32_t tier_count;
    const struct config_path *paths;
    uint32_t path_count;
    struct config_attachments attachments;
    struct config_gateway gateway;
    struct arena_pool pool;
    struct arena arena;
};

// Errors: EX_CONFIG with file, line, key and what is allowed; EX_NOINPUT for a missing file.
bool config_load(const char *file, struct config **config, struct err *err) MUST_CHECK;
struct config *config_keep(struct config *config);
void config_release(struct config *config);

// NULL when there is none.
const struct config_path *config_path_find(const struct config *config, struct slice name);
const struct config_tier *config_tier_find(const struct config *config, struct slice name);
const struct config_model *config_model_find(const struct config *config, struct slice name);
// Of an attachment's URI in its one form.
const struct config_prefix *config_prefix_find(const struct config *config, struct slice uri);
int config_lane_find(const struct config *config, struct slice name);  // its place, -1: none

// The topic of a tier's jobs, of a lane of them (config_lane), or of "results", "decisions",
// "dead": into text, ended by NUL.
enum { TOPIC_TEXT = 250 };
void config_topic(const struct config *config, const char *name, char text[TOPIC_TEXT]);
void config_lane(const char *tier, const char *lane, char text[TOPIC_TEXT]);
// Of the path's jobs that are sent to the tier.
void config_jobs_topic(const struct config *config, const struct path *path, const char *tier,
                       char text[TOPIC_TEXT]);

// All tables as Markdown, for README.md.
void config_reference(FILE *out);

#endif

#include "fleet/hop.h"

#include "base/log.h"

static const char *const step_names[] = {
#define STEP_NAME(name) #name,
    STEPS(STEP_NAME)
#undef STEP_NAME
};

const char *step_name(enum step step) {
    return step_names[step];
}

enum reason hop_find_path(struct hop *hop, struct slice tier, struct slice *text) {
    hop->path = config_path_find(hop->config, hop->job.path);
    if (hop->path == NULL) {
        *text = arena_printf(&hop->arena, "'%.*s'", SLICE_ARGS(hop->job.path));
        return REASON_PATH_UNKNOWN;
    }
    if (path_tier_index(&hop->path->policy, tier) < 0) {
        *text = arena_printf(&hop->arena, "'%.*s' and tier '%.*s'", SLICE_ARGS(hop->job.path),
                             SLICE_ARGS(tier));
        return REASON_PATH_TIER;
    }
    return REASON_NONE;
}

void hop_move(struct hop *hop, enum step step, struct list *list) {
    if (log_wants(LOG_DEBUG)) {
        char id[UUID_TEXT];
        uuid_format(hop->job.id, id);
        log_debug("job %s hop %u: %s → %s", id, hop->job.hop, step_name(hop->step),
                  step_name(step));
    }
    hop->step = step;
    list_remove(&hop->node);
    list_append(list, &hop->node);
}

void hop_count(const struct hop *hop, struct metrics *metrics) {
    const struct attempt *a = &hop->attempt;
    metric_add(metrics, METRIC_ROWS_STORED, "", 1);
    metric_add(metrics, METRIC_ATTEMPTS, a->model.at ? a->model.at : "none", 1);
    if (a->error.at) {
        metric_add(metrics, METRIC_ATTEMPT_ERRORS, a->error.at, 1);
    }
}

struct rules_subject hop_subject(const struct hop *hop) {
    return (struct rules_subject){
        .input = hop->job.input,
        .answer = hop->attempt.answer,
        .confidence = hop->attempt.confidence,
        .hop = hop->job.hop,
        .tier = hop->attempt.tier,
        .path = hop->job.path,
    };
}

#include "fleet/lateness.h"

#include "fleet/process.h"
#include "io/loop.h"

enum { CALL_MOST_MS = 3600000 };  // models.timeout at most: nothing usual is longer

static const struct config_tier *tier_of(const struct hop *hop) {
    return config_tier_find(hop->config, hop->attempt.tier);
}

void lateness_begin(struct hop *hop, int64_t now_ms) {
    int64_t latency_ms = tier_of(hop)->latency_ms;
    hop->until_ms = latency_ms > 0 ? now_ms + latency_ms : 0;
}

static bool is_near(struct caller *caller, struct hop *hop, int64_t left_ms, int64_t now_ms) {
    if (left_ms >= CALL_MOST_MS || hop->attempt.calls > 0) {
        return false;
    }
    const struct config_tier *tier = tier_of(hop);
    int64_t usual_ms = caller_usual_ms(caller, hop, now_ms);
    if (usual_ms < 0 && tier->usual_given) {
        usual_ms = tier->usual_ms;
    }
    if (left_ms > usual_ms) {
        return false;
    }
    hop->attempt.error_text =
        arena_printf(&hop->arena, "%.3f s were left, and it usually takes up to %.3f s",
                     (double)left_ms / 1000, (double)usual_ms / 1000);
    return true;
}

enum reason lateness(struct process *process, struct caller *caller, struct hop *hop,
                     int64_t now_ms) {
    int64_t left_ms = hop->job.deadline_ms - loop_wall_ms(process->loop);
    if (hop->job.deadline_ms > 0 && left_ms <= 0) {
        return REASON_JOB_EXPIRED;
    }
    if (hop->until_ms > 0 && now_ms >= hop->until_ms) {
        return REASON_LIMIT_LATENCY;
    }
    if (hop->job.deadline_ms > 0 && is_near(caller, hop, left_ms, now_ms)) {
        return REASON_DEADLINE_NEAR;
    }
    return REASON_NONE;
}

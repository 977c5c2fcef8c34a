#include "fleet/entry.h"

#include <math.h>

#include "base/hash.h"
#include "fleet/process.h"
#include "fleet/requests.h"
#include "job/wire.h"

bool entry_allowed(const struct process *process, const struct order *order,
                   const struct room *room, const struct record *record, uint32_t lane) {
    const struct config_limits *limits = &process->config->limits;
    const struct room_use all =
        room_in_all(room, limits->hops, (size_t)limits->memory_bytes, process->pool.held);
    if (!order_has_room(order, record->key, limits) || !room_for_lane(room, lane, all)) {
        return false;
    }
    if (!room_is_scarce(room, lane, all)) {
        return true;
    }
    struct slice tenant = wire_job_tenant(record->value);
    return tenant.len == 0 || room_for_tenant(room, lane, hash64(tenant, 0), all);
}

static void begin_attempt(struct hop *hop, struct slice tier) {
    int64_t deadline_ms = hop->path->policy.deadline_ms;
    hop->attempt = (struct attempt){
        .hop = hop->job.hop,
        .tier = tier,
        .confidence_raw = NAN,
        .confidence = NAN,
    };
    if (hop->job.created_ms == 0) {
        hop->job.created_ms = hop->record_ms;
    }
    if (hop->job.deadline_ms == 0 && deadline_ms > 0 && hop->job.created_ms > 0) {
        hop->job.deadline_ms = hop->job.created_ms + deadline_ms;
    }
}

enum reason entry_read(struct hop *hop, struct slice tier, const struct record *record,
                       struct slice *text) {
    const struct config_limits *limits = &hop->config->limits;
    struct wire_limits wire = {(size_t)limits->input_bytes, limits->input_depth,
                               hop->config->attachments.limits};
    enum reason reason = wire_job_read(record->value, &wire, &hop->arena, &hop->job, text);
    reason = reason ? reason : hop_find_path(hop, tier, text);
    reason = reason ? reason : request_check_uris(hop, text);
    if (reason == REASON_NONE) {
        begin_attempt(hop, tier);
    }
    return reason;
}

bool entry_is_skipped(const struct hop *hop) {
    const struct path *path = &hop->path->policy;
    bool asked = hop->job.all_tiers || hop->job.audit;
    return !asked && path->tiers[path_tier_index(path, hop->attempt.tier)].skipped;
}

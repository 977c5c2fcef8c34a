#include "fleet/ready.h"

#include "base/hash.h"
#include "base/mem.h"
#include "fleet/process.h"

// A hop costs its tenant a call for each COST_BYTES of its input, about a thousand tokens.
enum { COST_BYTES = 4096, ASIDE_MOST = 16 };

static void weigh(struct ready *ready, const struct config *config) {
    for (uint32_t i = 0; i < ready->lane_count; i++) {
        int place = config_lane_find(config, slice_of(ready->lanes[i]));
        if (place >= 0) {
            turns_weigh(&ready->turns, i, config->lanes[place].weight);
        }
    }
}

void ready_init(struct ready *ready, const struct config *config) {
    *ready = (struct ready){.lane_count = config->lane_count};
    list_init(&ready->hops);
    list_init(&ready->aside);
    list_init(&ready->verifying);
    list_init(&ready->held);
    turns_init(&ready->turns);
    for (uint32_t i = 0; i < ready->lane_count; i++) {
        ready->lanes[i] = mem_string(config->lanes[i].name);
    }
    weigh(ready, config);
}

void ready_fini(struct ready *ready) {
    LIST_FOR(node, &ready->hops) {
        turns_remove(&ready->turns, &LIST_ENTRY(node, struct hop, node)->turn);
    }
    turns_fini(&ready->turns);
    for (uint32_t i = 0; i < ready->lane_count; i++) {
        mem_free(ready->lanes[i]);
    }
}

void ready_tidy(struct ready *ready, struct process *process, const struct intake *intake) {
    for (uint32_t i = 0; i < ready->lane_count && ready->lane_count > 1; i++) {
        metric_set(&process->metrics, METRIC_LANE_BACKLOG_JOBS, ready->lanes[i],
                   intake_backlog(intake, i));
    }
    metric_set(&process->metrics, METRIC_HOPS_IN_STEP, "verifying", (double)ready_held(ready));
    weigh(ready, process->config);
}

static void add_verified(struct ready *ready, struct hop *hop) {
    hop_move(hop, STEP_READY, &ready->verifying);
    if (hop->call.fetched) {
        list_remove(&hop->node);
        list_prepend(&ready->verifying, &hop->node);
    }
}

void ready_add(struct ready *ready, struct hop *hop, bool retried) {
    if (hop->call.verified) {
        add_verified(ready, hop);
        return;
    }
    const struct turns_place place = {
        .lane = hop->part.lane,
        .tenant = hop->job.tenant.len > 0 ? hash64(hop->job.tenant, 0) : 0,
        .cost = 1 + (uint32_t)(hop->job.input.len / COST_BYTES),
        .first = retried,
    };
    hop_move(hop, STEP_READY, &ready->hops);
    if (hop->call.fetched) {
        list_prepend(&ready->aside, &hop->turn.node);
        return;
    }
    turns_add(&ready->turns, &hop->turn, &place);
}

void ready_leave(struct ready *ready, struct hop *hop) {
    if (hop->turn.tenant) {
        turns_remove(&ready->turns, &hop->turn);
    } else {
        list_remove(&hop->turn.node);  // of those aside
    }
}

struct hop *ready_next(struct ready *ready) {
    struct turn *turn = turns_next(&ready->turns);
    return turn ? LIST_ENTRY(turn, struct hop, turn) : NULL;
}

void ready_take(struct ready *ready, struct hop *hop) {
    if (hop->turn.tenant) {
        turns_take(&ready->turns, &hop->turn);
    } else {
        list_remove(&hop->turn.node);
    }
}

bool ready_set_aside(struct ready *ready, struct hop *hop, bool any_number) {
    if (!any_number && ready->aside.count >= ASIDE_MOST) {
        return false;
    }
    ready_take(ready, hop);
    list_append(&ready->aside, &hop->turn.node);
    return true;
}

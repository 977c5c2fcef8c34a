#include "job/turns.h"

#include "base/mem.h"

// A round gives each tenant one call. SPARE_MOST: more tenants at a time come and go by the heap.
enum { QUANTUM = 1, WEIGHT_ONE = 1 << 20, SPARE_MOST = 64 };

// A tenant in a lane, while it has someone waiting.
struct turns_tenant {
    struct list_node node;  // of its lane's round, or a spare one
    struct map_node by_name;
    struct turns_lane *lane;
    struct list waiting;
    uint64_t deficit;  // what it may still cost before the next one's turn
};

static struct turns_tenant *tenant_at(struct list_node *node) {
    return LIST_ENTRY(node, struct turns_tenant, node);
}

static struct turn *first_of(const struct turns_tenant *tenant) {
    return LIST_ENTRY(list_first(&tenant->waiting), struct turn, node);
}

void turns_init(struct turns *turns) {
    *turns = (struct turns){.pass = 0};
    list_init(&turns->spare);
    for (uint32_t i = 0; i < LANES_MOST; i++) {
        list_init(&turns->lanes[i].round);
        turns->lanes[i].weight = 1;
    }
}

void turns_fini(struct turns *turns) {
    struct list_node *node;
    assert(turns->count == 0);
    while ((node = list_pop(&turns->spare)) != NULL) {
        mem_free(tenant_at(node));
    }
    map_fini(&turns->tenants);
}

void turns_weigh(struct turns *turns, uint32_t lane, uint32_t weight) {
    assert(lane < LANES_MOST && weight > 0);
    turns->lanes[lane].weight = weight;
}

// --- tenants

static struct turns_tenant *find(const struct turns *turns, const struct turns_lane *lane,
                                 uint64_t name) {
    for (struct map_node *n = map_find(&turns->tenants, name); n; n = map_next(n, name)) {
        struct turns_tenant *tenant = LIST_ENTRY(n, struct turns_tenant, by_name);
        if (tenant->lane == lane) {
            return tenant;
        }
    }
    return NULL;
}

static struct turns_tenant *tenant_new(struct turns *turns, struct turns_lane *lane,
                                       uint64_t name) {
    struct list_node *spare = list_pop(&turns->spare);
    struct turns_tenant *tenant = spare ? tenant_at(spare) : mem_zalloc(sizeof(*tenant));
    tenant->lane = lane;
    tenant->deficit = QUANTUM;
    list_init(&tenant->waiting);
    map_insert(&turns->tenants, &tenant->by_name, name);
    if (list_empty(&lane->round) && lane->pass < turns->pass) {
        lane->pass = turns->pass;
    }
    list_append(&lane->round, &tenant->node);
    return tenant;
}

static void tenant_free(struct turns *turns, struct turns_tenant *tenant) {
    map_remove(&turns->tenants, &tenant->by_name);
    list_remove(&tenant->node);
    if (turns->spare.count < SPARE_MOST) {
        list_append(&turns->spare, &tenant->node);
    } else {
        mem_free(tenant);
    }
}

// --- waiting

void turns_add(struct turns *turns, struct turn *turn, const struct turns_place *place) {
    assert(turn->tenant == NULL && place->lane < LANES_MOST && place->cost > 0);
    struct turns_lane *lane = &turns->lanes[place->lane];
    struct turns_tenant *tenant = find(turns, lane, place->tenant);
    if (tenant == NULL) {
        tenant = tenant_new(turns, lane, place->tenant);
    }
    turn->tenant = tenant;
    turn->cost = place->cost;
    (place->first ? list_prepend : list_append)(&tenant->waiting, &turn->node);
    turns->count++;
}

void turns_remove(struct turns *turns, struct turn *turn) {
    struct turns_tenant *tenant = turn->tenant;
    if (tenant == NULL) {
        return;
    }
    list_remove(&turn->node);
    turn->tenant = NULL;
    turns->count--;
    if (list_empty(&tenant->waiting)) {
        tenant_free(turns, tenant);
    }
}

// --- serving

// The one that had least for its weight; of equals the weightier.
static struct turns_lane *lane_next(struct turns *turns) {
    struct turns_lane *next = NULL;
    for (uint32_t i = 0; i < LANES_MOST; i++) {
        struct turns_lane *lane = &turns->lanes[i];
        if (!list_empty(&lane->round) &&
            (next == NULL || lane->pass < next->pass ||
             (lane->pass == next->pass && lane->weight > next->weight))) {
            next = lane;
        }
    }
    return next;
}

// Whoever has not saved up for its next one saves, and lets the others go before.
static struct turns_tenant *tenant_next(struct turns_lane *lane) {
    struct turns_tenant *tenant = tenant_at(list_first(&lane->round));
    while (tenant->deficit < first_of(tenant)->cost) {
        tenant->deficit += QUANTUM;
        list_remove(&tenant->node);
        list_append(&lane->round, &tenant->node);
        tenant = tenant_at(list_first(&lane->round));
    }
    return tenant;
}

struct turn *turns_next(struct turns *turns) {
    struct turns_lane *lane = lane_next(turns);
    return lane ? first_of(tenant_next(lane)) : NULL;
}

void turns_take(struct turns *turns, struct turn *turn) {
    struct turns_tenant *tenant = turn->tenant;
    struct turns_lane *lane = tenant->lane;
    assert(tenant->deficit >= turn->cost);
    tenant->deficit -= turn->cost;
    turns->pass = lane->pass;
    lane->pass += (uint64_t)turn->cost * WEIGHT_ONE / lane->weight;
    turns_remove(turns, turn);
}

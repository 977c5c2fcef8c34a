#include "job/room.h"

#include "base/mem.h"

// A lane is kept a half of its even share; a tenant has all but an eighth to itself.
enum { KEPT = 2, TENANT = 8, SPARE_MOST = 64 };

// A tenant in a lane, while it holds something.
struct room_tenant {
    struct list_node node;  // a spare one
    struct map_node by_name;
    uint32_t lane;
    struct room_use use;
};

void room_init(struct room *room, uint32_t lane_count) {
    assert(lane_count > 0 && lane_count <= LANES_MOST);
    *room = (struct room){.lane_count = lane_count};
    list_init(&room->spare);
}

void room_fini(struct room *room) {
    struct list_node *node;
    for (size_t i = 0; i < room->tenants.slot_count; i++) {
        while (room->tenants.slots[i]) {
            struct map_node *n = room->tenants.slots[i];
            map_remove(&room->tenants, n);
            mem_free(LIST_ENTRY(n, struct room_tenant, by_name));
        }
    }
    while ((node = list_pop(&room->spare)) != NULL) {
        mem_free(LIST_ENTRY(node, struct room_tenant, node));
    }
    map_fini(&room->tenants);
}

// --- who holds what

static struct room_tenant *find(const struct room *room, uint32_t lane, uint64_t name) {
    for (struct map_node *n = map_find(&room->tenants, name); n; n = map_next(n, name)) {
        struct room_tenant *tenant = LIST_ENTRY(n, struct room_tenant, by_name);
        if (tenant->lane == lane) {
            return tenant;
        }
    }
    return NULL;
}

static struct room_tenant *tenant_new(struct room *room, uint32_t lane, uint64_t name) {
    struct list_node *spare = list_pop(&room->spare);
    struct room_tenant *tenant =
        spare ? LIST_ENTRY(spare, struct room_tenant, node) : mem_zalloc(sizeof(*tenant));
    *tenant = (struct room_tenant){.lane = lane};
    map_insert(&room->tenants, &tenant->by_name, name);
    return tenant;
}

static void tenant_free(struct room *room, struct room_tenant *tenant) {
    map_remove(&room->tenants, &tenant->by_name);
    if (room->spare.count < SPARE_MOST) {
        list_append(&room->spare, &tenant->node);
    } else {
        mem_free(tenant);
    }
}

void room_enter(struct room *room, struct room_part *part, uint32_t lane, size_t bytes) {
    assert(lane < room->lane_count);
    *part = (struct room_part){.lane = lane, .bytes = bytes};
    room->lanes[lane].jobs++;
    room->lanes[lane].bytes += bytes;
}

void room_name(struct room *room, struct room_part *part, uint64_t name) {
    assert(part->tenant == NULL);
    struct room_tenant *tenant = find(room, part->lane, name);
    part->tenant = tenant ? tenant : tenant_new(room, part->lane, name);
    part->tenant->use.jobs++;
    part->tenant->use.bytes += part->bytes;
}

void room_leave(struct room *room, struct room_part *part) {
    struct room_tenant *tenant = part->tenant;
    room->lanes[part->lane].jobs--;
    room->lanes[part->lane].bytes -= part->bytes;
    if (tenant) {
        tenant->use.jobs--;
        tenant->use.bytes -= part->bytes;
        if (tenant->use.jobs == 0) {
            tenant_free(room, tenant);
        }
    }
    part->tenant = NULL;
}

// --- who may have more

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static size_t less(size_t a, size_t b) {
    return a > b ? a - b : 0;
}

// The most that the lane may have, as the others are now.
static struct room_use most(const struct room *room, uint32_t lane, struct room_use all) {
    size_t shares = room->lane_count > 1 ? (size_t)KEPT * room->lane_count : SIZE_MAX;
    struct room_use kept = {all.jobs / shares, all.bytes / shares}, others = {0, 0};
    for (uint32_t i = 0; i < room->lane_count; i++) {
        if (i != lane) {
            others.jobs += larger(room->lanes[i].jobs, kept.jobs);
            others.bytes += larger(room->lanes[i].bytes, kept.bytes);
        }
    }
    return (struct room_use){larger(less(all.jobs, others.jobs), kept.jobs),
                             larger(less(all.bytes, others.bytes), kept.bytes)};
}

static bool is_below(struct room_use use, struct room_use most) {
    return use.jobs < most.jobs && use.bytes < most.bytes;
}

struct room_use room_in_all(const struct room *room, size_t jobs, size_t bytes, size_t held) {
    size_t own = 0;
    for (uint32_t i = 0; i < room->lane_count; i++) {
        own += room->lanes[i].bytes;
    }
    return (struct room_use){jobs, less(bytes, less(held, own))};
}

bool room_for_lane(const struct room *room, uint32_t lane, struct room_use all) {
    return is_below(room->lanes[lane], most(room, lane, all));
}

bool room_is_scarce(const struct room *room, uint32_t lane, struct room_use all) {
    struct room_use here = most(room, lane, all);
    return !is_below(room->lanes[lane], (struct room_use){here.jobs - here.jobs / TENANT,
                                                          here.bytes - here.bytes / TENANT});
}

bool room_for_tenant(const struct room *room, uint32_t lane, uint64_t name, struct room_use all) {
    const struct room_tenant *tenant = find(room, lane, name);
    struct room_use here = most(room, lane, all);
    return tenant == NULL ||
           is_below(tenant->use, (struct room_use){here.jobs / TENANT, here.bytes / TENANT});
}

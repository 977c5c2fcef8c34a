#include "gateway/registry.h"

#include "base/mem.h"
#include "gateway/frame.h"

enum { ROWS_MOST = 500, ITEMS_MOST = 4 << 20 };

struct registry {
    struct gateway *gateway;
    struct list waiting;
    struct list under_way;
    size_t alone;  // so many go one by one: among them is one that the database refuses
};

struct registry *registry_new(struct gateway *gateway) {
    struct registry *registry = mem_zalloc(sizeof(*registry));
    registry->gateway = gateway;
    list_init(&registry->waiting);
    list_init(&registry->under_way);
    return registry;
}

void registry_free(struct registry *registry) {
    mem_free(registry);
}

void registry_put(struct registry *registry, struct registration *registration) {
    list_append(&registry->waiting, &registration->node);
}

void registry_forget(struct registration *registration) {
    list_remove(&registration->node);
}

static struct registration *entry(struct list_node *node) {
    return LIST_ENTRY(node, struct registration, node);
}

static void on_added(void *owner, const struct pg_result *result, const struct err *err) {
    struct registry *registry = owner;
    struct list_node *node;
    if (result == NULL && err->kind == ERR_POISON && registry->under_way.count > 1) {
        registry->alone = registry->under_way.count;
        while ((node = list_pop(&registry->under_way)) != NULL) {
            list_prepend(&registry->waiting, node);
        }
        return;
    }
    while ((node = list_pop(&registry->under_way)) != NULL) {
        entry(node)->done(entry(node)->owner, result ? NULL : err);
    }
}

static void put_uuid(struct pg_params *params, struct uuid id) {
    if (uuid_is_nil(id)) {
        pg_null(params);
    } else {
        pg_uuid(params, id);
    }
}

static void fill(struct pg_params *params, const struct list *rows) {
    static const enum pg_type types[] = {PG_UUID, PG_TEXT, PG_TEXT, PG_JSON,
                                         PG_BOOL, PG_UUID, PG_UUID, PG_JSON};
    for (size_t column = 0; column < sizeof(types) / sizeof(types[0]); column++) {
        pg_array(params, types[column]);
        LIST_FOR(node, rows) {
            const struct registration *row = entry(node);
            switch (column) {
                case 0: pg_uuid(params, row->id); break;
                case 1: pg_slice(params, row->tenant); break;
                case 2: pg_slice(params, row->path); break;
                case 3: pg_slice(params, row->metadata); break;
                case 4: pg_bool(params, row->background); break;
                case 5: put_uuid(params, row->conversation); break;
                case 6: put_uuid(params, row->previous); break;
                default: pg_slice(params, row->items); break;
            }
        }
    }
}

void registry_turn(struct registry *registry) {
    struct pg_params params = {0};
    size_t most = registry->alone ? 1 : ROWS_MOST, bytes = 0;
    if (!list_empty(&registry->under_way) || list_empty(&registry->waiting)) {
        return;
    }
    while (registry->under_way.count < most && bytes < ITEMS_MOST &&
           !list_empty(&registry->waiting)) {
        struct list_node *node = list_pop(&registry->waiting);
        bytes += entry(node)->items.len;
        list_append(&registry->under_way, node);
    }
    registry->alone -= registry->alone ? 1 : 0;
    fill(&params, &registry->under_way);
    asks_put(registry->gateway->asks, PG_api_response_add, &params, on_added, registry);
}

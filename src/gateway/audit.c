#include "gateway/audit.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/call.h"
#include "io/loop.h"

enum {
    SEND_MS = 100,
    ROWS_MOST = 20000,  // in memory, while the database is away
    ROWS_A_TIME = 1000,
    OBJECT_TEXT = 80,
    ID_WITHIN = 200,  // bytes of a reply
};

struct row {
    struct list_node node;
    const struct route *route;
    int64_t wall_ms;
    int status;
    char key[API_KEY_ID], tenant[API_TENANT], object[OBJECT_TEXT];
};

static struct row *row_of(struct list_node *node) {
    return LIST_ENTRY(node, struct row, node);
}

void audit_open(struct gateway *gateway) {
    list_init(&gateway->audit.rows);
    list_init(&gateway->audit.sending);
}

static void forget(struct list *rows) {
    struct list_node *node;
    while ((node = list_pop(rows)) != NULL) {
        mem_free(row_of(node));
    }
}

void audit_close(struct gateway *gateway) {
    forget(&gateway->audit.rows);
    forget(&gateway->audit.sending);
}

// --- a call

void audit_made(struct call *call, struct slice json) {
    static const char mark[] = "\"id\":\"";
    size_t within = json.len < ID_WITHIN ? json.len : ID_WITHIN;
    const char *at = within ? memmem(json.at, within, mark, sizeof(mark) - 1) : NULL;
    const char *id = at ? at + sizeof(mark) - 1 : NULL;
    const char *end = id ? memchr(id, '"', (size_t)(json.at + json.len - id)) : NULL;
    if (end && end - id < OBJECT_TEXT) {
        call->made = arena_slice(&call->arena, (struct slice){id, (size_t)(end - id)});
    }
}

static void write_object(const struct call *call, char text[OBJECT_TEXT]) {
    char id[UUID_TEXT];
    if (uuid_is_nil(call->subject)) {
        snprintf(text, OBJECT_TEXT, "%.*s", SLICE_ARGS(call->made));
        return;
    }
    uuid_format(call->subject, id);
    snprintf(text, OBJECT_TEXT, "%s%s", call->route->prefix, id);
}

void audit_call(const struct call *call) {
    struct gateway *gateway = call->gateway;
    struct audit *audit = &gateway->audit;
    if (call->route == NULL || call->key.at == NULL || call->status == 0 ||
        strcmp(call->route->method, "GET") == 0) {
        return;
    }
    if (audit->rows.count >= ROWS_MOST) {
        mem_free(row_of(list_pop(&audit->rows)));
        metric_add(&gateway->process->metrics, METRIC_AUDIT_LOST, "", 1);
    }
    struct row *row = mem_zalloc(sizeof(*row));
    row->route = call->route;
    row->wall_ms = loop_wall_ms(gateway->process->loop);
    row->status = call->status;
    snprintf(row->key, sizeof(row->key), "%.*s", SLICE_ARGS(call->key));
    snprintf(row->tenant, sizeof(row->tenant), "%.*s", SLICE_ARGS(call->tenant));
    write_object(call, row->object);
    list_append(&audit->rows, &row->node);
}

// --- to the database

static void on_sent(void *owner, const struct pg_result *result, const struct err *err) {
    struct audit *audit = &((struct gateway *)owner)->audit;
    struct list_node *node;
    if (result == NULL) {
        log_debug("audit log: %s", err->text);
        while ((node = list_pop(&audit->rows)) != NULL) {  // those that waited come after
            list_append(&audit->sending, node);
        }
        while ((node = list_pop(&audit->sending)) != NULL) {
            list_append(&audit->rows, node);
        }
        return;
    }
    forget(&audit->sending);
}

static void put(struct pg_params *params, const struct row *row, int column) {
    char action[OBJECT_TEXT];
    switch (column) {
        case 0: pg_time(params, row->wall_ms); break;
        case 1: pg_slice(params, slice_of(row->key)); break;
        case 2: pg_slice(params, slice_of(row->tenant)); break;
        case 3:
            snprintf(action, sizeof(action), "%s %s", row->route->method, row->route->path);
            pg_slice(params, slice_of(action));
            break;
        case 4: pg_slice(params, slice_of(row->object[0] ? row->object : NULL)); break;
        default: pg_int4(params, row->status);
    }
}

static void send(struct gateway *gateway) {
    static const enum pg_type types[] = {PG_TIMESTAMPTZ, PG_TEXT, PG_TEXT,
                                         PG_TEXT,        PG_TEXT, PG_INT4};
    struct audit *audit = &gateway->audit;
    struct pg_params params = {0};
    while (audit->sending.count < ROWS_A_TIME && !list_empty(&audit->rows)) {
        list_append(&audit->sending, list_pop(&audit->rows));
    }
    for (int i = 0; i < (int)(sizeof(types) / sizeof(types[0])); i++) {
        pg_array(&params, types[i]);
        LIST_FOR(node, &audit->sending) {
            put(&params, row_of(node), i);
        }
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(gateway->process->instance));
    asks_put(gateway->asks, PG_audit_add, &params, on_sent, gateway);
}

int64_t audit_turn(struct gateway *gateway, int64_t now_ms) {
    struct audit *audit = &gateway->audit;
    if (list_empty(&audit->rows) || !list_empty(&audit->sending)) {
        return -1;
    }
    if (now_ms < audit->send_ms && !gateway->draining) {
        return audit->send_ms - now_ms;
    }
    audit->send_ms = now_ms + SEND_MS;
    send(gateway);
    return -1;
}

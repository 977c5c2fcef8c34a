#include "io/pace.h"

#include <sys/socket.h>

// A body is not looked at before GRACE_MS, and must then have had BYTES_A_SECOND from its start on.
enum { GRACE_MS = 30000, BYTES_A_SECOND = 1024 };

void pace_init(struct pace *pace, int64_t head_ms, int64_t idle_ms) {
    pace->head_ms = head_ms;
    pace->idle_ms = idle_ms;
    list_init(&pace->heads);
    list_init(&pace->bodies);
}

void pace_opened(struct pace *pace, struct pace_client *client, int fd, int64_t now_ms) {
    client->fd = fd;
    client->until_ms = now_ms + pace->head_ms;
    list_append(&pace->heads, &client->node);
}

void pace_head_came(struct pace *pace, struct pace_client *client, int64_t now_ms) {
    list_remove(&client->node);
    client->since_ms = now_ms;
    client->bytes = 0;
    list_append(&pace->bodies, &client->node);
}

void pace_body_came(struct pace_client *client) {
    list_remove(&client->node);
}

void pace_replied(struct pace *pace, struct pace_client *client, int64_t now_ms) {
    list_remove(&client->node);
    client->until_ms = now_ms + pace->idle_ms + pace->head_ms;
    list_append(&pace->heads, &client->node);
}

void pace_closed(struct pace_client *client) {
    list_remove(&client->node);
}

static void cut(struct pace_client *client) {
    list_remove(&client->node);
    shutdown(client->fd, SHUT_RDWR);
}

// A client that leaves with its last byte goes unseen by libmicrohttpd.
static bool has_left(const struct pace_client *client) {
    char byte;
    return recv(client->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool is_slow(const struct pace_client *client, int64_t now_ms) {
    int64_t took_ms = now_ms - client->since_ms;
    return took_ms >= GRACE_MS && client->bytes < (uint64_t)took_ms * BYTES_A_SECOND / 1000;
}

int pace_turn(struct pace *pace, int64_t now_ms) {
    int count = 0;
    LIST_FOR(node, &pace->heads) {
        struct pace_client *client = LIST_ENTRY(node, struct pace_client, node);
        if (now_ms >= client->until_ms || has_left(client)) {
            cut(client);
            count++;
        }
    }
    LIST_FOR(node, &pace->bodies) {
        struct pace_client *client = LIST_ENTRY(node, struct pace_client, node);
        if (is_slow(client, now_ms) || has_left(client)) {
            cut(client);
            count++;
        }
    }
    return count;
}

// One request that is one job: what it asks for, its record, its reply. For singles.c.
#ifndef TASKFIT_GATEWAY_SINGLE_H
#define TASKFIT_GATEWAY_SINGLE_H

#include "base/list.h"
#include "base/map.h"
#include "gateway/call.h"
#include "job/stored_outcome.h"

enum single_kind {
    SINGLE_CHAT,
    SINGLE_RESPONSE,
    SINGLE_BACKGROUND,  // a response
    SINGLE_JOB,         // of the gateway's own API, in the background too
};

struct single {
    struct singles *singles;
    struct call *call;  // NULL: gone, and only the record is awaited
    enum single_kind kind;
    struct list_node node;
    struct map_node map;
    bool in_map, on_its_way;
    struct delivery delivery;
    const struct config_path *path;  // only until the record is made
    struct slice path_name, metadata;  // of the call's arena
    struct slice input;                // a view of the body
    bool stream, usage;                // events; with one that tells usage
    struct uuid job;
    int64_t since_ms, created_ms;
};

// What the body asks for; false: it has replied.
bool single_read(struct single *single);
bool single_send(struct single *single, struct err *err) MUST_CHECK;
void single_store(struct single *single);  // a row of the background, then its reply
void single_reply(struct single *single, const struct stored_outcome *outcome, struct buf *text);
void single_give_up(struct single *single);

#endif

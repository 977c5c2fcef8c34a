// One request that is one job: what it asks for, its record, its reply. For singles.c.
#ifndef TASKFIT_GATEWAY_SINGLE_H
#define TASKFIT_GATEWAY_SINGLE_H

#include "base/list.h"
#include "base/map.h"
#include "gateway/call.h"
#include "gateway/registry.h"
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
    struct registration registration;  // of what is stored
    const struct config_path *path;    // only until the record is made; NULL: not known yet
    struct slice path_name, metadata;  // of the call's arena
    struct slice input;                // a view of the body
    bool stream, usage;                // events; with one that tells usage
    bool stored;                       // it can be asked about later, and gone on from
    bool recalls;                      // it goes on from:
    struct uuid conversation, previous;
    struct slice unplain;              // openai_input_unplain; absent: it can be a turn
    struct uuid job;
    int64_t since_ms, created_ms;
};

// What the body asks for; false: it has replied.
bool single_read(struct single *single);
// A path by its name, where the body names none.
void single_take_path(struct single *single, struct slice name);
// Makes the job, of what was said before it (messages; absent: nothing) too, and sends it.
void single_go(struct single *single, struct slice earlier);
void single_sent(struct single *single);  // of singles.c: it is on its way
void single_reply_begun(struct single *single);  // of the background
void single_reply(struct single *single, const struct stored_outcome *outcome, struct buf *text);
void single_give_up(struct single *single);

#endif

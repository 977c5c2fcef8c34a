// io/consumer.h over the simulated brokers.
#include <string.h>

#include "base/mem.h"
#include "broker.h"
#include "fakes.h"
#include "io/consumer.h"
#include "node.h"
#include "setting.h"

enum { SHARES_MOST = LANES * PARTITIONS_MOST };

struct share {
    struct consumer_partition public;
    struct log *log;
    bool assigned;
    int64_t position;  // next to hand out
    int64_t fetched;   // what lies here goes up to below this
    struct event fetch;
    struct consumer *consumer;
};

// A commit on its way and back; it may outlive its consumer.
struct commit {
    struct list_node node;
    struct event event;
    struct consumer *consumer;  // NULL: gone
    struct member *member;
    unsigned generation;
    size_t count;
    bool refused;
    struct {
        struct log *log;
        int64_t offset;
    } offsets[SHARES_MOST];
};

struct consumer {
    struct node *node;
    struct member *member;
    struct consumer_events events;
    void *owner;
    struct share shares[SHARES_MOST];
    bool must_give_back, must_share, revoking, lost;
    int64_t revoked_us;
    struct event join, heartbeat;
    struct list commits;   // on their way, in one connection:
    int64_t commits_us;    // none comes before the last that was sent
    struct list answered;  // to be heard at the next poll
};

int64_t records_out;

static void on_fetched(void *owner) {
    struct share *share = owner;
    bool was_empty = log_place(share->log, share->position) >=
                     log_place(share->log, share->fetched);
    if (!share->assigned || broker_is_away) {
        return;
    }
    share->fetched = share->log->next;
    if (was_empty) {  // librdkafka wakes only then
        node_wake(share->consumer->node);
    }
}

static void fetch(struct share *share) {
    if (!event_waits(&share->fetch)) {
        event_in(&share->fetch, about_us(4 * MS_US), on_fetched, share);
    }
}

static void on_arrived(struct member *member, struct log *log) {
    struct consumer *consumer = member->owner;
    struct share *share = &consumer->shares[log->place];
    if (share->assigned) {
        if (share->position > log->next) {  // a log made anew: auto.offset.reset
            share->position = share->fetched = 0;
        }
        fetch(share);
    }
}

// The heartbeat's answer brings the news.
static void on_heartbeat(void *owner) {
    struct consumer *consumer = owner;
    node_wake(consumer->node);
}

static void on_give_back(struct member *member) {
    struct consumer *consumer = member->owner;
    consumer->must_give_back = true;
    consumer->must_share = false;
    consumer->lost |= member->expelled;
    event_for(&consumer->heartbeat, consumer->node, between(MS_US, 3 * SECOND_US), on_heartbeat,
              consumer);
}

static void on_share(struct member *member) {
    struct consumer *consumer = member->owner;
    consumer->must_share = true;
    event_for(&consumer->heartbeat, consumer->node, about_us(5 * MS_US), on_heartbeat, consumer);
}

static void on_join(void *owner) {
    struct consumer *consumer = owner;
    group_join(consumer->member);
}

bool consumer_open(struct consumer **out, struct loop *loop,
                   const struct consumer_options *options, const struct consumer_events *events,
                   void *owner, struct err *err) {
    struct consumer *consumer = mem_zalloc(sizeof(*consumer));
    struct member *member = arena_zalloc(&world.arena, sizeof(*member));
    struct topic *topic = topic_find(options->topics[0]);
    if (topic == NULL) {
        mem_free(consumer);
        return err_fatal(err, "no topic %s", options->topics[0]);
    }
    *member = (struct member){.node = node_of(loop), .topic = topic,
                              .instance = options->instance, .give_back = on_give_back,
                              .share = on_share, .arrived = on_arrived, .owner = consumer};
    consumer->node = member->node;
    consumer->member = member;
    consumer->events = *events;
    consumer->owner = owner;
    list_init(&consumer->commits);
    list_init(&consumer->answered);
    event_for(&consumer->join, consumer->node, about_us(20 * MS_US), on_join, consumer);
    *out = consumer;
    return true;
}

static void shares_drop(struct consumer *consumer) {
    for (int i = 0; i < SHARES_MOST; i++) {
        struct share *share = &consumer->shares[i];
        if (share->assigned) {
            share->assigned = false;
            event_stop(&share->fetch);
            consumer->events.dropped(consumer->owner, &share->public);
        }
    }
}

void consumer_close(struct consumer *consumer) {
    bool crashed = consumer->node->doomed;
    struct list_node *node;
    event_stop(&consumer->join);
    event_stop(&consumer->heartbeat);
    shares_drop(consumer);
    while ((node = list_pop(&consumer->commits)) != NULL) {
        struct commit *commit = LIST_ENTRY(node, struct commit, node);
        commit->consumer = NULL;
        if (chance(0.5)) {
            event_stop(&commit->event);
            mem_free(commit);
        }
    }
    while ((node = list_pop(&consumer->answered)) != NULL) {
        mem_free(LIST_ENTRY(node, struct commit, node));
    }
    if (crashed || consumer->node->is_static) {  // a static member does not say good-bye
        group_vanish(consumer->member);
    } else {
        group_leave(consumer->member);
    }
    mem_free(consumer);
}

static void assign_of(struct consumer *consumer, struct topic *topic) {
    for (int i = 0; i < topic->log_count; i++) {
        struct log *log = &topic->logs[i];
        struct share *share = &consumer->shares[log->place];
        if (log->owner != consumer->member) {
            continue;
        }
        int64_t from = log->committed >= 0 ? log->committed : 0;
        *share = (struct share){.public = {.topic = topic->name, .number = i}, .log = log,
                                .assigned = true, .position = from, .fetched = from,
                                .consumer = consumer};
        consumer->events.assigned(consumer->owner, &share->public);
        fetch(share);
    }
}

static void assign(struct consumer *consumer) {
    for (struct topic *topic = consumer->member->topic; topic; topic = topic->lane) {
        assign_of(consumer, topic);
    }
}

static bool has_shares(const struct consumer *consumer) {
    for (int i = 0; i < SHARES_MOST; i++) {
        if (consumer->shares[i].assigned) {
            return true;
        }
    }
    return false;
}

static void hear_give_back(struct consumer *consumer) {
    consumer->must_give_back = false;
    if (!has_shares(consumer)) {
        consumer->lost = false;
        group_given_back(consumer->member);
        return;
    }
    consumer->revoking = true;
    consumer->node->giving_back = true;
    consumer->revoked_us = world.now_us;
    lives[consumer->node->life].left = true;
    if (consumer->lost) {
        tally(TALLY_LOST);
    }
    node_op(consumer->node, OP_REVOKE);
    trace("%s: gives back%s", consumer->node->instance, consumer->lost ? " what it lost" : "");
    consumer->events.revoking(consumer->owner, consumer->lost);
}

void consumer_poll(struct consumer *consumer) {
    struct list_node *node;
    while ((node = list_first(&consumer->answered)) != NULL && !consumer->node->doomed) {
        struct commit *commit = LIST_ENTRY(node, struct commit, node);
        bool refused = commit->refused;
        struct err err;
        list_remove(node);
        mem_free(commit);
        if (!node_op(consumer->node, OP_COMMITTED)) {
            return;
        }
        err_retry(&err, "commit of offsets: refused");
        consumer->events.committed(consumer->owner, refused ? &err : NULL);
    }
    if (consumer->node->doomed || consumer->revoking || event_waits(&consumer->heartbeat)) {
        return;
    }
    if (consumer->must_give_back) {
        hear_give_back(consumer);
    } else if (consumer->must_share) {
        consumer->must_share = false;
        if (node_op(consumer->node, OP_ASSIGN)) {
            assign(consumer);
        }
    }
}

size_t consumer_take(struct consumer *consumer, struct consumer_partition *partition,
                     struct record *records, size_t most) {
    struct share *share = (struct share *)partition;
    struct log *log = share->log;
    size_t place = log_place(log, share->position), taken = 0;
    if (consumer->revoking || place == log->count ||
        log->entries[place]->offset >= share->fetched || !node_op(consumer->node, OP_TAKE)) {
        return 0;
    }
    size_t wanted = chance(0.2) ? 1 : most;
    for (; place < log->count && taken < wanted && log->entries[place]->offset < share->fetched;
         place++) {
        struct entry *entry = log->entries[place];
        records[taken++] = (struct record){.partition = partition, .offset = entry->offset,
                                           .timestamp_ms = entry->timestamp_ms,
                                           .key = entry->key, .value = entry->value,
                                           .message = entry};
        share->position = entry->offset + 1;
        if (entry->seen) {
            tally(TALLY_REDELIVERED);
        }
        entry->seen = true;
    }
    records_out += (int64_t)taken;
    return taken;
}

void record_release(struct record *record) {
    record->message = NULL;
    records_out--;
}

void record_headers(const struct record *record,
                    void (*each)(void *owner, const char *name, struct slice value), void *owner) {
    each(owner, "offset", (struct slice){(const char *)&record->offset, sizeof(record->offset)});
}

// --- commits

static void on_answer(void *owner) {
    struct commit *commit = owner;
    if (commit->consumer == NULL) {
        mem_free(commit);
        return;
    }
    list_remove(&commit->node);
    list_append(&commit->consumer->answered, &commit->node);
    node_wake(commit->consumer->node);
}

static void on_commit(void *owner) {
    struct commit *commit = owner;
    commit->refused = broker_is_away || fault(0.02);
    for (size_t i = 0; i < commit->count && !commit->refused; i++) {
        if (!group_commit(commit->member, commit->generation, commit->offsets[i].log,
                          commit->offsets[i].offset)) {
            commit->refused = true;
        }
    }
    if (commit->refused) {
        tally(TALLY_COMMITS_REFUSED);
    }
    event_in(&commit->event, about_us(MS_US), on_answer, commit);
}

bool consumer_commit(struct consumer *consumer, const struct consumer_offset *offsets,
                     size_t count) {
    if (fault(0.01)) {
        tally(TALLY_COMMITS_UNASKED);
        return false;
    }
    if (!node_op(consumer->node, OP_COMMIT)) {
        return true;
    }
    struct commit *commit = mem_zalloc(sizeof(*commit));
    commit->consumer = consumer;
    commit->member = consumer->member;
    commit->generation = consumer->member->generation;
    commit->count = count;
    for (size_t i = 0; i < count; i++) {
        const struct share *share = (const struct share *)offsets[i].partition;
        commit->offsets[i].log = share->log;
        commit->offsets[i].offset = offsets[i].offset;
    }
    list_append(&consumer->commits, &commit->node);
    int64_t comes_us = world.now_us + about_us(2 * MS_US);
    consumer->commits_us = comes_us > consumer->commits_us ? comes_us : consumer->commits_us + 1;
    event_in(&commit->event, consumer->commits_us - world.now_us, on_commit, commit);
    return true;
}

void consumer_release(struct consumer *consumer) {
    node_op(consumer->node, OP_RELEASE);
    if ((world.now_us - consumer->revoked_us) / MS_US >= DRAIN_MS - 1) {  // with hops in hand
        lives[consumer->node->life].lost = true;
        tally(TALLY_LATE_RELEASES);
    }
    consumer->revoking = false;
    consumer->node->giving_back = false;
    consumer->lost = false;
    consumer->must_give_back = false;
    shares_drop(consumer);
    if (!consumer->node->doomed) {
        group_given_back(consumer->member);
    }
}

size_t consumer_partitions(const struct consumer *consumer) {
    size_t count = 0;
    for (const struct topic *topic = consumer->member->topic; topic; topic = topic->lane) {
        count += (size_t)topic->log_count;
    }
    return count;
}

int64_t consumer_backlog(struct consumer *consumer, const struct consumer_partition *partition,
                         int64_t offset) {
    const struct share *share = (const struct share *)partition;
    (void)consumer;
    return offset < 0 ? -1 : share->log->next - offset;
}

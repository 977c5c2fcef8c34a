#include "broker.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "facts.h"
#include "node.h"

enum { SESSION_US = 10 * SECOND_US, GIVE_BACK_US = 45 * SECOND_US };

struct topic topics[TOPICS_MOST];
unsigned topic_count;
bool broker_is_away;

void broker_begin(void) {
    memset(topics, 0, sizeof(topics));
    topic_count = 0;
    broker_is_away = false;
}

void broker_end(void) {
    for (unsigned i = 0; i < topic_count; i++) {
        for (int p = 0; p < topics[i].log_count; p++) {
            mem_free(topics[i].logs[p].entries);
        }
    }
}

struct topic *topic_add(const char *name, int partitions, bool is_read) {
    struct topic *topic = &topics[topic_count++];
    snprintf(topic->name, sizeof(topic->name), "%s", name);
    topic->log_count = partitions;
    topic->is_read = is_read;
    for (int i = 0; i < partitions; i++) {
        topic->logs[i] = (struct log){.topic = topic, .number = i, .place = i, .committed = -1};
    }
    return topic;
}

struct topic *topic_add_lane(struct topic *first, const char *lane, int partitions) {
    char name[64];
    int place = PARTITIONS_MOST;
    snprintf(name, sizeof(name), "%.40s.%s", first->name, lane);
    struct topic *topic = topic_add(name, partitions, true);
    while (first->lane) {
        first = first->lane;
        place += PARTITIONS_MOST;
    }
    for (int i = 0; i < partitions; i++) {
        topic->logs[i].place = place + i;
    }
    first->lane = topic;
    return topic;
}

struct topic *topic_find(const char *name) {
    for (unsigned i = 0; i < topic_count; i++) {
        if (strcmp(topics[i].name, name) == 0) {
            return &topics[i];
        }
    }
    return NULL;
}

struct topic *topic_of_tier(const char *tier, const char *lane) {
    char name[64];
    snprintf(name, sizeof(name), "taskfit.jobs.%s%s%s", tier, *lane ? "." : "", lane);
    return topic_find(name);
}

// --- logs

struct log *log_for(struct topic *topic, struct slice key) {
    return &topic->logs[hash64(key, 1) % (uint64_t)topic->log_count];
}

struct entry *log_append(struct log *log, struct slice key, struct slice value) {
    struct entry *entry = arena_zalloc(&world.arena, sizeof(*entry));
    if (fault(0.02)) {  // a transaction's marker, or what compaction took
        log->next += between(1, 5);
        tally(TALLY_OFFSET_GAPS);
    }
    if (log->count == log->cap) {
        log->cap = log->cap ? 2 * log->cap : 32;
        log->entries = mem_realloc(log->entries, log->cap * sizeof(*log->entries));
    }
    *entry = (struct entry){.log = log, .offset = log->next++, .timestamp_ms = world_wall_ms(),
                            .key = key, .value = value};
    log->entries[log->count++] = entry;
    facts_appended(entry);
    trace("%s [%d] %lld: appended (%s hop %u)", log->topic->name, log->number,
          (long long)entry->offset, subject_name(entry->subject), entry->hop);
    if (log->owner && log->owner->arrived) {
        log->owner->arrived(log->owner, log);
    }
    return entry;
}

size_t log_place(const struct log *log, int64_t offset) {
    size_t low = 0, high = log->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (log->entries[middle]->offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct entry *log_entry(const struct log *log, int64_t offset) {
    size_t place = log_place(log, offset);
    return place < log->count && log->entries[place]->offset == offset ? log->entries[place]
                                                                       : NULL;
}

void log_remake(struct log *log) {
    log->count = log->verified = 0;
    log->next = 0;
    log->committed = -1;
    log->topic->is_remade = true;
    tally(TALLY_LOGS_REMADE);
    trace("%s [%d] is made anew", log->topic->name, log->number);
    if (log->owner && log->owner->arrived) {
        log->owner->arrived(log->owner, log);
    }
}

bool logs_read(void) {
    for (unsigned i = 0; i < topic_count; i++) {
        struct topic *topic = &topics[i];
        for (int p = 0; p < topic->log_count && topic->is_read; p++) {
            if (log_place(&topic->logs[p], topic->logs[p].committed) < topic->logs[p].count) {
                return false;
            }
        }
    }
    return true;
}

void broker_away(bool away) {
    broker_is_away = away;
    trace("broker is %s", away ? "away" : "back");
    if (away) {
        tally(TALLY_BROKER_AWAY);
        return;
    }
    for (unsigned i = 0; i < topic_count; i++) {
        for (int p = 0; p < topics[i].log_count; p++) {
            struct log *log = &topics[i].logs[p];
            if (log->owner && log->owner->arrived) {
                log->owner->arrived(log->owner, log);
            }
        }
    }
}

// --- groups

static void disown(struct member *member) {
    for (struct topic *topic = member->topic; topic; topic = topic->lane) {
        for (int i = 0; i < topic->log_count; i++) {
            if (topic->logs[i].owner == member) {
                topic->logs[i].owner = NULL;
            }
        }
    }
}

static bool member_remove(struct member *member) {
    struct topic *topic = member->topic;
    for (unsigned i = 0; i < topic->member_count; i++) {
        if (topic->members[i] == member) {
            topic->members[i] = topic->members[--topic->member_count];
            event_stop(&member->session);
            disown(member);
            return true;
        }
    }
    return false;
}

// As an operator does with kafka-consumer-groups --reset-offsets.
static void set_back(struct topic *topic) {
    topic->set_back = false;
    tally(TALLY_REPLAYS);
    for (; topic; topic = topic->lane) {
        for (int i = 0; i < topic->log_count; i++) {
            struct log *log = &topic->logs[i];
            if (log->committed > 0) {
                log->committed = between(0, log->committed);
                trace("%s [%d]: set back to %lld", topic->name, i, (long long)log->committed);
            }
        }
    }
}

static void share_out(struct topic *topic) {
    topic->rebalancing = false;
    event_stop(&topic->give_back_by);
    if (topic->set_back) {
        set_back(topic);
    }
    if (topic->member_count == 0) {
        return;
    }
    unsigned first = (unsigned)between(0, topic->member_count - 1);
    for (struct topic *lane = topic; lane; lane = lane->lane) {
        for (int i = 0; i < lane->log_count; i++) {
            lane->logs[i].owner = topic->members[(first + (unsigned)i) % topic->member_count];
        }
    }
    for (unsigned i = 0; i < topic->member_count; i++) {
        topic->members[i]->joined = false;
        if (topic->members[i]->share) {
            topic->members[i]->share(topic->members[i]);
        }
    }
}

static void look_if_all_joined(struct topic *topic) {
    for (unsigned i = 0; i < topic->member_count; i++) {
        if (!topic->members[i]->joined) {
            return;
        }
    }
    share_out(topic);
}

static void expel(struct member *member) {
    trace("%s: %s is expelled", member->topic->name, member->node ? member->node->instance : "-");
    member_remove(member);
    member->expelled = true;
    if (member->node) {
        tally(TALLY_EXPELLED);
        lives[member->node->life].lost = true;
    }
    if (member->give_back) {
        member->give_back(member);
    }
}

static void on_give_back_by(void *owner) {
    struct topic *topic = owner;
    for (unsigned i = topic->member_count; i-- > 0;) {
        if (!topic->members[i]->joined) {
            expel(topic->members[i]);
        }
    }
    share_out(topic);
}

void group_rebalance(struct topic *topic) {
    if (topic->rebalancing) {
        look_if_all_joined(topic);
        return;
    }
    if (topic->member_count == 0) {
        return;
    }
    tally(TALLY_REBALANCES);
    trace("%s: rebalance of %u members", topic->name, topic->member_count);
    topic->rebalancing = true;
    event_in(&topic->give_back_by, GIVE_BACK_US, on_give_back_by, topic);
    for (unsigned i = topic->member_count; i-- > 0;) {
        if (!topic->members[i]->joined && topic->members[i]->give_back) {
            topic->members[i]->give_back(topic->members[i]);
        }
    }
    look_if_all_joined(topic);
}

static void on_session_end(void *owner) {
    struct member *member = owner;
    expel(member);
    group_rebalance(member->topic);
}

// A static member that comes back within its session has its partitions again.
static bool return_as(struct member *member, struct member *before) {
    struct topic *topic = member->topic;
    for (struct topic *lane = topic; lane; lane = lane->lane) {
        for (int i = 0; i < lane->log_count; i++) {
            if (lane->logs[i].owner == before) {
                lane->logs[i].owner = member;
            }
        }
    }
    for (unsigned i = 0; i < topic->member_count; i++) {
        if (topic->members[i] == before) {
            topic->members[i] = member;
        }
    }
    event_stop(&before->session);
    tally(TALLY_RETURNS);
    member->joined = topic->rebalancing;
    if (topic->rebalancing) {
        disown(member);
        look_if_all_joined(topic);
    } else {
        member->share(member);
    }
    return true;
}

void group_join(struct member *member) {
    struct topic *topic = member->topic;
    for (unsigned i = 0; i < topic->member_count && member->instance; i++) {
        struct member *other = topic->members[i];
        if (other->node == NULL && other->instance &&
            strcmp(other->instance, member->instance) == 0) {
            return_as(member, other);
            return;
        }
    }
    assert(topic->member_count < MEMBERS_MOST);
    topic->members[topic->member_count++] = member;
    member->joined = true;
    member->expelled = false;
    group_rebalance(topic);
}

void group_leave(struct member *member) {
    bool was = member_remove(member);
    member->node = NULL;
    member->give_back = member->share = NULL;
    member->arrived = NULL;
    if (was) {
        group_rebalance(member->topic);
    }
}

void group_vanish(struct member *member) {
    member->node = NULL;
    member->give_back = member->share = NULL;
    member->arrived = NULL;
    if (!member->expelled) {
        event_in(&member->session, between(SESSION_US / 2, SESSION_US), on_session_end, member);
    }
}

void group_silent(struct node *node, int64_t for_us) {
    for (unsigned i = 0; i < topic_count; i++) {
        for (unsigned m = 0; m < topics[i].member_count; m++) {
            struct member *member = topics[i].members[m];
            if (member->node == node && for_us > SESSION_US) {
                event_in(&member->session, SESSION_US, on_session_end, member);
            }
        }
    }
}

void group_given_back(struct member *member) {
    member->generation++;
    if (member->expelled) {
        group_join(member);
        return;
    }
    disown(member);
    member->joined = true;
    if (member->topic->rebalancing) {
        look_if_all_joined(member->topic);
    } else {
        group_rebalance(member->topic);  // it was asked to, and all others went on meanwhile
    }
}

bool group_commit(struct member *member, unsigned generation, struct log *log, int64_t offset) {
    if (log->owner != member || member->expelled || member->generation != generation) {
        return false;
    }
    if (offset < log->committed) {
        broken("%s [%d]: the commit goes back from %lld to %lld", log->topic->name, log->number,
               (long long)log->committed, (long long)offset);
    }
    while (log->verified < log->count && log->entries[log->verified]->offset < offset) {
        struct entry *entry = log->entries[log->verified++];
        const char *missing = entry_unfinished(entry);
        if (missing) {
            broken("%s [%d]: %lld is committed, and of %lld (%s hop %u) there is no %s",
                   log->topic->name, log->number, (long long)offset, (long long)entry->offset,
                   subject_name(entry->subject), entry->hop, missing);
        }
    }
    log->committed = offset;
    trace("%s [%d]: committed %lld", log->topic->name, log->number, (long long)offset);
    return true;
}

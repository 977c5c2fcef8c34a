// The simulated brokers: logs of records, one group a topic with its lanes, and who has which
// partition.
//
// Rebalances are eager, as range and roundrobin are: everyone gives back all, then all is shared
// out anew. A member that gives nothing back in time, or is silent for longer than its session, is
// expelled; what it commits after that is refused.
#ifndef TASKFIT_SIM_BROKER_H
#define TASKFIT_SIM_BROKER_H

#include "base/slice.h"
#include "world.h"

struct subject;
struct log;

enum { PARTITIONS_MOST = 4, LANES = 3, TOPICS_MOST = 12, MEMBERS_MOST = 40 };

// A record, and what the world knows of it.
struct entry {
    struct log *log;
    int64_t offset;
    int64_t timestamp_ms;
    struct slice key, value;
    struct subject *subject;  // the job it is about; NULL: none that could be read
    unsigned hop;
    bool letter_row;          // dead_letters has its row
    bool letter_counts;       // and that row was not part of a decision
    bool letter_sent;         // the dead topic has it
    bool letter_refused;      // and its letter was too large for it
    bool seen;                // was delivered to someone
};

struct member;

struct log {
    struct topic *topic;
    int number;
    int place;           // among all that its group reads
    struct entry **entries;
    size_t count, cap;
    int64_t next;        // offset
    int64_t committed;   // of the group; -1: none yet
    size_t verified;     // entries below were finished when they were committed
    struct member *owner;
};

struct topic {
    char name[64];
    struct log logs[PARTITIONS_MOST];
    int log_count;
    bool is_read;  // it has a group, or is a lane of one that has
    struct topic *lane;  // the next that the group reads with it; NULL: none
    bool is_remade;
    bool rebalancing;
    bool set_back;            // at the next sharing out, offsets go back
    struct event give_back_by;
    struct member *members[MEMBERS_MOST];
    unsigned member_count;
};

// A member as its group sees it; consumers (fake_consumer.c) embed it.
struct member {
    struct node *node;
    struct topic *topic;
    const char *instance;     // of a static member
    bool joined;              // has given back all, and waits for its share
    bool expelled;
    unsigned generation;      // commits of an earlier one are refused
    struct event session;     // ends when nothing is heard for so long
    // The group's word, heard at the next poll:
    void (*give_back)(struct member *member);
    void (*share)(struct member *member);
    void (*arrived)(struct member *member, struct log *log);  // there is more to read
    void *owner;
};

extern struct topic topics[TOPICS_MOST];
extern unsigned topic_count;
extern bool broker_is_away;

void broker_begin(void);
void broker_end(void);
struct topic *topic_add(const char *name, int partitions, bool is_read);
struct topic *topic_add_lane(struct topic *first, const char *lane, int partitions);
struct topic *topic_find(const char *name);
struct topic *topic_of_tier(const char *tier, const char *lane);  // lane "": none
struct log *log_for(struct topic *topic, struct slice key);
// A record is in the log.
struct entry *log_append(struct log *log, struct slice key, struct slice value);
struct entry *log_entry(const struct log *log, int64_t offset);
void log_remake(struct log *log);  // a new log in its place, from offset 0
size_t log_place(const struct log *log, int64_t offset);  // index of the first entry at or above
bool logs_read(void);              // all groups have committed all there is

void broker_away(bool away);
void group_join(struct member *member);
void group_leave(struct member *member);    // says good-bye
void group_vanish(struct member *member);   // says nothing: its session ends some time
void group_silent(struct node *node, int64_t for_us);  // its members are not heard so long
void group_given_back(struct member *member);
void group_rebalance(struct topic *topic);
// The commit of an offset arrives; false: refused.
bool group_commit(struct member *member, unsigned generation, struct log *log, int64_t offset);

#endif

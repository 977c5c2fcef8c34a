#include "plan.h"

#include <stdio.h>

#include "facts.h"
#include "fakes.h"
#include "node.h"
#include "setting.h"
#include "table.h"

// PATIENCE: who stands still for so long may have lost its partitions; half of sim.yaml's session.
enum { TROUBLES_MOST = 24, PATIENCE_US = 5 * SECOND_US };

// --- who is there

static void people(const char *tier, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        char name[24];
        snprintf(name, sizeof(name), "%s-%d", tier ? tier : "escalator", (int)i);
        node_add(tier, name);
    }
}

static void on_start(void *owner) {
    node_start(owner);
}

static void make_topics(void) {
    struct topic *tiny = topic_add("taskfit.jobs.tiny", (int)between(1, PARTITIONS_MOST), true);
    struct topic *mid = topic_add("taskfit.jobs.mid", (int)between(1, 2), true);
    struct topic *large = topic_add("taskfit.jobs.large", 1, true);
    topic_add("taskfit.results", (int)between(1, 3), true);
    topic_add("taskfit.decisions", 1, false);
    topic_add("taskfit.dead", 1, false);
    for (int i = 0; i < LANES - 1; i++) {
        const char *lane = plan_lanes[i];
        topic_add_lane(tiny, lane, (int)between(1, PARTITIONS_MOST));
        topic_add_lane(mid, lane, (int)between(1, 2));
        topic_add_lane(large, lane, 1);
    }
}

// --- what goes wrong

enum trouble_kind {
    TROUBLE_CRASH,
    TROUBLE_STALL,
    TROUBLE_DRAIN,
    TROUBLE_REBALANCE,
    TROUBLE_REPLAY,
    TROUBLE_BROKER,
    TROUBLE_DATABASE,
    TROUBLE_SLOW,
    TROUBLE_FULL,
    TROUBLE_MODEL,
    TROUBLE_CANCEL_JOB,
    TROUBLE_CANCEL_BATCH,
    TROUBLE_RELOAD,
    TROUBLE_SWITCH,
    TROUBLE_COUNT
};

struct trouble {
    struct event event, end;
    enum trouble_kind kind;
};

static struct trouble troubles[TROUBLES_MOST];
static int trouble_count;

static struct node *someone(void) {
    return &nodes[between(0, node_count - 1)];
}

static struct topic *some_topic(void) {
    return &topics[between(0, 3)];
}

static void crash(void) {
    struct node *node = someone();
    if (!node->up) {
        return;
    }
    node_arm(node, (enum op)between(0, OP_COUNT - 1));
}

static void stall(void) {
    struct node *node = someone();
    int64_t for_us = chance(0.5) ? between(0, 3 * SECOND_US) : between(0, 40 * SECOND_US);
    if (!node->up || world.now_us < node->stalled_until_us) {
        return;
    }
    tally(TALLY_STALLS);
    trace("%s: stands still for %lld ms", node->instance, (long long)for_us / MS_US);
    node->stalled_until_us = world.now_us + for_us;
    if (for_us >= PATIENCE_US) {
        node->woke_us = node->stalled_until_us;
    }
    group_silent(node, for_us);
}

static void replay(void) {
    struct topic *topic = some_topic();
    topic->set_back = true;
    group_rebalance(topic);
}

static void cancel_job(void) {
    if (subject_count > 0) {
        struct subject *subject = subjects[between(0, subject_count - 1)];
        subject->cancelled = true;
        subject->cancelled_us = world.now_us;
        trace("job %u is cancelled", subject->number);
    }
}

static void cancel_batch(void) {
    if (batch_count > 0) {
        struct batch_row *batch = &batches[between(0, batch_count - 1)];
        batch->cancelled = true;
        batch->cancelled_us = world.now_us;
    }
}

static void reload(void) {
    struct node *node = someone();
    struct config *old = node->process.config;
    if (!node->up) {
        return;
    }
    tally(TALLY_RELOADS);
    trace("%s: another configuration", node->instance);
    node->process.config = config_keep(setting_other(old));
    config_release(old);
    node_wake(node);
}

// Often while some process has hops of two configurations.
static void switch_tier(void) {
    for (unsigned i = 0; i < node_count && chance(0.6); i++) {
        reload();
    }
    tally(TALLY_SWITCHED);
    switch_now = (int)between(0, SWITCHES - 1);
    trace("tier mid: switch %d", switch_now);
}

static void lose_model(void) {
    tally(TALLY_MODEL_AWAY);
    model_away = some_model();
    trace("nobody is at %s", model_away);
}

static void on_end(void *owner) {
    const struct trouble *trouble = owner;
    if (trouble->kind == TROUBLE_BROKER && broker_is_away) {
        broker_away(false);
    } else if (trouble->kind == TROUBLE_DATABASE && database_is_away) {
        database_away(false);
    } else if (trouble->kind == TROUBLE_SLOW) {
        database_is_slow = false;
    } else if (trouble->kind == TROUBLE_FULL) {
        database_is_full = false;
    } else if (trouble->kind == TROUBLE_MODEL) {
        model_away = NULL;
    }
}

static void for_a_while(struct trouble *trouble) {
    event_in(&trouble->end, between(10 * MS_US, 30 * SECOND_US), on_end, trouble);
}

// A drain meanwhile: what was paid for waits, and all else is left.
static void lose_database(struct trouble *trouble) {
    database_away(true);
    for_a_while(trouble);
    if (chance(0.3)) {
        node_drain(someone());
    }
}

static void on_trouble(void *owner) {
    struct trouble *trouble = owner;
    switch (trouble->kind) {
    case TROUBLE_CRASH: crash(); break;
    case TROUBLE_STALL: stall(); break;
    case TROUBLE_DRAIN: node_drain(someone()); break;
    case TROUBLE_REBALANCE: group_rebalance(some_topic()); break;
    case TROUBLE_REPLAY: replay(); break;
    case TROUBLE_BROKER: broker_away(true); for_a_while(trouble); break;
    case TROUBLE_DATABASE: lose_database(trouble); break;
    case TROUBLE_SLOW: database_is_slow = true; for_a_while(trouble); break;
    case TROUBLE_FULL: database_is_full = true; for_a_while(trouble); break;
    case TROUBLE_MODEL: lose_model(); for_a_while(trouble); break;
    case TROUBLE_CANCEL_JOB: cancel_job(); break;
    case TROUBLE_CANCEL_BATCH: cancel_batch(); break;
    case TROUBLE_RELOAD: reload(); break;
    case TROUBLE_SWITCH: switch_tier(); break;
    case TROUBLE_COUNT: break;
    }
}

void plan_faults(int64_t until_us) {
    trouble_count = (int)between(0, chance(0.2) ? TROUBLES_MOST : 8);
    for (int i = 0; i < trouble_count; i++) {
        troubles[i] = (struct trouble){0};
        // Half of them are crashes: they are what all else is about.
        troubles[i].kind = chance(0.5) ? TROUBLE_CRASH
                                       : (enum trouble_kind)between(1, TROUBLE_COUNT - 1);
        event_in(&troubles[i].event, between(0, until_us), on_trouble, &troubles[i]);
    }
}

bool plan_remake(void) {
    if (!chance(0.2)) {
        return false;
    }
    struct topic *topic = some_topic();
    for (; topic; topic = topic->lane) {
        for (int i = 0; i < topic->log_count; i++) {
            log_remake(&topic->logs[i]);
        }
    }
    plan_more_jobs(SECOND_US);
    return true;
}

void plan_faults_end(void) {
    trace("no more faults");
    world.faults = false;
    for (int i = 0; i < trouble_count; i++) {
        event_stop(&troubles[i].event);
        event_stop(&troubles[i].end);
    }
    database_is_slow = database_is_full = false;
    model_away = NULL;
    if (broker_is_away) {
        broker_away(false);
    }
    if (database_is_away) {
        database_away(false);
    }
    nodes_disarm();
}

int64_t plan_world(void) {
    int64_t until_us = between(2 * SECOND_US, 60 * SECOND_US);
    make_topics();
    people("tiny", between(1, 2));
    people("mid", between(1, 2));
    people("large", 1);
    people(NULL, between(1, 2));
    for (unsigned i = 0; i < node_count; i++) {
        event_in(&nodes[i].restart, between(0, SECOND_US), on_start, &nodes[i]);
    }
    plan_jobs(until_us / 2);
    plan_faults(until_us);
    return until_us;
}

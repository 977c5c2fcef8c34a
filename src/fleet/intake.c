#include "fleet/intake.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/loop.h"
#include "job/ledger.h"

enum { HELD_MOST = 256, POLL_MS = 500, BACKLOG_MS = 1000 };

// One partition as it was assigned once. After a revocation, or when the log was made anew, it
// lives on until its last ticket is back, but commits nothing.
struct intake_partition {
    struct list_node node;
    struct consumer_partition *source;  // NULL: revoked or replaced
    char topic[TOPIC_TEXT];
    int32_t number;
    uint32_t lane;
    struct ledger ledger;
    int64_t committed;  // asked for last
    size_t tickets;
    struct record held[HELD_MOST];  // read, and not taken for want of room
    size_t held_from, held_count;
};

struct intake {
    struct process *process;
    struct consumer *consumer;
    struct intake_events events;
    void *owner;
    struct list partitions;  // assigned
    struct list retired;     // with tickets still out
    char topics[LANES_MOST][TOPIC_TEXT];
    uint32_t topic_count;
    double backlog[LANES_MOST];
    size_t first;            // whose turn it is to be read first
    bool stopped;
    bool revoking;
    bool committing;         // the answer is awaited
    int64_t revoke_ms, revoke_until_ms;
    int64_t commit_due_ms, backlog_due_ms;
};

static struct intake_partition *partition_of(struct list_node *node) {
    return LIST_ENTRY(node, struct intake_partition, node);
}

static struct intake_partition *partition_new(struct intake *intake,
                                              struct consumer_partition *source) {
    struct intake_partition *p = mem_zalloc(sizeof(*p));
    p->source = source;
    snprintf(p->topic, sizeof(p->topic), "%s", source->topic);
    p->number = source->number;
    while (p->lane + 1 < intake->topic_count && strcmp(intake->topics[p->lane], p->topic) != 0) {
        p->lane++;
    }
    p->committed = -1;
    ledger_init(&p->ledger, intake->process->config->limits.offset_span);
    list_append(&intake->partitions, &p->node);
    source->owner = p;
    return p;
}

static void partition_free(struct intake_partition *p) {
    list_remove(&p->node);
    ledger_fini(&p->ledger);
    mem_free(p);
}

static void held_release(struct intake_partition *p) {
    while (p->held_count > 0) {
        record_release(&p->held[p->held_from++]);
        p->held_count--;
    }
}

static void partition_retire(struct intake *intake, struct intake_partition *p) {
    held_release(p);
    p->source = NULL;
    list_remove(&p->node);
    if (p->tickets == 0) {
        partition_free(p);
    } else {
        list_append(&intake->retired, &p->node);
    }
}

// --- what the group says

static void count_partitions(struct intake *intake) {
    metric_set(&intake->process->metrics, METRIC_ASSIGNMENTS, "", (double)intake->partitions.count);
}

static void on_assigned(void *owner, struct consumer_partition *source) {
    struct intake *intake = owner;
    partition_new(intake, source);
    count_partitions(intake);
    log_info("assigned %s [%d]", source->topic, source->number);
}

static void on_dropped(void *owner, struct consumer_partition *source) {
    struct intake *intake = owner;
    log_info("let go %s [%d]", source->topic, source->number);
    partition_retire(intake, source->owner);
    count_partitions(intake);
}

static void on_revoking(void *owner, bool lost) {
    struct intake *intake = owner;
    int64_t now_ms = loop_now_ms(intake->process->loop);
    intake->revoking = true;
    intake->revoke_until_ms = lost ? now_ms : now_ms + intake->revoke_ms;
    LIST_FOR(node, &intake->partitions) {
        held_release(partition_of(node));
    }
    intake->events.revoking(intake->owner, lost);
}

static void on_committed(void *owner, const struct err *err) {
    struct intake *intake = owner;
    intake->committing = false;
    if (err) {
        metric_add(&intake->process->metrics, METRIC_COMMIT_FAILURES, "", 1);
        log_warn("%s; the offsets are committed again", err->text);
        LIST_FOR(node, &intake->partitions) {
            partition_of(node)->committed = -1;
        }
    }
}

static void on_failed(void *owner, const struct err *err) {
    struct intake *intake = owner;
    if (err->kind == ERR_FATAL) {
        intake->process->fatal(intake->process->fatal_owner, err);
    } else {
        log_warn("%s", err->text);
    }
}

bool intake_open(struct intake **out, struct process *process,
                 const struct intake_options *options, const struct intake_events *events,
                 void *owner, struct err *err) {
    static const struct consumer_events from_consumer = {on_assigned, on_revoking, on_dropped,
                                                         on_committed, on_failed};
    const struct config *config = process->config;
    struct consumer_options consumer = {
        .kafka = process_kafka(config),
        .group = options->group,
        .instance = process->static_member ? process->instance : NULL,
        .topics = options->topics,
        .topic_count = options->topic_count,
        .session_timeout_ms = config->kafka.session_timeout_ms,
        .queue_bytes = config->kafka.fetch_bytes,
        .partitions = config->kafka.partitions,
    };
    struct intake *intake = mem_zalloc(sizeof(*intake));
    intake->process = process;
    intake->events = *events;
    intake->owner = owner;
    intake->revoke_ms = options->revoke_ms;
    assert(options->topic_count <= LANES_MOST);
    intake->topic_count = (uint32_t)options->topic_count;
    for (uint32_t i = 0; i < intake->topic_count; i++) {
        snprintf(intake->topics[i], TOPIC_TEXT, "%s", options->topics[i]);
    }
    list_init(&intake->partitions);
    list_init(&intake->retired);
    if (!consumer_open(&intake->consumer, process->loop, &consumer, &from_consumer, intake, err)) {
        mem_free(intake);
        return false;
    }
    *out = intake;
    return true;
}

void intake_close(struct intake *intake) {
    LIST_FOR(node, &intake->partitions) {
        held_release(partition_of(node));
    }
    consumer_close(intake->consumer);
    LIST_FOR(node, &intake->retired) {
        partition_free(partition_of(node));
    }
    mem_free(intake);
}

// --- taking

// The log was set back, or the topic made anew: a new ledger for what comes, the old one waits for
// its tickets and commits nothing.
static struct intake_partition *partition_renew(struct intake *intake, struct intake_partition *p,
                                                int64_t offset) {
    struct intake_partition *fresh = partition_new(intake, p->source);
    log_warn("%s [%d] was set back from offset %" PRId64 " to %" PRId64, p->topic, p->number,
             p->ledger.next, offset);
    memcpy(fresh->held, p->held, sizeof(p->held));
    fresh->held_from = p->held_from;
    fresh->held_count = p->held_count;
    p->held_count = 0;
    partition_retire(intake, p);
    return fresh;
}

// Takes what is held, as far as there is room. False: none is left. A log that was set back makes
// a new partition of *partition.
static bool take_held(struct intake *intake, struct intake_partition **partition) {
    struct intake_partition *p = *partition;
    while (p->held_count > 0) {
        struct record *record = &p->held[p->held_from];
        if (!intake->events.room(intake->owner)) {
            return false;
        }
        if (!intake->events.room_for(intake->owner, record, p->lane)) {
            return true;
        }
        enum ledger_verdict verdict = ledger_take(&p->ledger, record->offset);
        if (verdict == LEDGER_FULL) {
            return true;
        }
        if (verdict == LEDGER_STALE) {
            p = *partition = partition_renew(intake, p, record->offset);
            continue;
        }
        p->held_from++;
        p->held_count--;
        p->tickets++;
        metric_add(&intake->process->metrics, METRIC_JOBS_TAKEN, "", 1);
        intake->events.taken(intake->owner, (struct ticket){p, record->offset}, record);
        record_release(record);
    }
    return true;
}

static bool take_from(struct intake *intake, struct intake_partition *p) {
    for (;;) {
        if (!take_held(intake, &p)) {
            return false;
        }
        if (p->held_count > 0) {
            return true;  // at the cap of its span, or no room for the next of it
        }
        p->held_from = 0;
        p->held_count = consumer_take(intake->consumer, p->source, p->held, HELD_MOST);
        if (p->held_count == 0) {
            return true;
        }
    }
}

static void take(struct intake *intake) {
    size_t count = intake->partitions.count;
    struct list_node *node = list_first(&intake->partitions);
    for (size_t i = 0; node && i < intake->first % count; i++) {
        node = node->next;
    }
    intake->first++;
    for (size_t i = 0; i < count && node; i++) {
        struct list_node *next = node->next;
        if (!take_from(intake, partition_of(node))) {
            return;
        }
        node = next == &intake->partitions.head ? list_first(&intake->partitions) : next;
    }
}

// --- committing

static void commit(struct intake *intake) {
    struct consumer_offset *offsets = mem_array(intake->partitions.count, sizeof(*offsets));
    size_t count = 0;
    LIST_FOR(node, &intake->partitions) {
        const struct intake_partition *p = partition_of(node);
        int64_t offset = ledger_commit(&p->ledger);
        if (offset >= 0 && offset != p->committed) {
            offsets[count++] = (struct consumer_offset){p->source, offset};
        }
    }
    if (count > 0 && consumer_commit(intake->consumer, offsets, count)) {
        for (size_t i = 0; i < count; i++) {
            ((struct intake_partition *)offsets[i].partition->owner)->committed =
                offsets[i].offset;
        }
        intake->committing = true;
        metric_add(&intake->process->metrics, METRIC_COMMITS, "", 1);
    }
    mem_free(offsets);
}

static bool all_committed(const struct intake *intake) {
    LIST_FOR(node, &intake->partitions) {
        const struct intake_partition *p = partition_of(node);
        int64_t offset = ledger_commit(&p->ledger);
        if (offset >= 0 && offset != p->committed) {
            return false;
        }
    }
    return true;
}

bool intake_settled(struct intake *intake, int64_t now_ms) {
    intake->commit_due_ms = now_ms;
    consumer_poll(intake->consumer);
    if (!intake->committing) {
        commit(intake);
    }
    return !intake->committing && all_committed(intake);
}

static size_t tickets_out(const struct intake *intake) {
    size_t tickets = 0;
    LIST_FOR(node, &intake->partitions) {
        tickets += partition_of(node)->tickets;
    }
    return tickets;
}

static void revoke_turn(struct intake *intake, int64_t now_ms) {
    bool late = now_ms >= intake->revoke_until_ms;
    if (!late && (tickets_out(intake) > 0 || !intake_settled(intake, now_ms))) {
        return;
    }
    if (tickets_out(intake) > 0) {
        log_warn("partitions let go with %zu jobs in hand", tickets_out(intake));
    }
    intake->revoking = false;
    intake->committing = false;
    consumer_release(intake->consumer);
}

static void measure_backlog(struct intake *intake) {
    double backlog = 0;
    memset(intake->backlog, 0, sizeof(intake->backlog));
    LIST_FOR(node, &intake->partitions) {
        struct intake_partition *p = partition_of(node);
        int64_t read = p->held_count > 0 ? p->held[p->held_from + p->held_count - 1].offset + 1
                                         : p->ledger.next;
        double waits = (double)p->held_count +
                       fmax(0, (double)consumer_backlog(intake->consumer, p->source, read));
        backlog += waits;
        intake->backlog[p->lane] += waits;
    }
    metric_set(&intake->process->metrics, METRIC_BACKLOG_JOBS, "", backlog);
}

int64_t intake_turn(struct intake *intake, int64_t now_ms) {
    const struct config_limits *limits = &intake->process->config->limits;
    consumer_poll(intake->consumer);
    if (intake->revoking) {
        revoke_turn(intake, now_ms);
        return 20;
    }
    if (!intake->stopped) {
        take(intake);
    }
    if (now_ms >= intake->commit_due_ms && !intake->committing) {
        commit(intake);
        intake->commit_due_ms = now_ms + limits->commit_ms;
    }
    if (now_ms >= intake->backlog_due_ms) {
        measure_backlog(intake);
        intake->backlog_due_ms = now_ms + BACKLOG_MS;
    }
    return POLL_MS;
}

void intake_stop(struct intake *intake) {
    intake->stopped = true;
}

// --- tickets

static void ticket_back(struct intake_partition *p) {
    assert(p->tickets > 0);
    p->tickets--;
    if (p->tickets == 0 && p->source == NULL) {
        partition_free(p);
    }
}

void intake_finish(struct intake *intake, struct ticket ticket) {
    (void)intake;
    ledger_finish(&ticket.partition->ledger, ticket.offset);
    ticket_back(ticket.partition);
}

void intake_drop(struct intake *intake, struct ticket ticket) {
    (void)intake;
    ticket_back(ticket.partition);
}

size_t intake_partitions(const struct intake *intake) {
    return intake->partitions.count;
}

// Until the brokers have told how many there are, as many as a topic is made with. Without any the
// share is that of the one that comes first: limits hold from its first record on.
double intake_share(const struct intake *intake) {
    double mine = intake->partitions.count > 0 ? (double)intake->partitions.count : 1;
    double all = (double)consumer_partitions(intake->consumer);
    return mine >= all ? 1 : mine / all;
}

bool ticket_revoked(struct ticket ticket) {
    return ticket.partition->source == NULL;
}

const char *ticket_topic(struct ticket ticket) {
    return ticket.partition->topic;
}

uint32_t ticket_lane(struct ticket ticket) {
    return ticket.partition->lane;
}

double intake_backlog(const struct intake *intake, uint32_t lane) {
    return intake->backlog[lane];
}

int32_t ticket_partition(struct ticket ticket) {
    return ticket.partition->number;
}

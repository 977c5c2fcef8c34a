// The producer: jobs of all paths, copies of them, and records that are no jobs.
#include <stdio.h>
#include <string.h>

#include "facts.h"
#include "plan.h"
#include "table.h"
#include "taskfit.pb-c.h"

enum { INPUT_ROOM = 2600 };

// A record that the producer sends once or more.
struct cargo {
    struct event event;
    struct topic *topic;
    struct slice key, value;
    struct subject *subject;
    int copies;
    int64_t until_us;
};

struct kind {
    const char *path, *tier, *lane;
};

const char *const plan_lanes[LANES - 1] = {"bulk", "now"};

static const struct kind kinds[] = {
    {"reviewed", "tiny", ""}, {"ruled", "tiny", "bulk"}, {"best", "tiny", "now"},
    {"short", "mid", "now"}, {"certified", "tiny", ""}, {"watched", "tiny", ""},
    {"watched", "mid", ""}, {"reviewed", "mid", ""},  // a path can be entered at a later tier
};

int plan_waiting;
static unsigned last_number;  // of the jobs that were sent

static void on_cargo(void *owner) {
    struct cargo *cargo = owner;
    if (broker_is_away) {
        event_in(&cargo->event, about_us(500 * MS_US), on_cargo, cargo);
        return;
    }
    if (cargo->subject) {
        cargo->subject->sent++;
        if (cargo->subject->number < last_number) {
            tally(TALLY_REORDERED);
        }
        last_number = cargo->subject->number;
    }
    struct slice key = cargo->key;
    bool may_scatter = cargo->subject && cargo->subject->order == 0 && cargo->copies > 1;
    if (may_scatter && chance(0.1)) {  // another producer's partitioner
        key = slice_of(chance(0.5) ? "one" : "another");
        cargo->subject->scattered = true;
        tally(TALLY_SCATTERED);
    }
    log_append(log_for(cargo->topic, key), key, cargo->value);
    plan_waiting--;
    if (--cargo->copies > 0) {
        tally(TALLY_DUPLICATES);
        int64_t wait_us = chance(0.5) ? between(0, 50 * MS_US) : between(0, cargo->until_us);
        event_in(&cargo->event, wait_us, on_cargo, cargo);
    }
}

static void ship(struct cargo *cargo, const char *tier, const char *lane, int64_t until_us) {
    cargo->topic = topic_of_tier(tier, lane);
    cargo->until_us = until_us;
    cargo->copies = chance(0.15) ? (int)between(2, 3) : 1;
    plan_waiting += cargo->copies;
    event_in(&cargo->event, between(0, until_us), on_cargo, cargo);
}

static struct slice pack(const ProtobufCMessage *message) {
    size_t size = protobuf_c_message_get_packed_size(message);
    char *bytes = arena_alloc(&world.arena, size + 1);
    protobuf_c_message_pack(message, (uint8_t *)bytes);
    return (struct slice){bytes, size};
}

// Inputs near the limits of records, so that what is made of them does not fit everywhere.
static struct slice input_for(const struct subject *subject, const struct kind *kind) {
    static const int paddings[] = {0, 0, 0, 0, 0, 0, 1700, 1950, 2100, 2400};
    int padding = chance(0.15) ? paddings[between(6, 9)] : 0;
    char *text = arena_alloc(&world.arena, INPUT_ROOM + 100);
    int len = snprintf(text, INPUT_ROOM + 100, "{\"n\":%u,\"form\":\"%s\",\"pad\":\"%*s\"}",
                       subject->number, strcmp(kind->path, "best") ? "label" : "fields", padding,
                       "");
    return (struct slice){text, (size_t)len};
}

static ProtobufCBinaryData binary(struct slice slice) {
    return (ProtobufCBinaryData){slice.len, (uint8_t *)(uintptr_t)slice.at};
}

// What is wrong with some jobs, which can still be told apart by their id.
static void spoil(Taskfit__V1__Job *m, Taskfit__V1__Input *input) {
    switch (between(0, 5)) {
    case 0: m->path = (char *)(uintptr_t)"nowhere"; break;
    case 1: m->path = (char *)(uintptr_t)"short"; break;  // does not lead through tiny
    case 2: m->has_schema = true; m->schema = 99; break;
    case 3: m->custom_id = (char *)(uintptr_t)"\xff\xfe"; break;
    case 4: input->json = binary(slice_of("{\"n\":")); break;
    case 5: m->input = NULL; break;
    }
}

static void limit(struct subject *subject, Taskfit__V1__Job *m) {
    if (chance(0.1)) {
        m->has_deadline_ms = true;
        m->deadline_ms = world_wall_ms() + between(0, 60000);
        subject->expires_ms = m->deadline_ms;
    }
    subject->refuse_attempt = chance(0.03);
    subject->refuse_decision = chance(0.03);
}

// Its lane, which a producer of another configuration may not know, and its tenant.
static void line_up(struct subject *subject, const struct kind *kind, Taskfit__V1__Job *m) {
    static const char *const tenants[] = {"alpha", "beta", ""};
    int64_t tenant = between(0, 3);
    subject->lane = subject->first_lane = kind->lane;
    if (chance(0.1)) {
        subject->first_lane = chance(0.3) ? "" : plan_lanes[between(0, LANES - 2)];
    }
    if (*subject->first_lane) {
        tally(TALLY_LANES);
    }
    if (tenant < 3) {
        m->tenant = (char *)(uintptr_t)tenants[tenant];
        tally(TALLY_TENANTS);
    }
}

static void make_job(int64_t until_us) {
    const struct kind *kind = &kinds[between(0, sizeof(kinds) / sizeof(kinds[0]) - 1)];
    struct subject *subject = subject_new();
    struct cargo *cargo = arena_zalloc(&world.arena, sizeof(*cargo));
    Taskfit__V1__Job m = TASKFIT__V1__JOB__INIT;
    Taskfit__V1__Input input = TASKFIT__V1__INPUT__INIT;
    const char *tier = kind->tier;
    tally(TALLY_JOBS);
    subject->certified = is_certified(slice_of(kind->path));
    input.has_json = true;
    input.json = binary(input_for(subject, kind));
    m.has_id = true;
    m.id = binary(uuid_slice(&subject->id));
    m.path = (char *)(uintptr_t)kind->path;
    m.input = &input;
    m.custom_id = (char *)(uintptr_t)"row";
    m.has_line = true;
    m.line = subject->number + 1;
    if (batch_count > 0 && chance(0.7)) {
        subject->batch = (int)between(0, batch_count - 1);
        m.has_batch_id = true;
        m.batch_id = binary(uuid_slice(&batches[subject->batch].id));
    }
    limit(subject, &m);
    line_up(subject, kind, &m);
    if (chance(0.3)) {
        subject->order = (int)between(1, 2);
        m.order_key = (char *)(uintptr_t)subject_key(subject).at;
        tally(TALLY_ORDERED);
    }
    cargo->key = subject_key(subject);
    if (chance(0.05)) {
        tally(TALLY_POISON);
        tier = "tiny";
        spoil(&m, &input);
        subject->order = 0;  // set aside, in no order
    }
    cargo->subject = subject;
    cargo->value = pack(&m.base);
    ship(cargo, tier, subject->first_lane, until_us);
}

// Bytes that are no job at all, to the jobs or to the results.
static void make_garbage(int64_t until_us) {
    static const char *const bytes[] = {"", "garbage", "\x0a\x10 short", "\xff\xff\xff\xff"};
    struct cargo *cargo = arena_zalloc(&world.arena, sizeof(*cargo));
    tally(TALLY_POISON);
    cargo->key = slice_of("key");
    cargo->value = slice_of(bytes[between(0, 3)]);
    ship(cargo, "mid", "", until_us);
    if (chance(0.3)) {
        cargo->topic = topic_find("taskfit.results");
    }
}

static void make_batches(void) {
    batch_count = (int)between(0, BATCHES_MOST);
    for (int i = 0; i < batch_count; i++) {
        bool capped = chance(0.3);
        batches[i] = (struct batch_row){.id = uuid_v7(world_wall_ms(), &world.random),
                                        .cap_pico_usd = capped ? between(0, 3000) * 1000000 : -1};
        if (capped) {
            tally(TALLY_CAPPED);
        }
    }
}

void plan_more_jobs(int64_t until_us) {
    for (int64_t i = between(1, 10); i > 0; i--) {
        make_job(until_us);
    }
}

void plan_jobs(int64_t until_us) {
    int64_t jobs = chance(0.1) ? between(40, 120) : between(1, 25);
    plan_waiting = 0;
    last_number = 0;
    make_batches();
    for (int64_t i = 0; i < jobs; i++) {
        make_job(until_us);
    }
    for (int64_t i = between(0, 3); i > 0; i--) {
        make_garbage(until_us);
    }
}

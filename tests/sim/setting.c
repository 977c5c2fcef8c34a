#include "setting.h"

#include <assert.h>
#include <string.h>

#include "world.h"

static struct config *base;
static struct config own, other;
static struct config_tier tiers[8], other_tiers[8];

bool setting_open(const char *file, struct err *err) {
    return config_load(file, &base, err);
}

void setting_close(void) {
    config_release(base);
}

static uint32_t one_of(uint32_t a, uint32_t b, uint32_t c) {
    const uint32_t values[] = {a, b, c};
    return values[between(0, 2)];
}

// The same file with other limits.
static void make_other(void) {
    other = own;
    other.limits.in_flight = one_of(1, 4, 64);
    other.limits.hops = one_of(4, 16, 200) + other.limits.in_flight;
    other.limits.store_rows = one_of(2, 10, 100);
    memcpy(other_tiers, tiers, sizeof(tiers));
    for (uint32_t i = 0; i < base->tier_count; i++) {
        other_tiers[i].in_flight = other.limits.in_flight;
    }
    other.tiers = other_tiers;
}

struct config *setting_other(const struct config *config) {
    return config == &own ? &other : &own;
}

struct config *setting_for_world(void) {
    uint32_t in_flight = one_of(1, 4, 64);
    assert(own.references <= 1 && other.references <= 1);  // the last world gave all back
    own = *base;
    own.references = 1;
    own.limits = (struct config_limits){
        .in_flight = in_flight,
        .shadows = one_of(1, 4, 20),
        .hops = one_of(4, 16, 200) + in_flight,
        .memory_bytes = one_of(64 << 10, 1 << 20, 1 << 20),
        .input_bytes = 4096,
        .input_depth = 16,
        .offset_span = one_of(8, 64, 1000),
        .store_rows = one_of(2, 10, 100),
        .store_linger_ms = one_of(0, 5, 50),
        .commit_ms = one_of(10, 100, 500),
        .drain_ms = DRAIN_MS,
        .database_timeout_ms = DATABASE_TIMEOUT_MS,
    };
    memcpy(tiers, base->tiers, base->tier_count * sizeof(*tiers));
    for (uint32_t i = 0; i < base->tier_count; i++) {
        tiers[i].in_flight = in_flight;
    }
    own.tiers = tiers;
    make_other();
    return &own;
}

// What keys may ask for and tenants may spend.
//
// Requests are counted by the clock's minute, here and in the database, where every gateway adds
// what it let in and learns what the others did, every 2 s: so a key may exceed its limit by what
// the others let in within that time, and never by more at one gateway alone. What tenants have
// spent is what their outcomes of the day and month (UTC) have cost, so what is under way may
// exceed a limit.
#ifndef TASKFIT_GATEWAY_QUOTA_H
#define TASKFIT_GATEWAY_QUOTA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api_key;
struct call;
struct gateway;
struct meter;
struct spending;

struct quota {
    struct meter *meters;  // of keys with a limit that were used
    size_t meter_count;
    struct spending *spendings;  // of tenants with a limit
    size_t spending_count;
    bool syncing, loading;
    int64_t sync_ms, load_ms;
};

void quota_close(struct gateway *gateway);
void quota_turn(struct gateway *gateway, int64_t now_ms);

// Counts the request, and puts the limit into the reply's head; false: it has replied.
bool quota_admit(struct call *call, const struct api_key *key);

#endif

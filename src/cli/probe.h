// The parts of `taskfit probe`.
#ifndef TASKFIT_CLI_PROBE_H
#define TASKFIT_CLI_PROBE_H

#include "base/buf.h"
#include "cli/inputs.h"
#include "cli/trial.h"

struct probe_fault {
    struct slice code, text;  // text: the first one's
    uint32_t count;
};

// A tier, or a model alone, and what came of calls to it.
struct probe {
    const struct config *config;
    const char *name;
    const struct config_path *path;
    struct config_tier tier;  // with copies of its models that try once
    struct config_model models[8];
    uint32_t planned;
    int64_t *latencies_ms;  // of what was answered; sorted when all are counted
    uint32_t answered, calls;
    struct probe_fault faults[REASON_COUNT];
    size_t fault_count;
    int64_t input_tokens, output_tokens, cost_pico_usd, spent_ms;  // spent: the sum of latencies
};

// path: whose answers are asked for; NULL: the first that leads there.
bool probe_choose(struct probe *probe, const char *path, struct err *err) MUST_CHECK;
void probe_count(struct probe *probe, struct hop *hop);
int64_t probe_latency(const struct probe *probe, double share);  // answered > 0
double probe_mean(const struct probe *probe);
double probe_tokens_per_second(const struct probe *probe);  // of output, of one call
// Calls that came to no answer of the path's form.
uint32_t probe_failed(const struct probe *probe);
void probe_json(const struct probe *probe, struct buf *out);  // its members

// Calls both as often, in an order drawn with the seed, and says how they differ.
bool probe_compare(struct probe *a, struct probe *b, struct trial *trial,
                   const struct inputs *inputs, uint32_t at_a_time, uint64_t seed, bool json,
                   struct arena *arena);

#endif

#include "fleet/config_parts.h"

struct draft_price {
    int64_t input, output, cached, call;
};

struct draft_limits {
    uint32_t in_flight, in_flight_least, rpm, tpm, input_tpm, output_tpm;
    int64_t spend;
};

struct draft_retry {
    uint32_t attempts;
    int64_t for_ms, base_ms, cap_ms;
};

// clang-format off
// The largest price of the most tokens that a reply may tell is well within what sums of a batch
// have room for.
#define PRICE(member) offsetof(struct draft_price, member)
static const struct conf_row price_rows[] = {
    {"input", CONF_MONEY, PRICE(input), "", 0, 10000, NULL, "USD per million input tokens"},
    {"output", CONF_MONEY, PRICE(output), "", 0, 10000, NULL, "USD per million output tokens"},
    {"cached", CONF_MONEY, PRICE(cached), "", 0, 10000, NULL,
     "USD per million input tokens that came from the provider's cache; absent: as input"},
    {"call", CONF_MONEY, PRICE(call), "", 0, 1000, NULL, "USD per answered request"},
};

#define RETRY(member) offsetof(struct draft_retry, member)
static const struct conf_row retry_rows[] = {
    {"attempts", CONF_COUNT, RETRY(attempts), "5", 1, 100, NULL,
     "requests for one hop, the first included; what was refused for load, or because the model is "
     "away, does not count"},
    {"for", CONF_DURATION, RETRY(for_ms), "2m", 0, 86400000, NULL,
     "no retry starts later than this after the first request"},
    {"base", CONF_DURATION, RETRY(base_ms), "500ms", 1, 3600000, NULL,
     "the first wait is drawn from 0 to this, each later one from twice as much"},
    {"cap", CONF_DURATION, RETRY(cap_ms), "30s", 1, 3600000, NULL, "the longest such wait"},
};

#define LIMIT(member) offsetof(struct draft_limits, member)
static const struct conf_row limits_rows[] = {
    {"in_flight", CONF_COUNT, LIMIT(in_flight), "", 1, 1000000, NULL,
     "most calls at a time, of all workers of the tier together; how many of them the model takes "
     "is found out; absent: limits.in_flight, of each worker"},
    {"in_flight_least", CONF_COUNT, LIMIT(in_flight_least), "1", 1, 1000000, NULL,
     "calls at a time that are made whatever the model refuses; the same as in_flight: nothing is "
     "found out"},
    {"rpm", CONF_COUNT, LIMIT(rpm), "", 1, 1e9, NULL,
     "requests a minute, of all workers of the tier; absent: any, as below"},
    {"tpm", CONF_COUNT, LIMIT(tpm), "", 1, 4e9, NULL, "tokens a minute, of input and output"},
    {"input_tpm", CONF_COUNT, LIMIT(input_tpm), "", 1, 4e9, NULL, "input tokens a minute"},
    {"output_tpm", CONF_COUNT, LIMIT(output_tpm), "", 1, 4e9, NULL, "output tokens a minute"},
    {"spend", CONF_MONEY, LIMIT(spend), "", 0, 0, NULL, "USD an hour"},
};
// clang-format on

#define TABLE(place, rows) {place, rows, sizeof(rows) / sizeof((rows)[0])}
static const struct conf_table price_table = TABLE("models.<name@version>.price", price_rows);
static const struct conf_table limits_table = TABLE("models.<name@version>.limits", limits_rows);
static const struct conf_table retry_table = TABLE("models.<name@version>.retry", retry_rows);

void config_bounds_reference(FILE *out) {
    conf_reference(&price_table, out);
    conf_reference(&limits_table, out);
    conf_reference(&retry_table, out);
}

// USD per million tokens, in 1e-12 USD, to 1e-12 USD per token.
static bool per_token(const struct conf_node *node, const char *key, int64_t *amount,
                      struct err *err) {
    if (*amount % 1000000 != 0) {
        return conf_error(config_at(node, key), err,
                          "a price per million tokens has up to 6 decimals");
    }
    *amount /= 1000000;
    return true;
}

static bool price_read(struct config *config, const struct conf_node *node, struct price *price,
                       struct err *err) {
    struct draft_price draft;
    if (!conf_fill(&price_table, node, &draft, &config->arena, err) ||
        !per_token(node, "input", &draft.input, err) ||
        !per_token(node, "output", &draft.output, err) ||
        !per_token(node, "cached", &draft.cached, err)) {
        return false;
    }
    bool cached = conf_get(node, "cached") != NULL;
    *price = (struct price){.input_pico_usd = draft.input,
                            .output_pico_usd = draft.output,
                            .cached_pico_usd = cached ? draft.cached : draft.input,
                            .call_pico_usd = draft.call};
    return true;
}

static bool limits_read(struct config *config, const struct conf_node *node, struct model *model,
                        struct err *err) {
    struct draft_limits draft;
    if (!conf_fill(&limits_table, node, &draft, &config->arena, err)) {
        return false;
    }
    if (draft.in_flight && draft.in_flight_least > draft.in_flight) {
        return conf_error(config_at(node, "in_flight_least"), err, "more than in_flight, %u",
                          draft.in_flight);
    }
    model->limits = (struct gate_limits){
        .in_flight = draft.in_flight ? draft.in_flight : config->limits.in_flight,
        .in_flight_shared = draft.in_flight > 0,
        .in_flight_least = draft.in_flight_least,
        .most = {[GATE_REQUESTS] = draft.rpm, [GATE_TOKENS] = draft.tpm,
                 [GATE_INPUT] = draft.input_tpm, [GATE_OUTPUT] = draft.output_tpm,
                 [GATE_SPEND] = (double)draft.spend},
        .max_tokens = model->max_tokens,
    };
    return true;
}

static bool retry_read(struct config *config, const struct conf_node *node, struct model *model,
                       struct err *err) {
    struct draft_retry draft;
    if (!conf_fill(&retry_table, node, &draft, &config->arena, err)) {
        return false;
    }
    if (draft.base_ms > draft.cap_ms) {
        return conf_error(config_at(node, "base"), err, "the first wait is longer than 'cap'");
    }
    model->attempts = draft.attempts;
    model->retry_for_ms = draft.for_ms;
    model->backoff = (struct backoff){.base_ms = draft.base_ms, .cap_ms = draft.cap_ms};
    return true;
}

bool config_bounds_read(struct config *config, const struct conf_node *node, struct model *model,
                        struct err *err) {
    return price_read(config, conf_get(node, "price"), &model->price, err) &&
           limits_read(config, conf_get(node, "limits"), model, err) &&
           retry_read(config, conf_get(node, "retry"), model, err);
}

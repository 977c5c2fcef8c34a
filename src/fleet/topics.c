#include "fleet/topics.h"

struct kafka_topic *topics_of(const struct config *config, struct arena *arena, size_t *count) {
    static const char *const others[] = {"results", "decisions", "dead"};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    *count = config->tier_count + OTHERS;
    struct kafka_topic *topics = arena_zalloc(arena, *count * sizeof(*topics));
    for (size_t i = 0; i < *count; i++) {
        bool tier = i < config->tier_count;
        char name[TOPIC_TEXT];
        config_topic(config, tier ? config->tiers[i].name : others[i - config->tier_count], name);
        topics[i] = (struct kafka_topic){
            .name = arena_string(arena, slice_of(name)),
            .partitions = (int32_t)config->kafka.partitions,
            .replication = (int32_t)config->kafka.replication,
            .retention_ms = config->kafka.retention_ms,
        };
    }
    return topics;
}

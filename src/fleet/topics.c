#include "fleet/topics.h"

struct kafka_topic *topics_of(const struct config *config, struct arena *arena, size_t *count) {
    static const char *const others[] = {"results", "decisions", "dead"};
    enum { OTHERS = sizeof(others) / sizeof(others[0]) };
    const size_t jobs = (size_t)config->tier_count * config->lane_count;
    *count = jobs + OTHERS;
    struct kafka_topic *topics = arena_zalloc(arena, *count * sizeof(*topics));
    for (size_t i = 0; i < *count; i++) {
        char of[TOPIC_TEXT], name[TOPIC_TEXT];
        if (i < jobs) {
            config_lane(config->tiers[i / config->lane_count].name,
                        config->lanes[i % config->lane_count].name, of);
        }
        config_topic(config, i < jobs ? of : others[i - jobs], name);
        topics[i] = (struct kafka_topic){
            .name = arena_string(arena, slice_of(name)),
            .partitions = (int32_t)config->kafka.partitions,
            .replication = (int32_t)config->kafka.replication,
            .retention_ms = config->kafka.retention_ms,
        };
    }
    return topics;
}

#include <stdio.h>

#include "fleet/config_parts.h"

enum { WEIGHT_MOST = 1000 };

#define DEFAULT_LANE "default"

// A lane is the last part of its topics' names.
static bool name_check(const struct conf_node *node, struct err *err) {
    static const struct config_naming naming = {"a lane", "_-", 32};
    return config_name_check(&naming, node, node->key, err);
}

// The names are the keys of the map, the weights its values.
static bool weights_read(struct config *config, const struct conf_node *lanes, uint32_t *weights,
                         struct err *err) {
    struct conf_row rows[LANES_MOST];
    for (uint32_t i = 0; i < config->lane_count; i++) {
        rows[i] = (struct conf_row){.key = config->lanes[i].name,
                                    .kind = CONF_COUNT,
                                    .offset = i * sizeof(*weights),
                                    .fallback = "1",
                                    .least = 1,
                                    .most = WEIGHT_MOST};
    }
    struct conf_table table = {"lanes", rows, config->lane_count};
    return conf_fill(&table, lanes, weights, &config->arena, err);
}

bool config_lanes_read(struct config *config, const struct conf_node *lanes, struct err *err) {
    uint32_t weights[LANES_MOST] = {1};
    config->lanes[0].name = DEFAULT_LANE;
    config->lane_count = 1;
    for (const struct conf_node *node = lanes ? lanes->children : NULL; node; node = node->next) {
        if (strcmp(node->key, DEFAULT_LANE) == 0) {
            continue;
        }
        if (config->lane_count == LANES_MOST) {
            return conf_error(lanes, err, "here are more than %d lanes beside %s", LANES_MOST - 1,
                              DEFAULT_LANE);
        }
        if (!name_check(node, err)) {
            return false;
        }
        config->lanes[config->lane_count++].name = node->key;
    }
    if (!weights_read(config, lanes, weights, err)) {
        return false;
    }
    for (uint32_t i = 0; i < config->lane_count; i++) {
        config->lanes[i].weight = weights[i];
    }
    return true;
}

int config_lane_find(const struct config *config, struct slice name) {
    for (uint32_t i = 0; i < config->lane_count; i++) {
        if (slice_is(name, config->lanes[i].name)) {
            return (int)i;
        }
    }
    return -1;
}

bool config_lane_of_path(struct config *config, const struct conf_node *node, struct path *path,
                         struct err *err) {
    const char *names[LANES_MOST];
    if (node == NULL || strcmp(node->text, DEFAULT_LANE) == 0) {
        return true;
    }
    int place = config_lane_find(config, slice_of(node->text));
    if (place >= 0) {
        path->lane = config->lanes[place].name;
        return true;
    }
    for (uint32_t i = 0; i < config->lane_count; i++) {
        names[i] = config->lanes[i].name;
    }
    char shown[CONF_SHOWN];
    return conf_error(node, err, "there is no lane %s in lanes%s", conf_shown(node, shown),
                      config_hint(config, node->text, names, config->lane_count));
}

void config_lane(const char *tier, const char *lane, char text[TOPIC_TEXT]) {
    bool own = lane && strcmp(lane, DEFAULT_LANE) != 0;
    snprintf(text, TOPIC_TEXT, "%s%s%s", tier, own ? "." : "", own ? lane : "");
}

void config_jobs_topic(const struct config *config, const struct path *path, const char *tier,
                       char text[TOPIC_TEXT]) {
    char name[TOPIC_TEXT];
    config_lane(tier, path->lane, name);
    config_topic(config, name, text);
}

// What was said of the tier mid, and whom it lets be called. The weights are those of sim.yaml.
#include <string.h>

#include "facts.h"
#include "table.h"

int switch_now;

static const struct {
    const char *weights;  // NULL: the configuration's
    const char *urls[3];
} switches[SWITCHES] = {
    {NULL, {"http://simulated/mid", "http://simulated/mid2"}},
    {"{\"mid@1\":0,\"mid@2\":1}", {"http://simulated/mid2"}},
    {"{\"mid@1\":3,\"mid@2\":0,\"tiny@1\":1}", {"http://simulated/mid", "http://simulated/tiny"}},
    {"{\"mid@1\":0,\"mid@2\":0,\"large@1\":1}", {"http://simulated/large"}},
    // Of a newer configuration: not for this one, which holds as it is.
    {"{\"mid@1\":0,\"mid@7\":1}", {"http://simulated/mid", "http://simulated/mid2"}},
};

void table_tier_switch(bool of_mid, struct arena *arena, struct pg_result *result) {
    const char *weights = switches[switch_now].weights;
    result->cells = arena_zalloc(arena, sizeof(*result->cells));
    if (of_mid && weights) {
        result->cells[0][0] = (struct cell){.bytes = slice_of(weights)};
        result->rows = 1;
    }
}

bool switch_lets(int heard, const char *tier, const char *url) {
    if (strcmp(tier, "mid") != 0) {
        return true;
    }
    for (size_t i = 0; i < 3 && switches[heard].urls[i]; i++) {
        if (strcmp(switches[heard].urls[i], url) == 0) {
            return true;
        }
    }
    return false;
}

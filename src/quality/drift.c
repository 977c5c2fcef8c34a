#include "quality/drift.h"

#include <math.h>
#include <stdlib.h>

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static uint32_t bin_of(const struct drift_spread *spread, double value) {
    uint32_t bin = 0;
    while (bin + 1 < spread->bins && value >= spread->from[bin]) {
        bin++;
    }
    return bin;
}

// Equal values stay together, so bins may be fewer, and some larger.
void drift_spread_of(double *values, size_t count, struct drift_spread *spread) {
    *spread = (struct drift_spread){.bins = count > 0};
    qsort(values, count, sizeof(*values), rising);
    for (size_t i = 1; i < DRIFT_BINS && count > 0; i++) {
        double edge = values[count * i / DRIFT_BINS];
        if (edge > (spread->bins > 1 ? spread->from[spread->bins - 2] : values[0])) {
            spread->from[spread->bins++ - 1] = edge;
        }
    }
    for (size_t i = 0; i < count; i++) {
        spread->share[bin_of(spread, values[i])] += 1 / (double)count;
    }
}

void drift_spread_of_share(double share, struct drift_spread *spread) {
    *spread = (struct drift_spread){.bins = 2, .from = {1}, .share = {1 - share, share}};
}

// One more, and those before count a little less.
static void begin(struct drift *drift) {
    static const double keep = 1 - 1.0 / DRIFT_WINDOW;
    for (uint32_t i = 0; i < drift->then->bins; i++) {
        drift->counts[i] *= keep;
    }
    drift->weight = drift->weight * keep + 1;
    drift->seen++;
}

void drift_see(struct drift *drift, double value) {
    begin(drift);
    drift->counts[bin_of(drift->then, value)]++;
}

void drift_see_share(struct drift *drift, double share) {
    begin(drift);
    drift->counts[0] += 1 - share;
    drift->counts[1] += share;
}

double drift_share(const struct drift *drift) {
    return drift->seen < DRIFT_LEAST ? NAN : drift->counts[1] / drift->weight;
}

// Half a value is added to every bin of the newer, and to the older as if it were as many, so that
// an empty bin is little and not nothing.
double drift_index(const struct drift *drift) {
    double index = 0, bins = drift->then->bins;
    if (drift->seen < DRIFT_LEAST || bins < 2) {
        return NAN;
    }
    for (uint32_t i = 0; i < drift->then->bins; i++) {
        double whole = drift->weight + bins / 2;
        double now = (drift->counts[i] + 0.5) / whole;
        double then = (drift->then->share[i] * drift->weight + 0.5) / whole;
        index += (now - then) * log(now / then);
    }
    return index;
}

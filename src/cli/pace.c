#include "cli/pace.h"

void pace_see(struct pace *pace, int64_t now_ms, int64_t count) {
    pace->seen[pace->next].ms = now_ms;
    pace->seen[pace->next].count = count;
    pace->next = (pace->next + 1) % PACE_SEEN;
    pace->held += pace->held < PACE_SEEN;
}

double pace_per_second(const struct pace *pace) {
    unsigned newest = (pace->next + PACE_SEEN - 1) % PACE_SEEN;
    unsigned oldest = (pace->next + PACE_SEEN - pace->held) % PACE_SEEN;
    if (pace->held < 2) {
        return 0;
    }
    int64_t ms = pace->seen[newest].ms - pace->seen[oldest].ms;
    int64_t count = pace->seen[newest].count - pace->seen[oldest].count;
    return ms > 0 && count > 0 ? 1000.0 * (double)count / (double)ms : 0;
}

int64_t pace_left_ms(const struct pace *pace, int64_t left) {
    const double century_ms = 3.2e12;
    double rate = pace_per_second(pace);
    if (left <= 0) {
        return 0;
    }
    double ms = rate > 0 ? (double)left / rate * 1000 : century_ms;
    return ms < century_ms ? (int64_t)ms : -1;
}

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_wall_ms(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_steady_ms(void) {
    return read_clock(CLOCK_MONOTONIC);
}

void clock_format(int64_t wall_ms, char text[CLOCK_TEXT]) {
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t used = strftime(text, CLOCK_TEXT, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, CLOCK_TEXT - used, ".%03dZ", (int)(wall_ms % 1000));
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

bool duration_parse(struct slice text, int64_t *ms) {
    const int64_t most = 100LL * 366 * 86400000;
    int64_t value = 0;
    size_t at = 0;
    for (; at < text.len && text.at[at] >= '0' && text.at[at] <= '9'; at++) {
        value = value * 10 + (text.at[at] - '0');
        if (value > most) {
            return false;
        }
    }
    struct slice unit = {text.at + at, text.len - at};
    if (at == 0 || (unit.len == 0 && value != 0)) {
        return false;
    }
    *ms = 0;
    if (unit.len == 0) {
        return true;
    }
    for (int i = 0; i < UNITS; i++) {
        if (slice_is(unit, units[i].name)) {
            *ms = value * units[i].ms;
            return value <= most / units[i].ms;
        }
    }
    return false;
}

void duration_format(int64_t ms, char text[CLOCK_TEXT]) {
    int i = 0;
    while (ms % units[i].ms != 0) {
        i++;
    }
    if (ms == 0) {
        snprintf(text, CLOCK_TEXT, "0");
    } else {
        snprintf(text, CLOCK_TEXT, "%" PRId64 "%s", ms / units[i].ms, units[i].name);
    }
}

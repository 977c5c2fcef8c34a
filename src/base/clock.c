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

// Just so many digits; false: there are others, or too few.
static bool take_number(struct slice *text, size_t digits, int *value) {
    *value = 0;
    for (size_t i = 0; i < digits; i++) {
        if (i >= text->len || text->at[i] < '0' || text->at[i] > '9') {
            return false;
        }
        *value = *value * 10 + (text->at[i] - '0');
    }
    *text = (struct slice){text->at + digits, text->len - digits};
    return true;
}

static bool take_char(struct slice *text, const char *any) {
    if (text->len == 0 || text->at[0] == '\0' || strchr(any, text->at[0]) == NULL) {
        return false;
    }
    *text = (struct slice){text->at + 1, text->len - 1};
    return true;
}

static int take_fraction(struct slice *text) {
    int ms = 0, weight = 100;
    if (!take_char(text, ".")) {
        return 0;
    }
    while (text->len > 0 && text->at[0] >= '0' && text->at[0] <= '9') {
        ms += weight * (text->at[0] - '0');
        weight /= 10;
        *text = (struct slice){text->at + 1, text->len - 1};
    }
    return ms;
}

static bool take_offset(struct slice *text, int64_t *minutes) {
    char sign = text->len > 0 ? text->at[0] : 'Z';
    int hour, minute;
    *minutes = 0;
    if (text->len == 0 || take_char(text, "Z")) {
        return text->len == 0;
    }
    if (!take_char(text, "+-") || !take_number(text, 2, &hour)) {
        return false;
    }
    take_char(text, ":");
    if (!take_number(text, 2, &minute) || text->len > 0 || hour > 23 || minute > 59) {
        return false;
    }
    *minutes = hour * INT64_C(60) + minute;
    *minutes = sign == '-' ? -*minutes : *minutes;
    return true;
}

bool clock_parse(struct slice text, int64_t *wall_ms) {
    struct tm parts = {0};
    int64_t offset;
    if (!take_number(&text, 4, &parts.tm_year) || !take_char(&text, "-") ||
        !take_number(&text, 2, &parts.tm_mon) || !take_char(&text, "-") ||
        !take_number(&text, 2, &parts.tm_mday) || !take_char(&text, "T ") ||
        !take_number(&text, 2, &parts.tm_hour) || !take_char(&text, ":") ||
        !take_number(&text, 2, &parts.tm_min) || !take_char(&text, ":") ||
        !take_number(&text, 2, &parts.tm_sec)) {
        return false;
    }
    int ms = take_fraction(&text);
    struct tm given = parts;
    parts.tm_year -= 1900;
    parts.tm_mon--;
    int64_t seconds = timegm(&parts);
    if (!take_offset(&text, &offset) || parts.tm_mon != given.tm_mon - 1 ||
        parts.tm_mday != given.tm_mday || parts.tm_hour != given.tm_hour ||
        parts.tm_min != given.tm_min || parts.tm_sec != given.tm_sec || given.tm_year < 1970) {
        return false;
    }
    *wall_ms = (seconds - offset * 60) * 1000 + ms;
    return true;
}

const struct unit duration_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                      {"s", 1000},     {"ms", 1},      {NULL, 0}};

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
    for (const struct unit *u = duration_units; u->name; u++) {
        if (slice_is(unit, u->name)) {
            *ms = value * u->factor;
            return value <= most / u->factor;
        }
    }
    return false;
}

void duration_format(int64_t ms, char text[CLOCK_TEXT]) {
    const struct unit *unit = duration_units;
    while (ms % unit->factor != 0) {
        unit++;
    }
    if (ms == 0) {
        snprintf(text, CLOCK_TEXT, "0");
    } else {
        snprintf(text, CLOCK_TEXT, "%" PRId64 "%s", ms / unit->factor, unit->name);
    }
}

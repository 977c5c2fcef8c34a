#include "dialect/rate_headers.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

enum { VALUE_BYTES = 64 };

static const double year_ms = 366.0 * 86400 * 1000, amount_most = 1e15;

// --- times

// 6m0s, 1m30.951s, 20ms: as Go writes a duration.
static double of_units(const char *text) {
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1}, {"us", 1e-3}, {"ns", 1e-6}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    double sum_ms = 0;
    while (*text) {
        char *end;
        size_t unit = 0, count = sizeof(units) / sizeof(units[0]);
        double value = strtod(text, &end);
        while (unit < count && strncmp(end, units[unit].name, strlen(units[unit].name)) != 0) {
            unit++;
        }
        if (!isdigit((unsigned char)*text) || unit == count) {
            return -1;
        }
        sum_ms += value * units[unit].ms;
        text = end + strlen(units[unit].name);
    }
    return sum_ms;
}

// RFC 3339, in UTC.
static double of_date(const char *text, int64_t now_ms) {
    struct tm parts = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (end == NULL) {
        return -1;
    }
    double fraction = *end == '.' ? strtod(end, NULL) : 0;
    return ((double)timegm(&parts) + fraction) * 1000 - (double)now_ms;
}

// Seconds from now, or Unix time in seconds or milliseconds: told apart by their size.
static double of_number(double value, int64_t now_ms) {
    if (value < 1e9) {
        return value * 1000;
    }
    return (value < 1e12 ? value * 1000 : value) - (double)now_ms;
}

static int64_t reset_ms(const char *text, int64_t now_ms) {
    char *end;
    double value = strtod(text, &end), ms;
    if (end == text || !isdigit((unsigned char)*text)) {
        return 0;
    }
    if (*end == '\0') {
        ms = of_number(value, now_ms);
    } else {
        ms = strchr(text, 'T') ? of_date(text, now_ms) : of_units(text);
    }
    return ms > 0 && ms <= year_ms ? (int64_t)ms + 1 : 0;
}

// --- lines

static void read_line(const char *name, size_t len, const char *value, int64_t now_ms,
                      struct gate_quota told[GATE_TOLD]) {
    static const struct {
        const char *name;
        enum gate_rate rate;
        bool reset;
    } names[] = {
        {"remaining-requests", GATE_REQUESTS, false},    {"reset-requests", GATE_REQUESTS, true},
        {"remaining-tokens", GATE_TOKENS, false},        {"reset-tokens", GATE_TOKENS, true},
        {"requests-remaining", GATE_REQUESTS, false},    {"requests-reset", GATE_REQUESTS, true},
        {"tokens-remaining", GATE_TOKENS, false},        {"tokens-reset", GATE_TOKENS, true},
        {"input-tokens-remaining", GATE_INPUT, false},   {"input-tokens-reset", GATE_INPUT, true},
        {"output-tokens-remaining", GATE_OUTPUT, false}, {"output-tokens-reset", GATE_OUTPUT, true},
        {"remaining", GATE_REQUESTS, false},             {"reset", GATE_REQUESTS, true},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) != len || strncasecmp(names[i].name, name, len) != 0) {
            continue;
        }
        if (names[i].reset) {
            told[names[i].rate].until_ms = reset_ms(value, now_ms);
        } else if (isdigit((unsigned char)*value)) {
            told[names[i].rate].left = fmin(strtod(value, NULL), amount_most);
        }
    }
}

void rate_headers_read(struct slice lines, int64_t now_ms, struct gate_quota told[GATE_TOLD]) {
    const char *at = lines.at, *all_end = lines.len > 0 ? at + lines.len : at;
    for (int i = 0; i < GATE_TOLD; i++) {
        told[i] = (struct gate_quota){.left = -1};
    }
    while (at < all_end) {
        const char *end = memchr(at, '\n', (size_t)(all_end - at));
        const char *colon = memchr(at, ':', (size_t)((end ? end : all_end) - at));
        char value[VALUE_BYTES];
        if (end == NULL) {
            break;
        }
        if (colon && end - colon - 2 > 0 && end - colon - 2 < VALUE_BYTES) {
            memcpy(value, colon + 2, (size_t)(end - colon - 2));
            value[end - colon - 2] = '\0';
            read_line(at, (size_t)(colon - at), value, now_ms, told);
        }
        at = end + 1;
    }
}

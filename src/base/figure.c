#include "base/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"

static const int64_t pico_per_usd = 1000000000000;
static const int64_t pico_per_micro = 1000000;

static void grouped(struct buf *out, uint64_t count) {
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) {
            buf_char(out, ',');
        }
        buf_char(out, digits[i]);
    }
}

void figure_count(struct buf *out, int64_t count) {
    if (count < 0) {
        buf_char(out, '-');
    }
    grouped(out, count < 0 ? 0 - (uint64_t)count : (uint64_t)count);
}

static uint64_t rounded(uint64_t value, uint64_t unit) {
    return (value / unit) * unit + (value % unit >= unit / 2 && unit > 1 ? unit : 0);
}

// value below a dollar, or its part below one: `places` decimals at least, zeros beyond them cut.
static void fraction(struct buf *out, uint64_t pico_usd, int places) {
    char digits[16];
    int len = snprintf(digits, sizeof(digits), "%012" PRIu64, pico_usd % (uint64_t)pico_per_usd);
    while (len > places && digits[len - 1] == '0') {
        len--;
    }
    if (len > 0) {
        buf_printf(out, ".%.*s", len, digits);
    }
}

// Rounds to four digits that count.
static uint64_t four_digits(uint64_t value) {
    uint64_t unit = 1;
    while (value / unit >= 10000) {
        unit *= 10;
    }
    return rounded(value, unit);
}

static int places_of(uint64_t value) {
    if (value >= 1000 * (uint64_t)pico_per_usd) {
        return 2;
    }
    return value >= (uint64_t)pico_per_usd ? 4 : 6;
}

static uint64_t unit_of(uint64_t value) {
    uint64_t unit = 1;
    for (int i = places_of(value); i < 12; i++) {
        unit *= 10;
    }
    return unit;
}

void figure_money(struct buf *out, int64_t pico_usd) {
    uint64_t value = pico_usd < 0 ? 0 - (uint64_t)pico_usd : (uint64_t)pico_usd;
    uint64_t usd = (uint64_t)pico_per_usd;
    buf_text(out, pico_usd < 0 ? "-$" : "$");
    if (value == 0) {
        buf_char(out, '0');
        return;
    }
    if (value < 100 * (uint64_t)pico_per_micro) {
        value = four_digits(value);
    } else {
        value = rounded(value, unit_of(value));
    }
    grouped(out, value / usd);
    fraction(out, value, places_of(value));
}

void figure_usd(struct buf *out, int64_t pico_usd) {
    uint64_t value = pico_usd < 0 ? 0 - (uint64_t)pico_usd : (uint64_t)pico_usd;
    buf_printf(out, "%s%" PRIu64, pico_usd < 0 ? "-" : "", value / (uint64_t)pico_per_usd);
    fraction(out, value, 0);
}

void figure_span(struct buf *out, int64_t ms) {
    int64_t s = (ms + 500) / 1000;
    if (ms < 0) {
        buf_char(out, '-');
    } else if (ms < 1000) {
        buf_printf(out, "%" PRId64 " ms", ms);
    } else if (ms < 9995) {
        buf_printf(out, "%.2f s", (double)ms / 1000);
    } else if (s < 60) {
        buf_printf(out, "%" PRId64 " s", s);
    } else if (s < 3600) {
        buf_printf(out, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
    } else if (s < 86400) {
        buf_printf(out, "%" PRId64 " h %02" PRId64 " min", s / 3600, s / 60 % 60);
    } else {
        buf_printf(out, "%" PRId64 " d %02" PRId64 " h", s / 86400, s / 3600 % 24);
    }
}

void figure_rate(struct buf *out, double per_second) {
    if (per_second >= 9.95) {
        grouped(out, (uint64_t)llround(per_second));
    } else if (per_second >= 0.995 || per_second == 0) {
        buf_printf(out, "%.1f", per_second);
    } else {
        buf_printf(out, "%.2g", per_second);
    }
    buf_text(out, "/s");
}

void figure_share(struct buf *out, int64_t part, int64_t whole) {
    if (whole <= 0) {
        buf_char(out, '-');
    } else {
        buf_printf(out, "%d %%", (int)floor(100.0 * (double)part / (double)whole));
    }
}

void figure_probability(struct buf *out, double p) {
    if (isnan(p)) {
        buf_char(out, '-');
    } else {
        buf_printf(out, "%.4f", p);
    }
}

void figure_time(struct buf *out, int64_t wall_ms) {
    char text[CLOCK_TEXT];
    if (wall_ms == 0) {
        buf_char(out, '-');
        return;
    }
    clock_format(wall_ms, text);
    text[10] = ' ';
    text[strlen(text) - 1] = '\0';
    buf_text(out, text);
}

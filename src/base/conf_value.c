#include "base/conf_value.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"

enum { NUMBER_TEXT = 64, MONEY_DECIMALS = 12 };

static const struct unit sizes[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};

static const struct unit *units_of(const struct conf_row *row) {
    return row->kind == CONF_SIZE ? sizes : duration_units;
}

// --- reading

static bool read_digits(const char **at, int64_t *value) {
    const char *p = *at;
    *value = 0;
    while (isdigit((unsigned char)*p)) {
        if (__builtin_mul_overflow(*value, 10, value) ||
            __builtin_add_overflow(*value, *p - '0', value)) {
            return false;
        }
        p++;
    }
    bool some = p > *at;
    *at = p;
    return some;
}

static bool in_range(const struct conf_row *row, double value) {
    bool ranged = row->least != 0 || row->most != 0;
    return !ranged || (value >= row->least && value <= row->most);
}

static bool read_count(const struct conf_row *row, const char *text, uint32_t *count) {
    int64_t value;
    if (!read_digits(&text, &value) || *text != '\0' || value > UINT32_MAX) {
        return false;
    }
    *count = (uint32_t)value;
    return in_range(row, (double)value);
}

static const struct unit *unit_read(const struct unit *units, const char **at) {
    size_t len = 0;
    while (isalpha((unsigned char)(*at)[len])) {
        len++;
    }
    for (; units->name; units++) {
        if (strlen(units->name) == len && memcmp(units->name, *at, len) == 0) {
            *at += len;
            return units;
        }
    }
    return NULL;
}

// One amount or several in a row, "1h30m"; 0 needs no unit, and where bare is set nothing does.
static bool read_amount(const struct unit *units, bool bare, const char *text, int64_t *sum) {
    *sum = 0;
    do {
        int64_t value;
        if (!read_digits(&text, &value)) {
            return false;
        }
        if (*text == '\0' && *sum == 0 && (bare || value == 0)) {
            *sum = value;
            return true;
        }
        const struct unit *unit = unit_read(units, &text);
        if (unit == NULL || __builtin_mul_overflow(value, unit->factor, &value) ||
            __builtin_add_overflow(*sum, value, sum)) {
            return false;
        }
    } while (*text != '\0');
    return true;
}

// As JSON writes numbers: no hex, no infinity, no space.
static bool read_number(const char *text, double *value) {
    if (strspn(text, "0123456789+-.eE") != strlen(text) || strlen(text) >= NUMBER_TEXT) {
        return false;
    }
    char *end;
    *value = strtod(text, &end);
    return end > text && *end == '\0' && isfinite(*value);
}

// Exact: "0.25" is 250,000,000,000 times 1e-12.
static bool read_money(const char *text, int64_t *pico) {
    int64_t whole, rest = 0;
    int decimals = 0;
    if (!read_digits(&text, &whole)) {
        return false;
    }
    if (*text == '.') {
        for (text++; isdigit((unsigned char)*text) && decimals < MONEY_DECIMALS; text++) {
            rest = 10 * rest + (*text - '0');
            decimals++;
        }
        if (decimals == 0) {
            return false;
        }
    }
    for (; decimals < MONEY_DECIMALS; decimals++) {
        rest *= 10;
    }
    return *text == '\0' && !__builtin_mul_overflow(whole, 1000000000000, &whole) &&
           !__builtin_add_overflow(whole, rest, pico);
}

static int word_place(const char *words, const char *text) {
    size_t len = strlen(text);
    for (int place = 0; *words; place++) {
        size_t size = strcspn(words, " ");
        if (size == len && memcmp(words, text, len) == 0) {
            return place;
        }
        words += size + (words[size] == ' ');
    }
    return -1;
}

bool conf_value_read(const struct conf_row *row, const char *text, void *member) {
    int64_t amount = 0;
    double number;
    switch (row->kind) {
    case CONF_TEXT:
    case CONF_SECRET:
        *(const char **)member = text;
        return row->choices == NULL || word_place(row->choices, text) >= 0;
    case CONF_COUNT:
        return read_count(row, text, member);
    case CONF_DURATION:
    case CONF_SIZE:
        if (!read_amount(units_of(row), row->kind == CONF_SIZE, text, &amount)) {
            return false;
        }
        *(int64_t *)member = amount;
        return in_range(row, (double)amount);
    case CONF_NUMBER:
        if (!read_number(text, &number)) {
            return false;
        }
        *(double *)member = number;
        return in_range(row, number);
    case CONF_MONEY:
        return read_money(text, member) && in_range(row, (double)*(int64_t *)member * 1e-12);
    case CONF_SWITCH:
        *(bool *)member = strcmp(text, "true") == 0;
        return *(bool *)member || strcmp(text, "false") == 0;
    case CONF_CHOICE:
        *(int *)member = word_place(row->choices, text);
        return *(int *)member >= 0;
    case CONF_NODE:
        break;
    }
    return false;
}

// --- in words

void conf_words(const char *words, struct buf *out) {
    while (*words) {
        size_t size = strcspn(words, " ");
        buf_bytes(out, words, size);
        words += size;
        if (*words == ' ') {
            buf_text(out, ", ");
            words++;
        }
    }
}

static void write_amount(const struct conf_row *row, double value, struct buf *out) {
    if (row->kind != CONF_DURATION && row->kind != CONF_SIZE) {
        buf_json_number(out, value);
        return;
    }
    const struct unit *unit = units_of(row);
    int64_t amount = (int64_t)value;
    if (amount == 0) {
        buf_char(out, '0');
        return;
    }
    while (amount % unit->factor != 0) {
        unit++;
    }
    buf_printf(out, "%lld%s", (long long)(amount / unit->factor), unit->name);
}

void conf_value_allowed(const struct conf_row *row, bool examples, struct buf *out) {
    static const struct {
        const char *what, *examples;
    } kinds[] = {
        [CONF_TEXT] = {"text", ""},
        [CONF_SECRET] = {"secret text", ""},
        [CONF_COUNT] = {"a whole number", ""},
        [CONF_DURATION] = {"a duration", ", such as 500ms, 30s, 5m, 24h or 7d"},
        [CONF_SIZE] = {"a size", ", such as 64KiB, 1MiB or a count of bytes"},
        [CONF_NUMBER] = {"a number", ""},
        [CONF_MONEY] = {"an amount of USD", ", such as 0.25, with up to 12 decimals"},
        [CONF_SWITCH] = {"true or false", ""},
        [CONF_CHOICE] = {"one of ", ""},
        [CONF_NODE] = {"", ""},
    };
    if (row->kind == CONF_NODE) {
        buf_printf(out, "a %s", row->choices ? row->choices : "map or a list");
        return;
    }
    if (row->choices) {
        buf_text(out, "one of ");
        conf_words(row->choices, out);
        return;
    }
    buf_text(out, kinds[row->kind].what);
    if (row->least != 0 || row->most != 0) {
        buf_text(out, " from ");
        write_amount(row, row->least, out);
        buf_text(out, " to ");
        write_amount(row, row->most, out);
    }
    if (examples) {
        buf_text(out, kinds[row->kind].examples);
    }
}

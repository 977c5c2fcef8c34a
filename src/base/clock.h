// Times and how they are written. All are 64-bit milliseconds: since 1970 (UTC) on the wall clock,
// since some start on the steady clock, which nobody sets back. The loop reads clocks once a turn
// and passes them down; only start-up and the command line call these two readers themselves.
#ifndef TASKFIT_BASE_CLOCK_H
#define TASKFIT_BASE_CLOCK_H

#include <stdint.h>

#include "base/slice.h"

int64_t clock_wall_ms(void);
int64_t clock_steady_ms(void);

enum { CLOCK_TEXT = 32 };

// The last millisecond of the year 9999. What a stranger says to be later, or before 1970, is no
// time in milliseconds: microseconds since 1970 are far beyond it.
#define CLOCK_MOST_MS INT64_C(253402300799999)

// 2026-11-24T04:26:00.123Z
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT]);

// Of ISO 8601: 2026-11-24T04:26:00Z, with a space for the T, a fraction of any length, an offset
// such as +05:30; without one it is UTC. False: none of these.
bool clock_parse(struct slice text, int64_t *wall_ms);

// Largest first, so that an amount is written in the largest that divides it; ended by one without
// a name.
struct unit {
    const char *name;
    int64_t factor;
};
extern const struct unit duration_units[];

// 250ms, 30s, 2m, 24h, 7d; a bare 0. False: none of these, or beyond 100 years.
bool duration_parse(struct slice text, int64_t *ms);
// The same form, in the largest unit that divides it.
void duration_format(int64_t ms, char text[CLOCK_TEXT]);

#endif

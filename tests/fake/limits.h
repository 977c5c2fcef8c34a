// What the model stub refuses, and does not tell unless it is asked to: calls at a time, requests
// and tokens a minute. A minute is one of the clock since the limits were set.
#ifndef TASKFIT_FAKE_LIMITS_H
#define TASKFIT_FAKE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMITS_HEADERS = 512 };

struct limits {
    uint32_t places, rpm, tpm;  // 0: any
    bool tells;                 // in the headers of every reply
    int64_t minute_ms;          // when this one began
    uint32_t requests, tokens;  // in it
};

// "places=50 rpm=0 tpm=600 tells=1": what is not named is none. False: it is no such text.
bool limits_set(struct limits *limits, const char *text, size_t len, int64_t now_ms);

// A call comes; false: it is refused.
bool limits_admit(struct limits *limits, uint32_t in_flight, uint32_t tokens, int64_t now_ms);

// Lines of headers; none while nothing is told.
void limits_headers(const struct limits *limits, bool refused, int64_t now_ms,
                    char text[LIMITS_HEADERS]);

#endif

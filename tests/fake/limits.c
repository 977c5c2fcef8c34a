#include "limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60000, TEXT_BYTES = 256 };

bool limits_set(struct limits *limits, const char *text, size_t len, int64_t now_ms) {
    char copy[TEXT_BYTES], *rest = copy, *word;
    struct limits fresh = {.minute_ms = now_ms};
    if (len >= sizeof(copy)) {
        return false;
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    while ((word = strsep(&rest, " \n")) != NULL) {
        uint32_t *into[] = {&fresh.places, &fresh.rpm, &fresh.tpm};
        const char *const names[] = {"places=", "rpm=", "tpm="};
        bool known = *word == '\0';
        for (int i = 0; i < 3; i++) {
            if (strncmp(word, names[i], strlen(names[i])) == 0) {
                *into[i] = (uint32_t)strtoul(word + strlen(names[i]), NULL, 10);
                known = true;
            }
        }
        if (strncmp(word, "tells=", 6) == 0) {
            fresh.tells = word[6] == '1';
            known = true;
        }
        if (!known) {
            return false;
        }
    }
    *limits = fresh;
    return true;
}

bool limits_admit(struct limits *limits, uint32_t in_flight, uint32_t tokens, int64_t now_ms) {
    int64_t minutes = (now_ms - limits->minute_ms) / MINUTE_MS;
    if (minutes > 0) {
        limits->minute_ms += minutes * MINUTE_MS;
        limits->requests = limits->tokens = 0;
    }
    if ((limits->places > 0 && in_flight >= limits->places) ||
        (limits->rpm > 0 && limits->requests >= limits->rpm) ||
        (limits->tpm > 0 && limits->tokens + tokens > limits->tpm)) {
        return false;
    }
    limits->requests++;
    limits->tokens += tokens;
    return true;
}

void limits_headers(const struct limits *limits, bool refused, int64_t now_ms,
                    char text[LIMITS_HEADERS]) {
    double reset_s = (double)(limits->minute_ms + MINUTE_MS - now_ms) / 1000;
    size_t used = 0;
    text[0] = '\0';
    if (!limits->tells) {
        return;
    }
    if (limits->rpm > 0) {
        used += (size_t)snprintf(text + used, LIMITS_HEADERS - used,
                                 "x-ratelimit-remaining-requests: %u\r\n"
                                 "x-ratelimit-reset-requests: %.3fs\r\n",
                                 limits->rpm - limits->requests, reset_s);
    }
    if (limits->tpm > 0) {
        used += (size_t)snprintf(text + used, LIMITS_HEADERS - used,
                                 "x-ratelimit-remaining-tokens: %u\r\n"
                                 "x-ratelimit-reset-tokens: %.3fs\r\n",
                                 limits->tpm - limits->tokens, reset_s);
    }
    if (refused && (limits->rpm > 0 || limits->tpm > 0)) {
        snprintf(text + used, LIMITS_HEADERS - used, "Retry-After: %d\r\n", (int)reset_s + 1);
    }
}

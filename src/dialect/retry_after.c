#include "dialect/retry_after.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

enum { TEXT_BYTES = 64 };

static const int64_t year_ms = 366LL * 86400 * 1000;

static int64_t bounded(double ms) {
    return ms > (double)year_ms ? year_ms : (int64_t)ceil(ms);
}

static int64_t of_date(const char *text, int64_t now_ms) {
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %d %H:%M:%S %Y"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct tm parts = {0};
        const char *end = strptime(text, forms[i], &parts);
        if (end && *end == '\0') {
            double wait_ms = (double)timegm(&parts) * 1000 - (double)now_ms;
            return wait_ms > 0 ? bounded(wait_ms) : 0;
        }
    }
    return -1;
}

int64_t retry_after_ms(const struct reply *reply) {
    char text[TEXT_BYTES], *end;
    if (reply->retry_after.at == NULL || reply->retry_after.len >= TEXT_BYTES) {
        return -1;
    }
    memcpy(text, reply->retry_after.at, reply->retry_after.len);
    text[reply->retry_after.len] = '\0';
    if (!isdigit((unsigned char)text[0])) {
        return reply->retry_after_is_ms ? -1 : of_date(text, reply->now_ms);
    }
    double value = strtod(text, &end);
    if (*end != '\0') {
        return -1;
    }
    return bounded(reply->retry_after_is_ms ? value : value * 1000);
}

#include "fleet/webhooks.h"

#include <strings.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/base64.h"
#include "base/hmac.h"
#include "io/seal.h"

enum { SECRET_BYTES = 32, URL_MOST = 2000 };

static const char *const types[] = {
    "batch.completed",     "batch.failed",    "batch.cancelled",    "batch.expired",
    "response.completed",  "response.failed", "response.cancelled", "taskfit.job.completed",
    "taskfit.job.revised", "taskfit.test",
};
enum { TYPE_COUNT = sizeof(types) / sizeof(types[0]) };

// --- secrets

void webhook_key(const char *gateway_secret, unsigned char key[SHA256_BYTES]) {
    struct hmac hmac;
    hmac_init(&hmac, slice_of(gateway_secret));
    hmac_update(&hmac, slice_of("webhooks"));
    hmac_final(&hmac, key);
}

bool webhook_secret_make(const struct config *config, struct uuid endpoint, struct buf *text,
                         struct buf *sealed, struct err *err) {
    unsigned char key[SHA256_BYTES];
    char secret[SECRET_BYTES];
    if (config->gateway.secret == NULL) {
        return err_exit(err, EX_CONFIG,
                        "%s: webhooks need gateway.secret, for example by "
                        "`openssl rand -hex 32`",
                        config->file);
    }
    if (getrandom(secret, sizeof(secret), 0) != (ssize_t)sizeof(secret)) {
        return err_exit(err, EX_OSERR, "no random numbers from the system");
    }
    webhook_key(config->gateway.secret, key);
    buf_text(text, "whsec_");
    buf_base64(text, (struct slice){secret, sizeof(secret)});
    return seal_close(key, uuid_slice(&endpoint), (struct slice){secret, sizeof(secret)}, sealed) ||
           err_exit(err, EX_OSERR, "the secret cannot be sealed");
}

bool webhook_sign(const unsigned char key[SHA256_BYTES], struct uuid endpoint, struct slice sealed,
                  struct slice signed_text, struct buf *header) {
    unsigned char digest[SHA256_BYTES];
    struct hmac hmac;
    struct buf secret = {0};
    bool ok = seal_open(key, uuid_slice(&endpoint), sealed, &secret);
    if (ok) {
        hmac_init(&hmac, buf_slice(&secret));
        hmac_update(&hmac, signed_text);
        hmac_final(&hmac, digest);
        buf_text(header, " v1,");
        buf_base64(header, (struct slice){(const char *)digest, SHA256_BYTES});
    }
    buf_fini(&secret);
    return ok;
}

// --- URLs

// Nothing that another reader could take for another host or another folder.
static bool is_plain(struct slice url) {
    for (size_t i = 0; i < url.len; i++) {
        unsigned char c = (unsigned char)url.at[i];
        if (c <= ' ' || c >= 0x7f || strchr("\\#\"<>^`{|}", c) ||
            (c == '.' && i + 1 < url.len && url.at[i + 1] == '.') ||
            (c == '%' && i + 2 < url.len && strncasecmp(url.at + i, "%2e", 3) == 0)) {
            return false;
        }
    }
    return url.len > 0 && url.len <= URL_MOST;
}

bool webhook_url_check(const struct config_gateway *gateway, struct slice url, struct err *err) {
    struct buf allowed = {0};
    for (uint32_t i = 0; i < gateway->hooks.allow_count; i++) {
        const char *prefix = gateway->hooks.allow[i];
        size_t len = strlen(prefix);
        if (is_plain(url) && url.len >= len && memcmp(url.at, prefix, len) == 0) {
            buf_fini(&allowed);
            return true;
        }
        buf_printf(&allowed, "%s%s", i ? ", " : "", prefix);
    }
    err_poison(err, "the URL is not below what gateway.webhooks.allow names: %s",
               allowed.len ? buf_string(&allowed) : "nothing is allowed");
    buf_fini(&allowed);
    return false;
}

// --- events

bool webhook_event_is(struct slice type) {
    for (int i = 0; i < TYPE_COUNT; i++) {
        if (slice_is(type, types[i])) {
            return true;
        }
    }
    return false;
}

static bool wrong_event(struct slice word, struct err *err) {
    struct buf known = {0};
    for (int i = 0; i < TYPE_COUNT; i++) {
        buf_printf(&known, "%s%s", i ? ", " : "", types[i]);
    }
    err_poison(err, "'%.*s' is no event: there are %s, and * for all", SLICE_ARGS(word),
               buf_string(&known));
    buf_fini(&known);
    return false;
}

bool webhook_events_check(struct slice events, struct err *err) {
    const char *comma;
    do {
        comma = events.len ? memchr(events.at, ',', events.len) : NULL;
        struct slice word = {events.at, comma ? (size_t)(comma - events.at) : events.len};
        if (!slice_is(word, "*") && !webhook_event_is(word)) {
            return wrong_event(word, err);
        }
        events = comma ? (struct slice){comma + 1, events.len - word.len - 1} : events;
    } while (comma);
    return true;
}

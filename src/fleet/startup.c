#include "fleet/startup.h"

#include <signal.h>
#include <sysexits.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "fleet/process.h"
#include "fleet/topics.h"
#include "io/pg_session.h"

enum {
    KAFKA_MS = 8000,
    BETWEEN_MS = 2000,  // tries
    TRY_MS = 60000,     // more than a try takes: that of the database has 10 s
};

// All of them: a worker's results go on to the escalator, whose next hops go to any tier.
static bool check_topics(const struct config *config, struct kafka_admin *admin,
                         struct arena *arena, struct err *err) {
    size_t count;
    struct kafka_topic *topics = topics_of(config, arena, &count);
    if (!kafka_admin_look(admin, topics, count, err)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (topics[i].partitions == 0) {
            return err_exit(err, EX_CONFIG, "kafka: %s has no topic %s; run `taskfit init`, or "
                            "check kafka.prefix", config->kafka.brokers, topics[i].name);
        }
    }
    return true;
}

bool startup_check_topics(const struct config *config, int64_t timeout_ms, struct err *err) {
    struct kafka_options options = process_kafka(config);
    struct kafka_admin *admin;
    struct arena_pool pool;
    struct arena arena;
    if (!kafka_admin_open(&admin, &options, timeout_ms, err)) {
        return false;
    }
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = check_topics(config, admin, &arena, err);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    kafka_admin_close(admin);
    return ok;
}

static bool check_database(const struct config *config, const char *program, struct err *err) {
    struct pg_session *session;
    if (!pg_session_open(&session, config->database_url, program, err)) {
        return false;
    }
    bool ok = pg_session_check_schema(session, err);
    pg_session_close(session);
    return ok;
}

static bool check(const struct config *config, const char *program, struct err *err) {
    return check_database(config, program, err) &&
           startup_check_topics(config, KAFKA_MS, err);
}

// Sleeps until the next try; a signal of `ends` (blocked) is an error.
static bool wait(const sigset_t *ends, struct err *err) {
    static const struct timespec between = {.tv_sec = BETWEEN_MS / 1000};
    int number = sigtimedwait(ends, NULL, &between);
    return number < 0 || err_exit(err, EX_OK, "signal %d: leaving before the start", number);
}

// Is it worth another try? Then it says so, and waits.
static bool may_try_again(int64_t until_ms, struct notify *notify, const sigset_t *ends,
                          struct err *err) {
    int64_t left_ms = until_ms - clock_steady_ms();
    if (err->exit_code != EX_UNAVAILABLE || left_ms <= 0) {
        return false;
    }
    log_warn("%s; waiting for %lld s at most", err->text, (long long)(left_ms + 999) / 1000);
    notify_starting(notify, err->text, TRY_MS);
    return wait(ends, err);
}

bool startup_check(const struct config *config, const char *program, struct notify *notify,
                   struct err *err) {
    int64_t until_ms = clock_steady_ms() + config->limits.start_ms;
    sigset_t ends, before;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, &before);  // until the next wait: there they are heard
    bool ok = check(config, program, err);
    while (!ok && may_try_again(until_ms, notify, &ends, err)) {
        ok = check(config, program, err);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}

#include "fleet/startup.h"

#include <sysexits.h>

#include "fleet/process.h"
#include "fleet/topics.h"
#include "io/pg_session.h"

enum { KAFKA_MS = 8000 };

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

bool startup_check(const struct config *config, const char *program, struct err *err) {
    return check_database(config, program, err) &&
           startup_check_topics(config, KAFKA_MS, err);
}

// taskfit init: topics and tables.
#include <stdio.h>
#include <sysexits.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "fleet/topics.h"
#include "fleet/process.h"
#include "io/pg_session.h"

enum { KAFKA_MS = 8000 };

struct options {
    bool json;
};

struct init {
    const struct options *options;
    const struct config *config;
    struct kafka_admin *admin;
    struct pg_session *session;
    struct kafka_topic *topics;  // as configured
    struct kafka_topic *before;  // as the brokers had them
    size_t topic_count, made;
    int migrations;
};

// Both are reached before anything is made.
static bool reach(struct init *init, struct err *err) {
    struct kafka_options kafka = process_kafka(init->config);
    return kafka_admin_open(&init->admin, &kafka, KAFKA_MS, err) &&
           pg_session_open(&init->session, init->config->database_url, "taskfit", err);
}

// A database that was restored tells of transactions that another server had.
static bool settle_order(struct init *init, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    bool ok = pg_session_run(init->session, PG_settle_order, &params, &result, err);
    pg_params_fini(&params);
    return ok;
}

static bool make(struct init *init, struct err *err) {
    return kafka_admin_look(init->admin, init->before, init->topic_count, err) &&
           kafka_admin_make(init->admin, init->topics, init->topic_count, &init->made, err) &&
           pg_session_migrate(init->session, &init->migrations, err) && settle_order(init, err);
}

static void warn(const struct init *init) {
    for (size_t i = 0; i < init->topic_count; i++) {
        int32_t there = init->before[i].partitions, wanted = init->topics[i].partitions;
        if (there > 0 && there < wanted) {
            fprintf(stderr, "taskfit init: warning: topic %s has %d partitions, fewer than the %d "
                    "of kafka.partitions; add them with `kafka-topics.sh --alter --topic %s "
                    "--partitions %d`, while no jobs wait if their order matters\n",
                    init->before[i].name, there, wanted, init->before[i].name, wanted);
        }
    }
}

static void print_text(const struct init *init) {
    char kept[CLOCK_TEXT];
    for (size_t i = 0; i < init->topic_count; i++) {
        const struct kafka_topic *topic = &init->topics[i];
        int32_t there = init->before[i].partitions;
        if (there > 0) {
            printf("topic   %-32s was there: %d partitions\n", topic->name, there);
            continue;
        }
        duration_format(topic->retention_ms, kept);
        printf("topic   %-32s made: %d partitions, replication %d, kept %s\n", topic->name,
               topic->partitions, topic->replication, kept);
    }
    if (init->migrations > 0) {
        printf("schema  migrated: %d step%s\n", init->migrations,
               init->migrations == 1 ? "" : "s");
    } else {
        printf("schema  was there, up to date\n");
    }
}

static void print_json(const struct init *init) {
    struct buf out = {0};
    buf_text(&out, "{\"topics\":[");
    for (size_t i = 0; i < init->topic_count; i++) {
        int32_t there = init->before[i].partitions;
        buf_text(&out, i ? ",{\"name\":" : "{\"name\":");
        buf_json_string(&out, slice_of(init->topics[i].name));
        buf_printf(&out, ",\"made\":%s,\"partitions\":%d}", there > 0 ? "false" : "true",
                   there > 0 ? there : init->topics[i].partitions);
    }
    buf_printf(&out, "],\"migrations\":%d}", init->migrations);
    puts(buf_string(&out));
    buf_fini(&out);
}

static void list_topics(struct init *init, struct arena *arena) {
    init->topics = topics_of(init->config, arena, &init->topic_count);
    init->before = topics_of(init->config, arena, &init->topic_count);
}

static void finish(struct init *init) {
    if (init->admin) {
        kafka_admin_close(init->admin);
    }
    if (init->session) {
        pg_session_close(init->session);
    }
}

static int run(const void *options, int argc, char **argv) {
    struct init init = {.options = options};
    struct config *config;
    struct arena_pool pool;
    struct arena arena;
    struct err err;
    (void)argc;
    (void)argv;
    int status = cli_config(&config);
    if (status != EX_OK) {
        return status;
    }
    init.config = config;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    list_topics(&init, &arena);
    bool ok = reach(&init, &err) && make(&init, &err);
    if (ok) {
        warn(&init);
        (init.options->json ? print_json : print_text)(&init);
    }
    finish(&init);
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok ? EX_OK : cli_fail(&err);
}

static const struct option_row rows[] = {
    {"json", '\0', OPTION_FLAG, offsetof(struct options, json), NULL, NULL, "one JSON object"},
};

const struct command init_command = {
    .name = "init",
    .arguments = "",
    .summary = "makes the topics and the tables that are not there yet",
    .help = "Topics get partitions, replication and retention from the configuration; one that\n"
            "exists is left as it is. The schema is brought to this program's version,\n"
            "and one that is newer is refused. Running it again changes nothing.\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .run = run,
};

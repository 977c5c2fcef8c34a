// taskfit webhook: where events go, and what became of them.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/figure.h"
#include "base/json_out.h"
#include "base/random.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "fleet/webhooks.h"
#include "io/pg_session.h"

enum { LIST_MOST = 100000, KEEP_MS = 86400000, DELIVERIES = 50 };

struct options {
    const char *tenant, *events, *name, *type, *delivery, *state;
    int64_t keep_ms;
    uint32_t limit;
    bool at_once, json;
};

struct webhook {
    const struct options *options;
    const struct config *config;
    struct pg_session *session;
    struct uuid id;       // of the endpoint that the command is about
    struct slice tenant;  // its
};

// The columns of a row of an endpoint.
enum column {
    COLUMN_ID,
    COLUMN_TENANT,
    COLUMN_NAME,
    COLUMN_URL,
    COLUMN_EVENTS,
    COLUMN_CREATED,
    COLUMN_ENDED,
    COLUMN_WHY,
    COLUMN_OLD_UNTIL,
    COLUMN_OPEN,
    COLUMN_DEAD,
};

static bool ask(const struct webhook *w, enum pg_statement statement, struct pg_params *params,
                const struct pg_result **result, struct err *err) {
    bool ok = pg_session_run(w->session, statement, params, result, err);
    pg_params_fini(params);
    return ok;
}

static void put_text(struct pg_params *params, struct slice text) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, text);
}

static void put_uuid(struct pg_params *params, struct uuid id) {
    pg_scalar(params, PG_UUID);
    pg_uuid(params, id);
}

static void put_int8(struct pg_params *params, int64_t value) {
    pg_scalar(params, PG_INT8);
    pg_int8(params, value);
}

static bool new_id(struct uuid *id, struct err *err) {
    struct random random;
    uint64_t seed;
    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed)) {
        return err_exit(err, EX_OSERR, "no random numbers from the system");
    }
    random_seed(&random, seed);
    *id = uuid_v7(clock_wall_ms(), &random);
    return true;
}

// --- which

static bool find(struct webhook *w, const char *given, struct arena *arena, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    const char *id = strncmp(given, "we_", 3) == 0 ? given + 3 : given;
    put_text(&params, slice_of(id));
    if (!ask(w, PG_webhook_find, &params, &result, err)) {
        return false;
    }
    if (pg_rows(result) != 1) {
        return err_exit(err, EX_NOINPUT,
                        "'%s' begins no endpoint's id, or several: `taskfit webhook list` has them",
                        given);
    }
    w->id = pg_get_uuid(result, 0, COLUMN_ID);
    w->tenant = arena_slice(arena, pg_get_slice(result, 0, COLUMN_TENANT));
    return true;
}

// What only an endpoint that is not revoked gives a row for.
static bool is_there(const struct pg_result *result, struct err *err) {
    return pg_rows(result) > 0 || err_exit(err, EX_NOINPUT, "this endpoint was revoked");
}

// --- add, rotate

static void tell_secret(const struct webhook *w, struct buf *text) {
    char id[UUID_TEXT];
    struct buf out = {0};
    uuid_format(w->id, id);
    if (w->options->json) {
        buf_printf(&out, "{\"id\":\"we_%s\"", id);
        json_text(&out, "signing_secret", buf_slice(text));
        printf("%s}\n", buf_string(&out));
        buf_fini(&out);
        return;
    }
    printf("we_%s\n%s\n", id, buf_string(text));
    fputs("taskfit: the secret is shown once; receivers check signatures with it\n", stderr);
}

static bool add(struct webhook *w, const char *url, struct err *err) {
    const struct options *o = w->options;
    struct slice events = slice_of(o->events ? o->events : "*");
    struct buf text = {0}, sealed = {0};
    struct pg_params params = {0};
    const struct pg_result *result;
    if (!webhook_url_check(&w->config->gateway, slice_of(url), err) ||
        !webhook_events_check(events, err)) {
        err->exit_code = EX_USAGE;
        return false;
    }
    if (!new_id(&w->id, err)) {
        return false;
    }
    bool ok = webhook_secret_make(w->config, w->id, &text, &sealed, err);
    if (ok) {
        put_uuid(&params, w->id);
        put_text(&params, slice_of(o->tenant ? o->tenant : ""));
        put_text(&params, slice_of(o->name ? o->name : "webhook"));
        put_text(&params, slice_of(url));
        put_text(&params, events);
        pg_scalar(&params, PG_BYTEA);
        pg_slice(&params, buf_slice(&sealed));
        ok = ask(w, PG_webhook_add, &params, &result, err);
    }
    if (ok) {
        tell_secret(w, &text);
    }
    buf_fini(&text);
    buf_fini(&sealed);
    return ok;
}

static bool rotate(struct webhook *w, struct err *err) {
    const struct options *o = w->options;
    struct buf text = {0}, sealed = {0};
    struct pg_params params = {0};
    const struct pg_result *result;
    bool ok = webhook_secret_make(w->config, w->id, &text, &sealed, err);
    if (ok) {
        put_text(&params, w->tenant);
        put_uuid(&params, w->id);
        pg_scalar(&params, PG_BYTEA);
        pg_slice(&params, buf_slice(&sealed));
        put_int8(&params, o->at_once ? 0 : o->keep_ms ? o->keep_ms : KEEP_MS);
        ok = ask(w, PG_webhook_rotate, &params, &result, err) && is_there(result, err);
    }
    if (ok) {
        tell_secret(w, &text);
    }
    buf_fini(&text);
    buf_fini(&sealed);
    return ok;
}

// --- list, deliveries

static void add_time(struct table *table, int64_t wall_ms) {
    struct buf text = {0};
    figure_time(&text, wall_ms);
    table_add(table, buf_slice(&text));
    buf_fini(&text);
}

static void add_id(struct table *table, struct uuid id) {
    char text[UUID_TEXT];
    uuid_format(id, text);
    table_add(table, slice_of(text));
}

static void add_count(struct table *table, int64_t count) {
    struct buf text = {0};
    figure_count(&text, count);
    table_add(table, buf_slice(&text));
    buf_fini(&text);
}

static void list_json(const struct pg_result *r) {
    struct buf out = {0};
    for (int i = 0; i < pg_rows(r); i++) {
        char id[UUID_TEXT];
        uuid_format(pg_get_uuid(r, i, COLUMN_ID), id);
        buf_clear(&out);
        buf_printf(&out, "{\"id\":\"we_%s\"", id);
        json_text(&out, "tenant", pg_get_slice(r, i, COLUMN_TENANT));
        json_text(&out, "name", pg_get_slice(r, i, COLUMN_NAME));
        json_text(&out, "url", pg_get_slice(r, i, COLUMN_URL));
        json_codes(&out, "events", pg_get_slice(r, i, COLUMN_EVENTS));
        json_time(&out, "created_at", pg_get_time(r, i, COLUMN_CREATED));
        json_time(&out, "ended_at", pg_get_time(r, i, COLUMN_ENDED));
        json_text(&out, "ended_why", pg_get_slice(r, i, COLUMN_WHY));
        json_count(&out, "open", pg_get_int(r, i, COLUMN_OPEN));
        json_count(&out, "dead", pg_get_int(r, i, COLUMN_DEAD));
        printf("%s}\n", buf_string(&out));
    }
    buf_fini(&out);
}

static void list_table(const struct pg_result *r) {
    static const struct table_column columns[] = {
        {"ID", false, 0},     {"TENANT", false, 6}, {"NAME", false, 6}, {"URL", false, 12},
        {"EVENTS", false, 8}, {"OPEN", true, 0},    {"DEAD", true, 0},  {"ENDED", false, 0},
    };
    struct table table;
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout, table_screen(stdout));
    for (int i = 0; i < pg_rows(r); i++) {
        add_id(&table, pg_get_uuid(r, i, COLUMN_ID));
        for (int column = COLUMN_TENANT; column <= COLUMN_EVENTS; column++) {
            table_add(&table, pg_get_slice(r, i, column));
        }
        add_count(&table, pg_get_int(r, i, COLUMN_OPEN));
        add_count(&table, pg_get_int(r, i, COLUMN_DEAD));
        table_add(&table,
                  pg_is_null(r, i, COLUMN_ENDED) ? slice_of("-") : pg_get_slice(r, i, COLUMN_WHY));
    }
    table_end(&table);
    table_fini(&table);
}

static bool list(struct webhook *w, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    put_text(&params, slice_of(w->options->tenant));
    pg_scalar(&params, PG_UUID);
    put_int8(&params, LIST_MOST);
    if (!ask(w, PG_webhook_list, &params, &result, err)) {
        return false;
    }
    if (w->options->json) {
        list_json(result);
    } else {
        list_table(result);
    }
    return true;
}

// The columns of webhook_deliveries.
enum delivery_column {
    DELIVERY_ID,
    DELIVERY_TYPE,
    DELIVERY_SUBJECT,
    DELIVERY_STATE,
    DELIVERY_ATTEMPTS,
    DELIVERY_AT,
    DELIVERY_DUE,
    DELIVERY_STATUS,
    DELIVERY_ERROR,
    DELIVERY_ENDED,
};

static void deliveries_json(const struct pg_result *r) {
    struct buf out = {0};
    for (int i = 0; i < pg_rows(r); i++) {
        char id[UUID_TEXT];
        uuid_format(pg_get_uuid(r, i, DELIVERY_ID), id);
        buf_clear(&out);
        buf_printf(&out, "{\"id\":\"evt_%s\"", id);
        json_text(&out, "type", pg_get_slice(r, i, DELIVERY_TYPE));
        json_text(&out, "subject", pg_get_slice(r, i, DELIVERY_SUBJECT));
        json_text(&out, "state", pg_get_slice(r, i, DELIVERY_STATE));
        json_count(&out, "attempts", pg_get_int(r, i, DELIVERY_ATTEMPTS));
        json_time(&out, "event_at", pg_get_time(r, i, DELIVERY_AT));
        json_time(&out, "due_at", pg_get_time(r, i, DELIVERY_DUE));
        json_count(&out, "status", pg_get_int(r, i, DELIVERY_STATUS));
        json_text(&out, "error", pg_get_slice(r, i, DELIVERY_ERROR));
        printf("%s}\n", buf_string(&out));
    }
    buf_fini(&out);
}

static void deliveries_table(const struct pg_result *r) {
    static const struct table_column columns[] = {
        {"ID", false, 0},   {"TYPE", false, 10}, {"SUBJECT", false, 10}, {"STATE", false, 0},
        {"TRIES", true, 0}, {"EVENT", false, 0}, {"DUE", false, 0},      {"ERROR", false, 10},
    };
    struct table table;
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout, table_screen(stdout));
    for (int i = 0; i < pg_rows(r); i++) {
        bool open = slice_is(pg_get_slice(r, i, DELIVERY_STATE), "open");
        add_id(&table, pg_get_uuid(r, i, DELIVERY_ID));
        for (int column = DELIVERY_TYPE; column <= DELIVERY_STATE; column++) {
            table_add(&table, pg_get_slice(r, i, column));
        }
        add_count(&table, pg_get_int(r, i, DELIVERY_ATTEMPTS));
        add_time(&table, pg_get_time(r, i, DELIVERY_AT));
        add_time(&table, open ? pg_get_time(r, i, DELIVERY_DUE) : 0);
        table_add(&table, pg_get_slice(r, i, DELIVERY_ERROR));
    }
    table_end(&table);
    table_fini(&table);
}

static bool deliveries(struct webhook *w, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    put_text(&params, w->tenant);
    put_uuid(&params, w->id);
    put_int8(&params, w->options->limit ? w->options->limit : DELIVERIES);
    put_text(&params, slice_of(w->options->state));
    if (!ask(w, PG_webhook_deliveries, &params, &result, err)) {
        return false;
    }
    if (w->options->json) {
        deliveries_json(result);
    } else {
        deliveries_table(result);
    }
    return true;
}

// --- revoke, test, replay

static bool revoke(struct webhook *w, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    put_text(&params, w->tenant);
    put_uuid(&params, w->id);
    if (!ask(w, PG_webhook_revoke, &params, &result, err) || !is_there(result, err)) {
        return false;
    }
    puts("revoked; what was on its way to it is dead");
    return true;
}

static bool test(struct webhook *w, struct err *err) {
    const char *type = w->options->type ? w->options->type : "taskfit.test";
    struct pg_params params = {0};
    const struct pg_result *result;
    struct uuid id;
    char text[UUID_TEXT];
    if (!webhook_event_is(slice_of(type))) {
        return err_exit(err, EX_USAGE, "--type: '%s' is no event", type);
    }
    if (!new_id(&id, err)) {
        return false;
    }
    put_text(&params, w->tenant);
    put_uuid(&params, w->id);
    put_uuid(&params, id);
    put_text(&params, slice_of(type));
    if (!ask(w, PG_webhook_test, &params, &result, err) || !is_there(result, err)) {
        return false;
    }
    uuid_format(id, text);
    printf("evt_%s is on its way; `taskfit webhook deliveries` tells what became of it\n", text);
    return true;
}

static bool replay(struct webhook *w, struct err *err) {
    const char *given = w->options->delivery;
    struct pg_params params = {0};
    const struct pg_result *result;
    struct uuid id;
    if (given && !uuid_parse(slice_of(strncmp(given, "evt_", 4) == 0 ? given + 4 : given), &id)) {
        return err_exit(err, EX_USAGE, "--delivery: '%s' is no id such as evt_ and a UUID", given);
    }
    put_text(&params, w->tenant);
    put_uuid(&params, w->id);
    pg_scalar(&params, PG_UUID);
    if (given) {
        pg_uuid(&params, id);
    }
    if (!ask(w, PG_webhook_replay, &params, &result, err) || !is_there(result, err)) {
        return false;
    }
    printf("%" PRId64 " deliveries are due again\n", pg_get_int(result, 0, 1));
    return true;
}

// --- the command

static bool act(struct webhook *w, int argc, char **argv, struct err *err) {
    static const struct {
        const char *name;
        bool (*run)(struct webhook *webhook, struct err *err);
    } acts[] = {{"revoke", revoke},
                {"rotate", rotate},
                {"test", test},
                {"replay", replay},
                {"deliveries", deliveries}};
    struct arena_pool pool;
    struct arena arena;
    if (strcmp(argv[0], "list") == 0 && argc == 1) {
        return list(w, err);
    }
    if (strcmp(argv[0], "add") == 0 && argc == 2) {
        return add(w, argv[1], err);
    }
    for (size_t i = 0; argc == 2 && i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (strcmp(argv[0], acts[i].name) == 0) {
            arena_pool_init(&pool, 0);
            arena_init(&arena, &pool);
            bool ok = find(w, argv[1], &arena, err) && acts[i].run(w, err);
            arena_fini(&arena);
            arena_pool_fini(&pool);
            return ok;
        }
    }
    return err_exit(err, EX_USAGE,
                    "`webhook add URL`, `list`, or one of revoke, rotate, test, "
                    "replay and deliveries with an endpoint's id is wanted");
}

static int run(const void *given, int argc, char **argv) {
    struct webhook w = {.options = given};
    struct config *config;
    struct err err;
    int status = cli_config(&config);
    if (status != EX_OK || (status = cli_database(&w.session)) != EX_OK) {
        return status;
    }
    w.config = config;
    bool ok = act(&w, argc, argv, &err);
    pg_session_close(w.session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"events", '\0', OPTION_TEXT, AT(events), "LIST", NULL,
     "add: types of events with commas between (default: *, all)"},
    {"tenant", '\0', OPTION_TEXT, AT(tenant), "NAME", NULL,
     "add: whose events they are (default: of those without); list: of this one alone"},
    {"name", '\0', OPTION_TEXT, AT(name), "NAME", NULL, "add: for people"},
    {"keep", '\0', OPTION_DURATION, AT(keep_ms), "TIME", NULL,
     "rotate: how long the old secret signs too (default: 24h)"},
    {"at-once", '\0', OPTION_FLAG, AT(at_once), NULL, NULL, "rotate: the old secret ends now"},
    {"type", '\0', OPTION_TEXT, AT(type), "TYPE", NULL,
     "test: of the event (default: taskfit.test)"},
    {"delivery", '\0', OPTION_TEXT, AT(delivery), "ID", NULL,
     "replay: this one (default: all that are dead)"},
    {"state", '\0', OPTION_TEXT, AT(state), "STATE", NULL,
     "deliveries: that are open, delivered or dead"},
    {"limit", '\0', OPTION_COUNT, AT(limit), "N", NULL, "deliveries: the newest N (default: 50)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL,
     "add, rotate, list, deliveries: one JSON object a line"},
};

const struct command webhook_command = {
    .name = "webhook",
    .arguments = "add URL | list | rotate ID | revoke ID | test ID | replay ID | deliveries ID",
    .summary = "where events are sent, and what became of them",
    .help =
        "Gateways deliver events to URLs below gateway.webhooks.allow, signed as the Standard\n"
        "Webhooks specification says; what is not taken is tried again for days, then dead. A\n"
        "replay takes what is dead from anew, also for an endpoint that said it was gone (410).\n"
        "A secret is shown when it is made and never again; it is kept sealed with\n"
        "gateway.secret.\n\n"
        "  taskfit webhook add https://hooks.example.com/taskfit --events batch.completed\n"
        "  taskfit webhook deliveries we_01a2 --state dead\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 2,
    .run = run,
};

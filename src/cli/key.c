// taskfit key: the keys of the HTTP API.
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/figure.h"
#include "base/json_out.h"
#include "cli/cli.h"
#include "cli/table.h"
#include "fleet/api_keys.h"
#include "io/pg_session.h"

enum { WHO_TEXT = 160, LOG_ROWS = 100 };

struct options {
    const char *tenant, *scopes;
    uint32_t rpm, limit;
    int64_t day_pico_usd, month_pico_usd;
    bool no_day, no_month, json;
};

// The columns of the statement key_list.
enum column {
    COLUMN_ID,
    COLUMN_HASH,
    COLUMN_TENANT,
    COLUMN_NAME,
    COLUMN_SCOPES,
    COLUMN_CREATED,
    COLUMN_REVOKED,
    COLUMN_RPM,
};

// Who runs this, for the audit log.
static void put_who(struct pg_params *params) {
    char host[64] = "localhost", who[WHO_TEXT];
    const struct passwd *user = getpwuid(getuid());
    gethostname(host, sizeof(host) - 1);
    snprintf(who, sizeof(who), "%s@%s", user ? user->pw_name : "?", host);
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(who));
}

// --- limits of tenants

static void put_money(struct pg_params *params, int64_t pico_usd, bool none) {
    pg_scalar(params, PG_INT8);
    if (pico_usd || none) {
        pg_int8(params, none ? 0 : pico_usd);
    }
}

static bool limit(struct pg_session *session, const struct options *options, const char *tenant,
                  const struct pg_result **result, struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(tenant));
    put_money(&params, options->day_pico_usd, options->no_day);
    put_money(&params, options->month_pico_usd, options->no_month);
    put_who(&params);
    bool ok = pg_session_run(session, PG_tenant_limit_set, &params, result, err);
    pg_params_fini(&params);
    return ok;
}

static void tell_limit(const struct pg_result *r) {
    static const char *const spans[] = {"day", "month"};
    struct buf text = {0};
    for (int i = 0; i < 2; i++) {
        buf_printf(&text, "%s", i ? ", " : "");
        if (pg_is_null(r, 0, 1 + i)) {
            buf_text(&text, "any sum");
        } else {
            figure_money(&text, pg_get_int(r, 0, 1 + i));
        }
        buf_printf(&text, " a %s", spans[i]);
    }
    printf("tenant '%.*s' may spend %s; gateways know it within seconds\n",
           SLICE_ARGS(pg_get_slice(r, 0, 0)), buf_string(&text));
    buf_fini(&text);
}

// --- add

static bool store(struct pg_session *session, const struct options *options,
                  const struct api_key *key, const char *name, const char *scopes,
                  struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(key->id));
    pg_scalar(&params, PG_BYTEA);
    pg_slice(&params, (struct slice){(const char *)key->hash, SHA256_BYTES});
    const char *const texts[] = {key->tenant, name, scopes};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        pg_scalar(&params, PG_TEXT);
        pg_slice(&params, slice_of(texts[i]));
    }
    put_who(&params);
    pg_scalar(&params, PG_INT4);
    if (options->rpm) {
        pg_int4(&params, (int32_t)options->rpm);
    }
    bool ok = pg_session_run(session, PG_key_add, &params, &result, err);
    pg_params_fini(&params);
    return ok;
}

static void tell_new(const char *text, const struct api_key *key, bool json) {
    struct buf out = {0};
    if (json) {
        buf_char(&out, '{');
        json_text(&out, "id", slice_of(key->id));
        json_text(&out, "key", slice_of(text));
        buf_text(&out, "}\n");
        fputs(buf_string(&out), stdout);
        buf_fini(&out);
        return;
    }
    printf("%s\n", text);
    fprintf(stderr, "taskfit: this key is shown once; `taskfit key revoke %s` ends it\n", key->id);
}

static bool add(struct pg_session *session, const struct options *options, const char *name,
                struct err *err) {
    unsigned char random[API_KEY_RANDOM];
    char text[API_KEY_TEXT];
    struct api_key key = {0};
    struct buf scopes = {0};
    const char *given = options->scopes ? options->scopes : "submit,read";
    const char *tenant = options->tenant ? options->tenant : "";
    if (!api_scopes_read(slice_of(given), &key.scopes)) {
        return err_exit(err, EX_USAGE,
                        "--scopes %s: submit, read, review and admin are there, "
                        "with commas between",
                        given);
    }
    if (strlen(tenant) >= API_TENANT) {
        return err_exit(err, EX_USAGE, "--tenant: up to %d bytes", API_TENANT - 1);
    }
    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random)) {
        return err_exit(err, EX_OSERR, "no random numbers from the system");
    }
    api_key_make(random, text, &key);
    snprintf(key.tenant, sizeof(key.tenant), "%s", tenant);
    api_scopes_write(key.scopes, &scopes);
    const struct pg_result *result;
    bool limits = options->day_pico_usd || options->month_pico_usd;
    bool ok = (!limits || limit(session, options, tenant, &result, err)) &&
              store(session, options, &key, name, buf_string(&scopes), err);
    buf_fini(&scopes);
    if (ok) {
        tell_new(text, &key, options->json);
    }
    return ok;
}

// --- list

static void list_json(const struct pg_result *r) {
    struct buf out = {0};
    for (int i = 0; i < pg_rows(r); i++) {
        buf_clear(&out);
        buf_char(&out, '{');
        json_text(&out, "id", pg_get_slice(r, i, COLUMN_ID));
        json_text(&out, "name", pg_get_slice(r, i, COLUMN_NAME));
        json_text(&out, "tenant", pg_get_slice(r, i, COLUMN_TENANT));
        json_codes(&out, "scopes", pg_get_slice(r, i, COLUMN_SCOPES));
        json_time(&out, "created_at", pg_get_time(r, i, COLUMN_CREATED));
        json_time(&out, "revoked_at", pg_get_time(r, i, COLUMN_REVOKED));
        json_count(&out, "rpm", pg_get_int(r, i, COLUMN_RPM));
        printf("%s}\n", buf_string(&out));
    }
    buf_fini(&out);
}

static void list_table(const struct pg_result *r) {
    static const struct table_column columns[] = {
        {"ID", false, 0},      {"NAME", false, 8},    {"TENANT", false, 6}, {"SCOPES", false, 0},
        {"CREATED", false, 0}, {"REVOKED", false, 0}, {"RPM", true, 0},
    };
    struct table table;
    struct buf time = {0};
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout, table_screen(stdout));
    for (int i = 0; i < pg_rows(r); i++) {
        static const int texts[] = {COLUMN_ID, COLUMN_NAME, COLUMN_TENANT, COLUMN_SCOPES};
        for (size_t t = 0; t < sizeof(texts) / sizeof(texts[0]); t++) {
            table_add(&table, pg_get_slice(r, i, texts[t]));
        }
        for (int column = COLUMN_CREATED; column <= COLUMN_REVOKED; column++) {
            buf_clear(&time);
            figure_time(&time, pg_get_time(r, i, column));
            table_add(&table, buf_slice(&time));
        }
        buf_clear(&time);
        figure_count(&time, pg_get_int(r, i, COLUMN_RPM));
        table_add(&table, pg_is_null(r, i, COLUMN_RPM) ? slice_of("-") : buf_slice(&time));
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&time);
}

static bool list(struct pg_session *session, const struct options *options, struct err *err) {
    const struct pg_result *result;
    if (!pg_session_run(session, PG_key_list, NULL, &result, err)) {
        return false;
    }
    if (options->json) {
        list_json(result);
    } else {
        list_table(result);
    }
    return true;
}

// --- revoke

static bool end_key(struct pg_session *session, const char *id, struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(id));
    put_who(&params);
    bool ok = pg_session_run(session, PG_key_revoke, &params, &result, err);
    pg_params_fini(&params);
    if (ok && pg_rows(result) == 0) {
        return err_exit(err, EX_NOINPUT,
                        "'%s' begins no key's id, or several: `taskfit key list` has them", id);
    }
    if (ok) {
        struct slice name = pg_get_slice(result, 0, 2);
        printf("key %.*s (%.*s) is revoked; gateways know it within seconds\n",
               SLICE_ARGS(pg_get_slice(result, 0, 0)), SLICE_ARGS(name));
    }
    return ok;
}

// --- log

// The columns of audit_list.
enum log_column { LOG_ID, LOG_AT, LOG_WHO, LOG_TENANT, LOG_ACTION, LOG_OBJECT, LOG_STATUS, LOG_BY };

static void log_json(const struct pg_result *r) {
    struct buf out = {0};
    for (int i = 0; i < pg_rows(r); i++) {
        buf_clear(&out);
        buf_char(&out, '{');
        json_count(&out, "id", pg_get_int(r, i, LOG_ID));
        json_time(&out, "at", pg_get_time(r, i, LOG_AT));
        json_text(&out, "who", pg_get_slice(r, i, LOG_WHO));
        json_text(&out, "tenant", pg_get_slice(r, i, LOG_TENANT));
        json_text(&out, "action", pg_get_slice(r, i, LOG_ACTION));
        json_text(&out, "object", pg_get_slice(r, i, LOG_OBJECT));
        json_count(&out, "status", pg_get_int(r, i, LOG_STATUS));
        json_text(&out, "by", pg_get_slice(r, i, LOG_BY));
        printf("%s}\n", buf_string(&out));
    }
    buf_fini(&out);
}

static void log_table(const struct pg_result *r) {
    static const struct table_column columns[] = {
        {"AT", false, 0},      {"WHO", false, 8},     {"TENANT", false, 6},
        {"ACTION", false, 10}, {"OBJECT", false, 10}, {"STATUS", true, 0},
    };
    struct table table;
    struct buf text = {0};
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout, table_screen(stdout));
    for (int i = 0; i < pg_rows(r); i++) {
        buf_clear(&text);
        figure_time(&text, pg_get_time(r, i, LOG_AT));
        table_add(&table, buf_slice(&text));
        for (int column = LOG_WHO; column <= LOG_OBJECT; column++) {
            table_add(&table, pg_get_slice(r, i, column));
        }
        buf_clear(&text);
        buf_printf(&text, "%d", (int)pg_get_int(r, i, LOG_STATUS));
        table_add(&table, pg_is_null(r, i, LOG_STATUS) ? slice_of("-") : buf_slice(&text));
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&text);
}

static bool show_log(struct pg_session *session, const struct options *options, const char *who,
                     struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(who));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, options->limit ? options->limit : LOG_ROWS);
    bool ok = pg_session_run(session, PG_audit_list, &params, &result, err);
    pg_params_fini(&params);
    if (ok && options->json) {
        log_json(result);
    } else if (ok) {
        log_table(result);
    }
    return ok;
}

static bool set_limit(struct pg_session *session, const struct options *options, const char *tenant,
                      struct err *err) {
    const struct pg_result *result;
    if (!limit(session, options, tenant, &result, err)) {
        return false;
    }
    tell_limit(result);
    return true;
}

// --- the command

static bool act(struct pg_session *session, const struct options *options, int argc, char **argv,
                struct err *err) {
    bool is_list = strcmp(argv[0], "list") == 0;
    if (is_list && argc == 1) {
        return list(session, options, err);
    }
    if (strcmp(argv[0], "add") == 0 && argc == 2) {
        return add(session, options, argv[1], err);
    }
    if (strcmp(argv[0], "revoke") == 0 && argc == 2) {
        return end_key(session, argv[1], err);
    }
    if (strcmp(argv[0], "limit") == 0 && argc == 2) {
        return set_limit(session, options, argv[1], err);
    }
    if (strcmp(argv[0], "log") == 0) {
        return show_log(session, options, argc == 2 ? argv[1] : NULL, err);
    }
    return err_exit(err, EX_USAGE,
                    "`key add NAME`, `key list`, `key revoke ID`, `key limit "
                    "TENANT` or `key log [ID]` is wanted");
}

static int run(const void *given, int argc, char **argv) {
    struct pg_session *session;
    struct err err;
    int status = cli_database(&session);
    if (status != EX_OK) {
        return status;
    }
    bool ok = act(session, given, argc, argv, &err);
    pg_session_close(session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"tenant", '\0', OPTION_TEXT, AT(tenant), "NAME", NULL,
     "add: whose key it is; it sees and makes what is this tenant's alone"},
    {"scopes", '\0', OPTION_TEXT, AT(scopes), "LIST", NULL,
     "add: of submit, read, review and admin, with commas between (default: submit,read)"},
    {"rpm", '\0', OPTION_COUNT, AT(rpm), "N", NULL, "add: requests a minute (default: any number)"},
    {"spend-per-day", '\0', OPTION_MONEY, AT(day_pico_usd), "USD", NULL,
     "add, limit: what all of the tenant's jobs may cost in a day (UTC)"},
    {"spend-per-month", '\0', OPTION_MONEY, AT(month_pico_usd), "USD", NULL,
     "add, limit: likewise in a month"},
    {"no-day", '\0', OPTION_FLAG, AT(no_day), NULL, NULL, "limit: any sum a day"},
    {"no-month", '\0', OPTION_FLAG, AT(no_month), NULL, NULL, "limit: any sum a month"},
    {"limit", '\0', OPTION_COUNT, AT(limit), "N", NULL, "log: the newest N rows (default: 100)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "add, list, log: one JSON object a line"},
};

const struct command key_command = {
    .name = "key",
    .arguments = "add NAME | list | revoke ID | limit TENANT | log [ID]",
    .summary = "keys of the HTTP API: make, look, end, what they may and what they did",
    .help =
        "A key is shown when it is made and never again: the database has its hash. As soon\n"
        "as there is one, taskfit-gateway answers nobody without, and may listen on other\n"
        "addresses than 127.0.0.1.\n\n"
        "  taskfit key add billing --tenant acme\n"
        "  taskfit key revoke 4f1c\n"
        "  taskfit key limit acme --spend-per-day 20\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 2,
    .run = run,
};

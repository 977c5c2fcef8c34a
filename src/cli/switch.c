// taskfit switch: which models a tier's jobs go to, from now on and without a restart.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/figure.h"
#include "base/json_out.h"
#include "cli/cli.h"
#include "cli/reviewer.h"
#include "cli/table.h"
#include "fleet/config_switch.h"
#include "io/pg_session.h"

enum { HISTORY = 10, WEIGHT_MOST = 1000000 };

struct options {
    const char *weight, *by;
    bool undo, json;
};

// The columns of the statement switch_history.
enum column { COLUMN_ID, COLUMN_MODEL, COLUMN_WEIGHT, COLUMN_WEIGHTS, COLUMN_BY, COLUMN_AT };

struct switching {
    const struct options *options;
    const struct config *config;
    const struct config_tier *tier;
    struct pg_session *session;
    struct config_tier now;  // as it was switched before
    int64_t last;            // id of that row; 0: none
};

// --- what holds

static bool history(struct switching *s, const struct pg_result **result, struct err *err) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(s->tier->name));
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, HISTORY);
    bool ok = pg_session_run(s->session, PG_switch_history, &params, result, err);
    pg_params_fini(&params);
    return ok;
}

// What does not fit this configuration does not hold for workers that have it, either.
static void read_last(struct switching *s, const struct pg_result *result) {
    struct err err;
    bool any = pg_rows(result) > 0;
    s->last = any ? pg_get_int(result, 0, COLUMN_ID) : 0;
    if (!config_switch(s->config, s->tier,
                       any ? pg_get_slice(result, 0, COLUMN_WEIGHTS) : (struct slice){0}, &s->now,
                       &err)) {
        fprintf(stderr,
                "taskfit switch: the last one is not for this configuration, whose own "
                "weights hold: %s\n",
                err.text);
        s->now = *s->tier;
    }
}

static uint32_t configured(const struct switching *s, const struct config_model *model) {
    for (uint32_t i = 0; i < s->tier->model_count; i++) {
        if (s->tier->models[i].model == model) {
            return s->tier->models[i].weight;
        }
    }
    return 0;
}

// --- showing

static void show_models(const struct switching *s) {
    static const struct table_column columns[] = {
        {"MODEL", false, 8}, {"WEIGHT", true, 0}, {"SHARE", true, 0}, {"CONFIGURED", true, 0}};
    struct table table;
    struct buf cell = {0};
    int64_t sum = 0;
    for (uint32_t i = 0; i < s->now.model_count; i++) {
        sum += s->now.models[i].weight;
    }
    table_init(&table, columns, 4, stdout, table_screen(stdout));
    for (uint32_t i = 0; i < s->now.model_count; i++) {
        const int64_t weights[] = {s->now.models[i].weight, configured(s, s->now.models[i].model)};
        table_add(&table, slice_of(s->now.models[i].model->model.name));
        for (int column = 0; column < 3; column++) {
            buf_clear(&cell);
            if (column == 1) {
                figure_share(&cell, weights[0], sum);
            } else {
                figure_count(&cell, weights[column / 2]);
            }
            table_add(&table, buf_slice(&cell));
        }
    }
    table_end(&table);
    table_fini(&table);
    buf_fini(&cell);
}

static void show_history(const struct pg_result *r) {
    struct buf line = {0};
    for (int i = 0; i < pg_rows(r); i++) {
        buf_clear(&line);
        figure_time(&line, pg_get_time(r, i, COLUMN_AT));
        buf_printf(&line, "  %.*s: ", SLICE_ARGS(pg_get_slice(r, i, COLUMN_BY)));
        if (pg_is_null(r, i, COLUMN_MODEL)) {
            buf_text(&line, "as configured");
        } else if (pg_is_null(r, i, COLUMN_WEIGHT)) {
            buf_printf(&line, "all to %.*s", SLICE_ARGS(pg_get_slice(r, i, COLUMN_MODEL)));
        } else {
            buf_printf(&line, "%.*s gets weight %" PRId64,
                       SLICE_ARGS(pg_get_slice(r, i, COLUMN_MODEL)),
                       pg_get_int(r, i, COLUMN_WEIGHT));
        }
        printf("%s%s\n", i == 0 ? "\n" : "", buf_string(&line));
    }
    buf_fini(&line);
}

static void json_weights(struct buf *out, const char *key, const struct config_tier *tier) {
    json_key(out, key);
    buf_char(out, '{');
    for (uint32_t i = 0; i < tier->model_count; i++) {
        json_count(out, tier->models[i].model->model.name, tier->models[i].weight);
    }
    buf_char(out, '}');
}

static void show_json(const struct switching *s, const struct pg_result *r) {
    struct buf out = {0};
    buf_char(&out, '{');
    json_text(&out, "tier", slice_of(s->tier->name));
    json_weights(&out, "weights", &s->now);
    json_weights(&out, "configured", s->tier);
    json_key(&out, "switches");
    buf_char(&out, '[');
    for (int i = 0; i < pg_rows(r); i++) {
        buf_text(&out, i ? ",{" : "{");
        json_text(&out, "model", pg_get_slice(r, i, COLUMN_MODEL));
        if (pg_is_null(r, i, COLUMN_WEIGHT)) {
            json_text(&out, "weight", (struct slice){0});
        } else {
            json_count(&out, "weight", pg_get_int(r, i, COLUMN_WEIGHT));
        }
        json_raw_text(&out, "weights", pg_get_slice(r, i, COLUMN_WEIGHTS));
        json_text(&out, "by", pg_get_slice(r, i, COLUMN_BY));
        json_time(&out, "at", pg_get_time(r, i, COLUMN_AT));
        buf_char(&out, '}');
    }
    printf("%s]}\n", buf_string(&out));
    buf_fini(&out);
}

static bool show(struct switching *s, struct err *err) {
    const struct pg_result *result;
    if (!history(s, &result, err)) {
        return false;
    }
    read_last(s, result);
    if (s->options->json) {
        show_json(s, result);
    } else {
        show_models(s);
        show_history(result);
    }
    return true;
}

// --- switching

static bool weight_read(const char *text, int64_t *weight, struct err *err) {
    char *end;
    *weight = strtoll(text, &end, 10);
    return (*text >= '0' && *text <= '9' && *end == '\0' && *weight <= WEIGHT_MOST) ||
           err_exit(err, EX_USAGE, "--weight: '%s' is no whole number from 0 to %d", text,
                    WEIGHT_MOST);
}

// The weights that shall hold: the model's own, and without --weight nothing for the others.
static void write_weights(const struct switching *s, const char *model, int64_t weight,
                          struct buf *out) {
    bool named = false;
    buf_char(out, '{');
    for (uint32_t i = 0; i < s->now.model_count; i++) {
        const char *name = s->now.models[i].model->model.name;
        bool is = strcmp(name, model) == 0;
        named |= is;
        json_count(out, name,
                   is ? (weight < 0 ? 1 : weight) : (weight < 0 ? 0 : s->now.models[i].weight));
    }
    if (!named) {
        json_count(out, model, weight < 0 ? 1 : weight);
    }
    buf_char(out, '}');
}

static bool check_model(const struct switching *s, const char *model, struct err *err) {
    enum { NAMES_MOST = 256 };
    const char *names[NAMES_MOST];
    uint32_t count = 0;
    if (config_model_find(s->config, slice_of(model))) {
        return true;
    }
    for (; count < NAMES_MOST && count < s->config->model_count; count++) {
        names[count] = s->config->models[count].model.name;
    }
    const char *near = conf_nearest(model, names, count);
    return err_exit(err, EX_USAGE, "%s has no model '%s'%s%s%s", s->config->file, model,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static bool add(struct switching *s, const char *model, int64_t weight, struct slice weights,
                struct err *err) {
    struct pg_params params = {0};
    const struct pg_result *result;
    struct slice by;
    if (!reviewer_name(s->options->by, &by, err)) {
        return false;
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(s->tier->name));
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(model));
    pg_scalar(&params, PG_INT4);
    if (weight < 0) {
        pg_null(&params);
    } else {
        pg_int4(&params, (int32_t)weight);
    }
    pg_scalar(&params, PG_JSON);
    pg_slice(&params, weights);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, by);
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, s->last);
    bool ok = pg_session_run(s->session, PG_switch_add, &params, &result, err);
    pg_params_fini(&params);
    return ok &&
           (pg_rows(result) > 0 || err_exit(err, EX_TEMPFAIL,
                                            "somebody else switched tier '%s' just now; look at "
                                            "it, and try again",
                                            s->tier->name));
}

static bool change(struct switching *s, const char *model, struct err *err) {
    const struct pg_result *result;
    struct config_tier as;
    struct buf weights = {0};
    int64_t weight = -1;
    if ((s->options->weight && !weight_read(s->options->weight, &weight, err)) ||
        (model && !check_model(s, model, err)) || !history(s, &result, err)) {
        return false;
    }
    read_last(s, result);
    if (model) {
        write_weights(s, model, weight, &weights);
    }
    struct slice text = model ? buf_slice(&weights) : (struct slice){0};
    bool ok = config_switch(s->config, s->tier, text, &as, err) && add(s, model, weight, text, err);
    buf_fini(&weights);
    return ok && show(s, err);
}

// --- the command

static bool act(struct switching *s, const char *model, struct err *err) {
    const struct options *o = s->options;
    if (o->undo && (model || o->weight)) {
        return err_exit(err, EX_USAGE, "--undo takes no model and no weight");
    }
    if (o->weight && model == NULL) {
        return err_exit(err, EX_USAGE, "--weight: of which model?");
    }
    return model || o->undo ? change(s, model, err) : show(s, err);
}

static int run(const void *given, int argc, char **argv) {
    struct switching s = {.options = given};
    struct config *config;
    struct err err;
    int status = cli_config(&config);
    if (status != EX_OK) {
        return status;
    }
    s.config = config;
    s.tier = config_tier_find(config, slice_of(argv[0]));
    if (s.tier == NULL) {
        err_exit(&err, EX_USAGE, "%s has no tier '%s'", config->file, argv[0]);
        return cli_fail(&err);
    }
    status = cli_database(&s.session);
    if (status != EX_OK) {
        return status;
    }
    bool ok = act(&s, argc > 1 ? argv[1] : NULL, &err);
    pg_session_close(s.session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"weight", 'w', OPTION_TEXT, AT(weight), "N", NULL,
     "it gets N parts of the jobs, the others keep theirs; 0: none (default: it gets all)"},
    {"undo", '\0', OPTION_FLAG, AT(undo), NULL, NULL, "the configuration's weights hold again"},
    {"by", '\0', OPTION_TEXT, AT(by), "NAME", NULL,
     "who says so (default: $TASKFIT_REVIEWER, then $USER)"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command switch_command = {
    .name = "switch",
    .arguments = "TIER [MODEL]",
    .summary = "which models a tier's jobs go to, from now on and without a restart",
    .help =
        "Without MODEL it shows what holds, and the last switches. MODEL is any model of the\n"
        "configuration. Workers know within two seconds; it outlives their restarts and\n"
        "reloads, until the next switch or --undo. A certificate that is not for these models\n"
        "refuses it.\n\n"
        "  taskfit switch mid mini@2026-09\n"
        "  taskfit switch mid mini@2026-09 --weight 5\n"
        "  taskfit switch mid --undo\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 1,
    .arguments_most = 2,
    .run = run,
};

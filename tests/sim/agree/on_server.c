// The script on a real server. usage: agree_server URL SEED
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "io/pg_session.h"
#include "script.h"

static struct pg_session *session;

static void give_up(const struct err *err) {
    fprintf(stderr, "%s\n", err->text);
    exit(EX_SOFTWARE);
}

bool on_statement(enum pg_statement statement, struct pg_params *params,
                  const struct pg_result **result) {
    struct err err;
    if (pg_session_run(session, statement, params, result, &err)) {
        return true;
    }
    if (err.kind != ERR_POISON) {
        give_up(&err);
    }
    return false;
}

static void run(enum pg_statement statement, struct pg_params *params) {
    const struct pg_result *result;
    if (!on_statement(statement, params, &result)) {
        give_up(&(struct err){.text = "refused"});
    }
    pg_params_fini(params);
}

static void put_text(struct pg_params *params, const char *text) {
    pg_scalar(params, PG_TEXT);
    pg_slice(params, slice_of(text));
}

void on_batch(unsigned number, int64_t cap_pico_usd) {
    struct pg_params params = {0};
    char key[] = {(char)('a' + number), 0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, batch_id(number));
    put_text(&params, key);
    put_text(&params, "");
    put_text(&params, "a name");
    put_text(&params, "a path");
    put_text(&params, "ndjson");
    pg_scalar(&params, PG_INT8);
    if (cap_pico_usd < 0) {
        pg_null(&params);
    } else {
        pg_int8(&params, cap_pico_usd);
    }
    pg_scalar(&params, PG_BOOL);
    pg_bool(&params, true);
    run(PG_submit_batch, &params);
}

static void cancel(enum pg_statement statement, struct uuid id) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, id);
    run(statement, &params);
}

void on_cancel_job(unsigned number) {
    cancel(PG_cancel_job, job_id(number));
}

void on_cancel_batch(unsigned number) {
    cancel(PG_cancel_batch, batch_id(number));
}

static const struct pg_result *look(enum pg_statement statement, struct uuid id) {
    const struct pg_result *result;
    struct pg_params params = {0};
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, id);
    if (!on_statement(statement, &params, &result)) {
        give_up(&(struct err){.text = "refused"});
    }
    pg_params_fini(&params);
    return result;
}

// The columns of watch_batch: the batch's from 1, cost at 7, a tier's from 14.
void on_look_at_batch(unsigned number) {
    const struct pg_result *r = look(PG_watch_batch, batch_id(number));
    printf("batch %u:", number);
    for (int column = 1; column <= 5; column++) {
        printf(" %lld", (long long)pg_get_int(r, 0, column));
    }
    printf(", %lld\n", (long long)pg_get_int(r, 0, 7));
    for (int row = 0; row < pg_rows(r) && !pg_is_null(r, row, 14); row++) {
        printf("tier %u %.*s:", number, SLICE_ARGS(pg_get_slice(r, row, 14)));
        for (int column = 15; column <= 19; column++) {
            printf(" %lld", (long long)pg_get_int(r, row, column));
        }
        printf(", %lld\n", (long long)pg_get_int(r, row, 20));
    }
}

// The columns of story_letters: decided is 6.
void on_look_at_letters(unsigned job) {
    const struct pg_result *r = look(PG_story_letters, job_id(job));
    bool decided = false;
    for (int row = 0; row < pg_rows(r); row++) {
        decided |= pg_get_int(r, row, 6) != 0;
    }
    printf("job %u: %s\n", job, decided ? "a letter of its decision" : "");
}

int main(int argc, char **argv) {
    struct err err;
    if (argc != 3) {
        return EX_USAGE;
    }
    if (!pg_session_open(&session, argv[1], "agree", &err)) {
        give_up(&err);
    }
    script_run(strtoull(argv[2], NULL, 10));
    pg_session_close(session);
    return EX_OK;
}

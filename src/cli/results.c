// taskfit results: what came out of a batch.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/figure.h"
#include "cli/batch.h"
#include "cli/cli.h"
#include "cli/sheet.h"
#include "fleet/outcomes.h"
#include "io/pg_session.h"

struct options {
    int format;
    bool json;
    bool in_order;
    int verdict;  // the place in VERDICTS; 0: all
    const char *output;
};

#define VERDICTS "all accept review dead expired cancelled"
static const char *const verdicts[] = {NULL,   "accept",  "review",
                                       "dead", "expired", "cancelled"};

static bool on_rows(void *owner, const struct pg_result *r) {
    struct sheet *sheet = owner;
    for (int i = 0; i < pg_rows(r) && !ferror(sheet->out); i++) {
        struct stored_outcome outcome;
        struct stored_people people;
        outcomes_read(r, i, &outcome);
        outcomes_read_people(r, i, &people);
        outcome.people = &people;
        sheet_write(sheet, &outcome);
    }
    return !ferror(sheet->out);
}

static void say_unfinished(const struct batch *batch) {
    struct buf text = {0};
    figure_count(&text, batch->done);
    if (batch->total < 0) {
        buf_text(&text, " jobs have an outcome so far, while more are being submitted");
    } else {
        buf_text(&text, " of ");
        figure_count(&text, batch->total);
        buf_text(&text, " jobs have an outcome so far");
    }
    fprintf(stderr, "taskfit: %s is not finished: %s; `taskfit watch %s` waits for the rest\n",
            batch->name, buf_string(&text), batch->id_text);
    buf_fini(&text);
}

static bool stream(struct pg_session *session, const struct batch *batch,
                   const struct options *options, struct sheet *sheet, struct err *err) {
    struct pg_params params = {0};
    enum pg_statement statement =
        options->in_order ? PG_batch_outcomes_in_order : PG_batch_outcomes;
    pg_scalar(&params, PG_UUID);
    pg_uuid(&params, batch->id);
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(verdicts[options->verdict]));
    bool ok = pg_session_each(session, statement, &params, on_rows, sheet, err);
    pg_params_fini(&params);
    return ok;
}

static bool print(struct pg_session *session, const struct batch *batch,
                  const struct options *options, FILE *out, struct err *err) {
    struct sheet sheet;
    enum sheet_format format = options->json ? SHEET_NDJSON : (enum sheet_format)options->format;
    bool review = options->verdict > 0 && strcmp(verdicts[options->verdict], "review") == 0;
    sheet_init(&sheet, review && format == SHEET_TABLE ? SHEET_REVIEW : format, out,
               table_screen(out));
    bool ok = stream(session, batch, options, &sheet, err);
    if (ok) {
        sheet_end(&sheet);
    }
    if (ok && (fflush(out) != 0 || ferror(out))) {
        ok = err_exit(err, EX_IOERR, "%s: cannot be written: %s; it is not whole",
                      options->output ? options->output : "standard output", strerror(errno));
    }
    sheet_fini(&sheet);
    return ok;
}

static bool results(struct pg_session *session, const char *called, const struct options *options,
                    struct err *err) {
    struct arena_pool pool;
    struct arena arena;
    struct batch batch;
    FILE *out = stdout;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    bool ok = batch_find(session, called, &arena, &batch, err);
    if (ok && options->output && (out = fopen(options->output, "we")) == NULL) {
        ok = err_exit(err, EX_CANTCREAT, "%s: cannot be made: %s", options->output,
                      strerror(errno));
    }
    if (ok) {
        ok = print(session, &batch, options, out, err);
    }
    if (out && out != stdout && fclose(out) != 0 && ok) {
        ok = err_exit(err, EX_IOERR, "%s: cannot be written: %s; it is not whole",
                      options->output, strerror(errno));
    }
    if (ok && (batch.total < 0 || batch.done < batch.total)) {
        say_unfinished(&batch);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return ok;
}

static int run(const void *given, int argc, char **argv) {
    struct pg_session *session;
    struct err err;
    int status = cli_database(&session);
    if (status != EX_OK) {
        return status;
    }
    bool ok = results(session, argc > 0 ? argv[0] : NULL, given, &err);
    pg_session_close(session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"format", 'f', OPTION_CHOICE, AT(format), "FORMAT", SHEET_FORMATS,
     "table (the default), ndjson, csv, or openai: output rows of its Batch API"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "the same as --format ndjson"},
    {"in-order", 'i', OPTION_FLAG, AT(in_order), NULL, NULL, "in the order of the input's lines"},
    {"verdict", 'v', OPTION_CHOICE, AT(verdict), "VERDICT", VERDICTS,
     "only outcomes of this verdict"},
    {"output", 'o', OPTION_TEXT, AT(output), "FILE", NULL, "write to FILE"},
};

const struct command results_command = {
    .name = "results",
    .arguments = "[BATCH]",
    .summary = "what came out of a batch",
    .help = "BATCH is an id, the beginning of one, or a name; without it the newest batch is\n"
            "taken. Rows come as the database gives them, in the input's order with --in-order.\n"
            "Jobs that ended as dead letters are among them. Of what waits for people the answer\n"
            "to begin with and the kept input are there, too, in the table with --verdict review.\n"
            "What a batch that is still running has come to so far is shown, and that it is\n"
            "running is said on standard error.\n\n"
            "  taskfit results --in-order --format csv -o answers.csv\n"
            "  taskfit results invoices.csv --verdict review\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 0,
    .arguments_most = 1,
    .run = run,
};

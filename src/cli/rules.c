// taskfit rules: what the rules of a file do over answers whose right ones are known.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/figure.h"
#include "base/json_out.h"
#include "cli/cli.h"
#include "cli/records.h"
#include "cli/rule_check.h"
#include "cli/table.h"
#include "io/jq.h"
#include "job/job.h"
#include "quality/stats.h"

enum { ROW_BYTES = 1 << 20, PROGRAM_BYTES = 256 << 10, ALL = RULES_MOST };

static const double unsure = 0.05;  // of a bound on precision

struct options {
    const char *on;
    bool json;
};

// Breaches of a rule; the place ALL counts answers that break any.
struct tally {
    uint64_t hits;
    uint64_t wrong;  // of them
    uint64_t alone;  // wrong, and no other rule that moves the job on was broken
};

struct work {
    const struct options *options;
    struct rules rules;
    struct jq *equal;  // {answer, label} → are they the same
    struct arena_pool pool;
    struct rule_fields fields;
    struct rules_scratch scratch;
    struct buf pair, same;
    struct tally tallies[ALL + 1];
    uint64_t answers, wrong;
    bool undeclared;  // a breach of a name that the file does not declare, or a program that failed
    char odd[200];    // the first of these
};

// --- an answer

static bool subject_read(const struct json *json, struct arena *arena,
                         struct rules_subject *subject, struct slice *label, struct err *err) {
    uint32_t known, node = json_get(json, 0, "label");
    const char *wrong = rules_subject_read(json, arena, subject, &known);
    if (wrong || node == 0) {
        return err_exit(err, EX_DATAERR, "%s; a line is {\"input\": …, \"answer\": …, \"label\": "
                        "the right answer}", wrong ? wrong : "there is no \"label\"");
    }
    *label = json_raw(json, node);
    return true;
}

static bool is_wrong(struct work *w, const struct rules_subject *subject, struct slice label,
                     bool *wrong, struct err *err) {
    buf_clear(&w->pair);
    buf_clear(&w->same);
    buf_printf(&w->pair, "[%.*s,%.*s]", SLICE_ARGS(subject->answer), SLICE_ARGS(label));
    bool ok = jq_run(w->equal, buf_slice(&w->pair), &w->same, err);
    *wrong = ok && slice_is(buf_slice(&w->same), "false");
    return ok;
}

static void count_hit(struct tally *tally, bool wrong, bool alone) {
    tally->hits++;
    tally->wrong += wrong;
    tally->alone += wrong && alone;
}

static void count(struct work *w, const struct rule_verdict *verdicts, uint32_t breaches,
                  bool wrong) {
    uint32_t moving = 0;
    for (uint32_t i = 0; i < breaches; i++) {
        moving += verdicts[i].wants != VERDICT_ACCEPT;
    }
    for (uint32_t i = 0; i < breaches; i++) {
        int place = rules_place(&w->rules, verdicts[i].code);
        if (place >= 0) {
            bool moves = verdicts[i].wants != VERDICT_ACCEPT;
            count_hit(&w->tallies[place], wrong, moves && moving == 1);
        } else if (!w->undeclared) {
            w->undeclared = true;
            snprintf(w->odd, sizeof(w->odd), "%.*s: %.*s", SLICE_ARGS(verdicts[i].code),
                     SLICE_ARGS(verdicts[i].text));
        }
    }
    if (moving > 0) {
        count_hit(&w->tallies[ALL], wrong, true);
    }
    w->answers++;
    w->wrong += wrong;
}

static bool read_answer(void *owner, const struct source_record *record, struct err *err) {
    struct work *w = owner;
    struct rule_verdict verdicts[RULE_VERDICTS_MOST];
    struct rules_subject subject;
    struct slice label = {0};
    struct arena arena;
    struct json json;
    bool wrong;
    arena_init(&arena, &w->pool);
    bool ok = json_parse(&json, record->input, &json_default_limits, &arena, err) &&
              subject_read(&json, &arena, &subject, &label, err) &&
              is_wrong(w, &subject, label, &wrong, err);
    if (ok) {
        rule_fields_add(&w->fields, subject.input);
        rule_fields_add(&w->fields, subject.answer);
        uint32_t breaches = rules_run(&w->rules, &subject, &arena, &w->scratch, verdicts);
        count(w, verdicts, breaches, wrong);
    }
    arena_fini(&arena);
    return ok;
}

// --- what came out

static double least_precision(const struct tally *tally) {
    return 1 - stats_upper(tally->hits - tally->wrong, tally->hits, unsure);
}

static void cell(struct table *table, struct buf *text) {
    table_add(table, buf_slice(text));
    buf_clear(text);
}

static void print_row(struct work *w, struct table *table, uint32_t place, const char *severity) {
    const struct tally *tally = &w->tallies[place];
    struct buf text = {0};
    table_add(table, slice_of(place == ALL ? "any that moves on" : w->rules.table[place].name));
    table_add(table, slice_of(severity));
    figure_count(&text, (int64_t)tally->hits);
    cell(table, &text);
    figure_count(&text, (int64_t)tally->wrong);
    cell(table, &text);
    buf_printf(&text, tally->hits ? "%.1f %%" : "-",
               tally->hits ? 100.0 * (double)tally->wrong / (double)tally->hits : 0);
    cell(table, &text);
    buf_printf(&text, tally->hits ? "%.1f %%" : "-",
               tally->hits ? 100 * least_precision(tally) : 0);
    cell(table, &text);
    buf_printf(&text, w->wrong ? "%.1f %%" : "-",
               w->wrong ? 100.0 * (double)tally->wrong / (double)w->wrong : 0);
    cell(table, &text);
    figure_count(&text, (int64_t)tally->alone);
    cell(table, &text);
    buf_fini(&text);
}

static void print(struct work *w) {
    static const struct table_column columns[] = {
        {"RULE", false, 0},     {"SEVERITY", false, 0}, {"HITS", true, 0},   {"WRONG", true, 0},
        {"PRECISION", true, 0}, {"AT LEAST", true, 0},  {"CAUGHT", true, 0}, {"ALONE", true, 0},
    };
    struct table table;
    struct buf text = {0};
    figure_count(&text, (int64_t)w->answers);
    buf_text(&text, " answers, ");
    figure_count(&text, (int64_t)w->wrong);
    printf("%s of them wrong\n\n", buf_string(&text));
    table_init(&table, columns, sizeof(columns) / sizeof(columns[0]), stdout,
               table_screen(stdout));
    for (uint32_t i = 0; i < w->rules.count; i++) {
        print_row(w, &table, i, rule_severity_name(w->rules.table[i].severity));
    }
    print_row(w, &table, ALL, "");
    table_end(&table);
    table_fini(&table);
    buf_fini(&text);
    puts("\nPRECISION of the hits were wrong, at least AT LEAST with 95 % certainty; CAUGHT of the "
         "wrong\nanswers break the rule, ALONE as many break no other.");
}

static void json_tally(struct buf *out, const struct work *w, uint32_t place) {
    const struct tally *tally = &w->tallies[place];
    json_count(out, "hits", (int64_t)tally->hits);
    json_count(out, "wrong", (int64_t)tally->wrong);
    json_count(out, "alone", (int64_t)tally->alone);
    json_real(out, "precision_at_least", tally->hits ? least_precision(tally) : 0);
    buf_char(out, '}');
}

static void print_json(const struct work *w) {
    struct buf out = {0};
    buf_char(&out, '{');
    json_count(&out, "answers", (int64_t)w->answers);
    json_count(&out, "wrong", (int64_t)w->wrong);
    json_key(&out, "rules");
    buf_char(&out, '[');
    for (uint32_t i = 0; i < w->rules.count; i++) {
        buf_text(&out, i ? ",{" : "{");
        json_text(&out, "rule", slice_of(w->rules.table[i].name));
        json_text(&out, "severity", slice_of(rule_severity_name(w->rules.table[i].severity)));
        json_tally(&out, w, i);
    }
    buf_char(&out, ']');
    json_key(&out, "any");
    buf_char(&out, '{');
    json_tally(&out, w, ALL);
    printf("%s}\n", buf_string(&out));
    buf_fini(&out);
}

// --- the command

static void on_fault(void *owner, const char *text) {
    (void)owner;
    fprintf(stderr, "taskfit: %s\n", text);
}

static bool test(struct work *w, const char *file, struct arena *arena, struct err *err) {
    struct records_options records = {.file = w->options->on, .row_bytes = ROW_BYTES};
    if (!rules_load(&w->rules, file, PROGRAM_BYTES, arena, err) ||
        !jq_new(&w->equal, "label", ".[0] == .[1]", err)) {
        return false;
    }
    rule_fields_init(&w->fields, arena);
    rule_fields_add_known(&w->fields, &w->rules, NULL);
    if (w->options->on && !records_read(&records, read_answer, w, err)) {
        return false;
    }
    uint32_t faults = rule_check_examples(&w->rules, arena, on_fault, NULL);
    if (w->options->on || w->rules.example_count > 0) {
        faults += rule_check_fields(&w->rules, &w->fields, on_fault, NULL);
    }
    if (w->options->on) {
        w->options->json ? print_json(w) : print(w);
    }
    if (w->undeclared) {
        return err_exit(err, EX_DATAERR, "%s", w->odd);
    }
    if (faults > 0) {
        return err_exit(err, EX_DATAERR, "%s: %" PRIu32 " fault%s", file, faults,
                        faults == 1 ? "" : "s");
    }
    if (!w->options->on) {
        printf("%s: %" PRIu32 " rules, %" PRIu32 " examples do what they say\n", file,
               w->rules.count, w->rules.example_count);
    }
    return true;
}

static int run(const void *given, int argc, char **argv) {
    struct work work = {.options = given};
    struct arena arena;
    struct err err;
    (void)argc;
    if (strcmp(argv[0], "test") != 0) {
        err_exit(&err, EX_USAGE, "'%s' is not test, the one thing there is to do", argv[0]);
        return cli_fail(&err);
    }
    arena_pool_init(&work.pool, 0);
    arena_init(&arena, &work.pool);
    bool ok = test(&work, argv[1], &arena, &err);
    rules_unload(&work.rules);
    jq_free(work.equal);
    rules_fini(&work.scratch);
    buf_fini(&work.pair);
    buf_fini(&work.same);
    arena_fini(&arena);
    arena_pool_fini(&work.pool);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct options, member)
static const struct option_row rows[] = {
    {"on", '\0', OPTION_TEXT, AT(on), "LABELLED", NULL,
     "NDJSON of {\"input\", \"answer\", \"label\"}, and where rules look at them \"confidence\", "
     "\"hop\", \"tier\", \"path\""},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "one JSON object"},
};

const struct command rules_command = {
    .name = "rules",
    .arguments = "test FILE",
    .summary = "tries a rules file on its own examples, and on answers whose right ones are known",
    .help = "FILE is a jq program with its rules declared in its comments:\n\n"
            "  # rule NAME escalate|review|dead|note: text for people\n"
            "  #   breaks {\"input\": …, \"answer\": …}\n"
            "  #   holds  {\"input\": …, \"answer\": …}\n\n"
            "An example that does not do what it says, and a field that no example and no line\n"
            "has, is told with its line, and the status is 65.\n\n"
            "  taskfit rules test rules/gst.jq --on labelled.ndjson\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct options),
    .arguments_least = 2,
    .arguments_most = 2,
    .run = run,
};

// taskfit label: what the right answers are, from files and into files.
#include <string.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/label.h"
#include "io/pg_session.h"

static bool check_use(const struct label_options *o, int argc, char **argv, bool *import,
                      struct err *err) {
    *import = strcmp(argv[0], "import") == 0;
    if (!*import && strcmp(argv[0], "export") != 0) {
        return err_exit(err, EX_USAGE, "'%s' is neither import nor export", argv[0]);
    }
    if (*import && argc < 2) {
        return err_exit(err, EX_USAGE, "import which FILE? - is standard input");
    }
    if (!*import && argc > 1) {
        return err_exit(err, EX_USAGE, "export takes no FILE; -o %s writes to it", argv[1]);
    }
    if (*import && (o->sample || o->output || o->path)) {
        return err_exit(err, EX_USAGE, "--sample, --output and --path are of export");
    }
    return *import || !(o->again || o->dry_run || o->bad || o->by) ||
           err_exit(err, EX_USAGE, "--again, --dry-run, --bad and --by are of import");
}

static bool label(struct reviewer *reviewer, const struct label_options *options, bool import,
                  char **argv, struct err *err) {
    if (!import) {
        return label_export(reviewer->session, options, err);
    }
    if (!reviewer_name(options->by, &reviewer->person, err)) {
        if (options->by) {
            return false;
        }
        reviewer->person = (struct slice){0};  // a file may name the labeler in every row
    }
    return label_import(reviewer, options, argv[1], err);
}

static int run(const void *given, int argc, char **argv) {
    struct reviewer reviewer = {0};
    struct config *config;
    struct err err;
    bool import;
    if (!check_use(given, argc, argv, &import, &err)) {
        return cli_fail(&err);
    }
    int status = cli_config(&config);
    if (status == EX_OK) {
        status = cli_database(&reviewer.session);
    }
    if (status != EX_OK) {
        return status;
    }
    reviewer.config = config;
    bool ok = label(&reviewer, given, import, argv, &err);
    pg_session_close(reviewer.session);
    return ok ? EX_OK : cli_fail(&err);
}

#define AT(member) offsetof(struct label_options, member)
static const struct option_row rows[] = {
    {"batch", 'b', OPTION_TEXT, AT(batch), "BATCH", NULL,
     "import: custom ids are those of this batch; export: only its jobs"},
    {"path", 'p', OPTION_TEXT, AT(path), "PATH", NULL, "export: only jobs of this path"},
    {"format", 'f', OPTION_CHOICE, AT(format), "FORMAT", LABEL_FORMATS,
     "of the file (default: by its content or name; export: NDJSON)"},
    {"by", '\0', OPTION_TEXT, AT(by), "NAME", NULL,
     "import: who says so (default: the file's labeler, $TASKFIT_REVIEWER, $USER)"},
    {"again", '\0', OPTION_FLAG, AT(again), NULL, NULL,
     "import: also what the same person has changed since it was first imported"},
    {"settle", '\0', OPTION_FLAG, AT(settle), NULL, NULL,
     "import: where a job waits for people this is their word on it, as of `taskfit review`: it "
     "waits no more, and has its outcome"},
    {"dry-run", 'n', OPTION_FLAG, AT(dry_run), NULL, NULL, "import: only say what would happen"},
    {"bad", '\0', OPTION_TEXT, AT(bad), "FILE", NULL, "import: write what is refused to FILE"},
    {"sample", 's', OPTION_COUNT, AT(sample), "N", NULL,
     "export: N jobs at random that have no label, to be labelled"},
    {"seed", '\0', OPTION_COUNT, AT(seed), "N", NULL, "export: another sample for another N"},
    {"output", 'o', OPTION_TEXT, AT(output), "FILE", NULL, "export: write to FILE"},
    {"json", '\0', OPTION_FLAG, AT(json), NULL, NULL, "import: say it as one JSON object"},
};

const struct command label_command = {
    .name = "label",
    .arguments = "import FILE|export",
    .summary = "what the right answers are, from files and into files",
    .help = "A row has `job_id`, or `custom_id` with --batch, and `answer`: JSON of the\n"
            "path's form, the label alone, or columns `answer.FIELD`. `labeler`,\n"
            "`labelled_at` and `note` may be there; other columns are passed over, so that an\n"
            "export can be filled in and come back. CSV, NDJSON, or the JSON export of Label\n"
            "Studio (`from_name` is `answer`, or a field). The same file twice is once.\n"
            "Labels change no outcome; `taskfit review` does, and --settle.\n"
            "\n"
            "  taskfit label export --batch lines.csv --sample 500 -o todo.csv\n"
            "  taskfit label import todo.csv --by anna --settle\n",
    .options = rows,
    .option_count = sizeof(rows) / sizeof(rows[0]),
    .options_size = sizeof(struct label_options),
    .arguments_least = 1,
    .arguments_most = 2,
    .run = run,
};

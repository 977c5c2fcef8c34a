// The command line: `taskfit COMMAND [OPTIONS] …`. One file a command.
//
// Commands write results to stdout and everything else to stderr, plain text for people and --json
// for programs; they return an exit status of sysexits(3).
#ifndef TASKFIT_CLI_CLI_H
#define TASKFIT_CLI_CLI_H

#include "base/err.h"
#include "fleet/config.h"

struct pg_session;

enum option_kind {
    OPTION_FLAG,    // bool
    OPTION_TEXT,    // const char *
    OPTION_COUNT,   // uint32_t
    OPTION_NUMBER,  // double, above 0
    OPTION_MONEY,   // int64_t, 1e-12 USD, written in USD
    OPTION_DURATION,  // int64_t, milliseconds
    OPTION_LIST,    // struct option_list: may be given several times
    OPTION_CHOICE,  // int: the place of the word in `choices`
};

enum { OPTION_LIST_MOST = 16 };

struct option_list {
    const char *values[OPTION_LIST_MOST];
    size_t count;
};

struct option_row {
    const char *name;     // without its dashes
    char letter;          // short form; '\0': none
    enum option_kind kind;
    size_t offset;        // in the command's struct of options
    const char *value;    // what stands for the value in the help: "FILE"
    const char *choices;  // "table ndjson csv"
    const char *help;
};

struct command {
    const char *name;
    const char *arguments;  // of the usage line: "[FILE]"
    const char *summary;    // one line
    const char *help;       // paragraphs and examples, after the options
    const struct option_row *options;
    size_t option_count;
    size_t options_size;    // of the struct they fill, zeroed before
    size_t arguments_least, arguments_most;
    bool skips_certificates;  // those that the configuration names are not looked at
    int (*run)(const void *options, int argc, char **argv);  // argv: what is no option
};

// The programs's main: finds the command (or says the nearest), parses, runs. --config FILE and
// --help belong to every command.
int cli_main(int argc, char **argv);

// What commands begin with; each says on stderr what is wrong and returns its exit status, EX_OK
// when all is well. The configuration is loaded once and stays.
int cli_config(struct config **config);
int cli_database(struct pg_session **session);
// The path of that name; NULL: the only one. Errors (EX_USAGE) name those there are.
bool cli_path(const struct config *config, const char *name, const struct config_path **path,
              struct err *err) MUST_CHECK;
int cli_fail(const struct err *err);  // says err, returns its exit code

extern const struct command init_command, check_command, submit_command, watch_command,
    results_command, show_command, try_command, probe_command, cancel_command, dead_command,
    tune_command, review_command, label_command, compare_command, rules_command, quality_command,
    key_command, switch_command, webhook_command;

#endif

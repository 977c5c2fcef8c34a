#include "cli/cli.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/conf.h"
#include "base/log.h"
#include "base/mem.h"
#include "cli/option.h"
#include "fleet/config_certificate.h"
#include "fleet/process.h"
#include "io/pg_session.h"

static const struct command *const commands[] = {
    &init_command,
    &check_command,
    &submit_command,
    &watch_command,
    &results_command,
    &show_command,
    &try_command,
    &probe_command,
    &cancel_command,
    &dead_command,
    &tune_command,
    &review_command,
    &label_command,
    &compare_command,
    &rules_command,
    &quality_command,
    &key_command,
    &switch_command,
    &webhook_command,
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

// Options of every command.
static struct common {
    const char *config;
    bool help;
} common;

static const struct option_row common_rows[] = {
    {"config", 'c', OPTION_TEXT, offsetof(struct common, config), "FILE", NULL,
     "the configuration (default: $TASKFIT_CONFIG, then taskfit.yaml)"},
    {"help", 'h', OPTION_FLAG, offsetof(struct common, help), NULL, NULL, "this text"},
};
enum { COMMON_COUNT = sizeof(common_rows) / sizeof(common_rows[0]) };

static const struct command *current;  // the one that runs
static struct config *loaded;

// --- help

static void print_program_help(FILE *out) {
    fputs("usage: taskfit COMMAND [OPTIONS] …\n\n"
          "Runs inference jobs through tiers of models, cheapest first.\n\n"
          "commands:\n", out);
    for (int i = 0; i < COMMAND_COUNT; i++) {
        fprintf(out, "  %-9s%s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\noptions of every command:\n", out);
    option_help(common_rows, COMMON_COUNT, out);
    fputs("\n`taskfit COMMAND --help` says more. Exit status: 0, or of sysexits(3): 64 usage, 65\n"
          "data, 66 no such file, 69 broker, database or model away, 75 later, 77 not allowed,\n"
          "78 configuration.\n", out);
}

static void print_command_help(const struct command *command) {
    printf("usage: taskfit %s [OPTIONS]%s%s\n\n%s\n\noptions:\n", command->name,
           command->arguments && *command->arguments ? " " : "",
           command->arguments ? command->arguments : "", command->summary);
    option_help(command->options, command->option_count, stdout);
    option_help(common_rows, COMMON_COUNT, stdout);
    if (command->help && *command->help) {
        printf("\n%s", command->help);
        if (command->help[strlen(command->help) - 1] != '\n') {
            putchar('\n');
        }
    }
}

// --- errors

int cli_fail(const struct err *err) {
    fflush(stdout);
    fprintf(stderr, "taskfit%s%s: %s\n", current ? " " : "", current ? current->name : "",
            err->text);
    return err->exit_code;
}

static int usage(const struct err *err) {
    int status = cli_fail(err);
    fprintf(stderr, "see taskfit%s%s --help\n", current ? " " : "", current ? current->name : "");
    return status;
}

// --- what commands begin with

static bool load(struct err *err) {
    const char *file = common.config ? common.config : getenv("TASKFIT_CONFIG");
    bool named = file && *file;
    const char *from = named ? file : "taskfit.yaml";
    if (loaded || (current->skips_certificates ? config_load_to_tune(from, &loaded, err)
                                               : config_load(from, &loaded, err))) {
        return true;
    }
    if (!named && err->exit_code == EX_NOINPUT) {
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof(err->text) - used,
                 "; say which with --config FILE or $TASKFIT_CONFIG");
    }
    return false;
}

int cli_config(struct config **config) {
    struct err err;
    if (!load(&err)) {
        return cli_fail(&err);
    }
    *config = loaded;
    return EX_OK;
}

int cli_database(struct pg_session **session) {
    struct err err;
    if (!load(&err) || !pg_session_open(session, loaded->database_url, "taskfit", &err)) {
        return cli_fail(&err);
    }
    if (!pg_session_check_schema(*session, &err)) {
        pg_session_close(*session);
        *session = NULL;
        return cli_fail(&err);
    }
    return EX_OK;
}

static bool unknown_path(const struct config *config, const char *name, struct err *err) {
    enum { PATHS_SHOWN = 32 };
    const char *names[PATHS_SHOWN];
    size_t count = 0;
    struct buf text = {0};
    assert(config->paths);
    for (; count < config->path_count && count < PATHS_SHOWN; count++) {
        names[count] = config->paths[count].policy.name;
        buf_printf(&text, "%s%s", count ? ", " : "", names[count]);
    }
    const char *near = name ? conf_nearest(name, names, count) : NULL;
    if (name == NULL) {
        err_exit(err, EX_USAGE, "--path is missing; the configuration has: %s", buf_string(&text));
    } else if (near) {
        err_exit(err, EX_USAGE, "no path '%s'; is '%s' meant?", name, near);
    } else {
        err_exit(err, EX_USAGE, "no path '%s'; the configuration has: %s", name,
                 buf_string(&text));
    }
    buf_fini(&text);
    return false;
}

bool cli_path(const struct config *config, const char *name, const struct config_path **path,
              struct err *err) {
    bool only = name == NULL && config->path_count == 1;
    *path = only ? &config->paths[0] : name ? config_path_find(config, slice_of(name)) : NULL;
    return *path || unknown_path(config, name, err);
}

// --- running

static const struct command *find(const char *name) {
    for (int i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            return commands[i];
        }
    }
    return NULL;
}

static int unknown_command(const char *name) {
    const char *names[COMMAND_COUNT];
    struct err err;
    for (int i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i]->name;
    }
    const char *nearest = conf_nearest(name, names, COMMAND_COUNT);
    err_exit(&err, EX_USAGE, "unknown command %s%s%s%s", name, nearest ? "; did you mean " : "",
             nearest ? nearest : "", nearest ? "?" : "");
    return usage(&err);
}

static int wrong_count(int argc, char **argv) {
    struct err err;
    if ((size_t)argc < current->arguments_least) {
        err_exit(&err, EX_USAGE, "an argument is missing: %s", current->arguments);
    } else {
        err_exit(&err, EX_USAGE, "unexpected argument %s", argv[current->arguments_most]);
    }
    return usage(&err);
}

// A result that could not be written whole is no success.
static int flush(int status) {
    struct err err;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return status;
    }
    err_exit(&err, EX_IOERR, "standard output: %s", strerror(errno));
    return cli_fail(&err);
}

static int run(void *options, int argc, char **argv) {
    const struct option_table tables[] = {
        {current->options, current->option_count, options}, {common_rows, COMMON_COUNT, &common}};
    struct err err;
    if (!option_parse(tables, 2, &argc, argv, &err)) {
        return usage(&err);
    }
    if (common.help) {
        print_command_help(current);
        return flush(EX_OK);
    }
    if ((size_t)argc < current->arguments_least || (size_t)argc > current->arguments_most) {
        return wrong_count(argc, argv);
    }
    return flush(current->run(options, argc, argv));
}

// How many of argv stand before the command: options of every command may.
static int leading(int argc, char **argv) {
    int at = 0;
    while (at < argc && argv[at][0] == '-') {
        bool takes_next = strcmp(argv[at], "--config") == 0 || strcmp(argv[at], "-c") == 0;
        at += takes_next ? 2 : 1;
    }
    return at < argc ? at : argc;
}

int cli_main(int argc, char **argv) {
    const struct option_table table = {common_rows, COMMON_COUNT, &common};
    struct err err;
    log_open("taskfit", LOG_WARN);
    process_keep_secrets();
    argc--;
    argv++;
    int before = leading(argc, argv), kept = before;
    if (!option_parse(&table, 1, &kept, argv, &err)) {
        return usage(&err);
    }
    const char *name = before < argc ? argv[before] : NULL;
    if (name && strcmp(name, "help") == 0) {
        common.help = true;
        before++;
        name = before < argc ? argv[before] : NULL;
    }
    if (name == NULL) {
        print_program_help(common.help ? stdout : stderr);
        return common.help ? flush(EX_OK) : EX_USAGE;
    }
    current = find(name);
    if (current == NULL) {
        return unknown_command(name);
    }
    void *options = mem_zalloc(current->options_size);
    int status = run(options, argc - before - 1, argv + before + 1);
    mem_free(options);
    config_release(loaded);
    return status;
}

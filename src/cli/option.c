#include "cli/option.h"

#include <string.h>
#include <sysexits.h>

#include "base/conf_value.h"

enum { NAMES_MOST = 64 };

struct arguments {
    const struct option_table *tables;
    size_t table_count;
    int count, at;  // of argv
    char **argv;
};

static const struct option_row *find(const struct arguments *arguments, struct slice name,
                                     char letter, void **into) {
    for (size_t t = 0; t < arguments->table_count; t++) {
        const struct option_table *table = &arguments->tables[t];
        for (size_t i = 0; i < table->count; i++) {
            const struct option_row *row = &table->rows[i];
            if (letter ? row->letter == letter : slice_is(name, row->name)) {
                *into = (char *)table->into + row->offset;
                return row;
            }
        }
    }
    return NULL;
}

static bool unknown(const struct arguments *arguments, const char *given, struct err *err) {
    const char *names[NAMES_MOST];
    size_t count = 0;
    for (size_t t = 0; t < arguments->table_count; t++) {
        const struct option_table *table = &arguments->tables[t];
        for (size_t i = 0; i < table->count && count < NAMES_MOST; i++) {
            names[count++] = table->rows[i].name;
        }
    }
    char name[64];
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(given + 2, "="), given + 2);
    const char *nearest = given[1] == '-' ? conf_nearest(name, names, count) : NULL;
    return err_exit(err, EX_USAGE, "unknown option %s%s%s%s", given,
                    nearest ? "; did you mean --" : "", nearest ? nearest : "",
                    nearest ? "?" : "");
}

static bool add_to_list(const struct option_row *row, struct option_list *list, const char *value,
                        struct err *err) {
    if (list->count == OPTION_LIST_MOST) {
        return err_exit(err, EX_USAGE, "--%s: given more than %d times", row->name,
                        OPTION_LIST_MOST);
    }
    list->values[list->count++] = value;
    return true;
}

static bool set(const struct option_row *row, void *member, const char *value, struct err *err) {
    static const enum conf_kind kinds[] = {[OPTION_TEXT] = CONF_TEXT, [OPTION_COUNT] = CONF_COUNT,
                                           [OPTION_NUMBER] = CONF_NUMBER,
                                           [OPTION_MONEY] = CONF_MONEY,
                                           [OPTION_DURATION] = CONF_DURATION,
                                           [OPTION_CHOICE] = CONF_CHOICE};
    if (row->kind == OPTION_FLAG) {
        *(bool *)member = true;
        return true;
    }
    if (row->kind == OPTION_LIST) {
        return add_to_list(row, member, value, err);
    }
    const struct conf_row conf = {.key = row->name, .kind = kinds[row->kind],
                                  .choices = row->choices};
    if (conf_value_read(&conf, value, member)) {
        return row->kind != OPTION_NUMBER || *(double *)member > 0 ||
               err_exit(err, EX_USAGE, "--%s: '%s' is not above 0", row->name, value);
    }
    struct buf allowed = {0};
    conf_value_allowed(&conf, true, &allowed);
    err_exit(err, EX_USAGE, "--%s: '%s' is not %s", row->name, value, buf_string(&allowed));
    buf_fini(&allowed);
    return false;
}

// One option, with its value where it takes one.
static bool read_option(struct arguments *arguments, char *given, struct err *err) {
    bool is_long = given[1] == '-';
    size_t len = is_long ? strcspn(given + 2, "=") : 1;
    char *value = is_long ? given + 2 + len : given + 2;
    void *member = NULL;
    const struct option_row *row = find(arguments, (struct slice){given + 2, len},
                                        is_long ? '\0' : given[1], &member);
    if (row == NULL) {
        return unknown(arguments, given, err);
    }
    if (row->kind == OPTION_FLAG) {
        return *value == '\0' ? set(row, member, NULL, err)
                              : err_exit(err, EX_USAGE, "--%s takes no value", row->name);
    }
    if (*value != '\0') {
        return set(row, member, is_long ? value + 1 : value, err);
    }
    if (arguments->at == arguments->count) {
        return err_exit(err, EX_USAGE, "--%s: %s is missing", row->name,
                        row->value ? row->value : "its value");
    }
    return set(row, member, arguments->argv[arguments->at++], err);
}

bool option_parse(const struct option_table *tables, size_t table_count, int *argc, char **argv,
                  struct err *err) {
    struct arguments arguments = {tables, table_count, *argc, 0, argv};
    bool options = true;
    int kept = 0;
    while (arguments.at < arguments.count) {
        char *given = argv[arguments.at++];
        if (options && strcmp(given, "--") == 0) {
            options = false;
        } else if (!options || given[0] != '-' || given[1] == '\0') {
            argv[kept++] = given;
        } else if (!read_option(&arguments, given, err)) {
            return false;
        }
    }
    *argc = kept;
    return true;
}

// --- help

static int label(const struct option_row *row, char *text, size_t size) {
    char letter[] = {'-', row->letter, ',', ' ', '\0'};
    const char *value = row->kind == OPTION_FLAG ? "" : row->value ? row->value : "VALUE";
    return snprintf(text, size, "%s--%s%s%s", row->letter ? letter : "    ", row->name,
                    *value ? " " : "", value);
}

// Words in lines of WIDTH columns, those after the first indented.
static void wrap(const char *text, int indent, FILE *out) {
    enum { WIDTH = 80 };
    int column = indent;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (column > indent && column + 1 + len > WIDTH) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", len, text);
        text += len;
        text += *text == ' ';
    }
    fputc('\n', out);
}

static void show_choices(const struct option_row *row, int indent, FILE *out) {
    struct buf words = {0};
    buf_text(&words, "one of ");
    conf_words(row->choices, &words);
    fprintf(out, "%*s", indent, "");
    wrap(buf_string(&words), indent, out);
    buf_fini(&words);
}

void option_help(const struct option_row *rows, size_t count, FILE *out) {
    enum { LABEL_MOST = 26 };
    char text[80];
    for (size_t i = 0; i < count; i++) {
        int len = label(&rows[i], text, sizeof(text));
        fprintf(out, "  %-*s", LABEL_MOST - 2, text);
        if (len > LABEL_MOST - 4) {
            fprintf(out, "\n%*s", LABEL_MOST, "");
        }
        wrap(rows[i].help, LABEL_MOST, out);
        if (rows[i].kind == OPTION_CHOICE) {
            show_choices(&rows[i], LABEL_MOST, out);
        }
    }
}

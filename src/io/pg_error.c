#include "io/pg_error.h"

#include <ctype.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/utf8.h"

// libpq's messages have several lines; an error here has one.
static void one_line(const char *words, char *out, size_t room) {
    size_t used = 0;
    for (; words && *words && used + 1 < room; words++) {
        bool space = isspace((unsigned char)*words) != 0;
        if (!space || (used > 0 && out[used - 1] != ' ')) {
            out[used++] = space ? ' ' : *words;
        }
    }
    while (used > 0 && out[used - 1] == ' ') {
        used--;
    }
    out[utf8_uncut((struct slice){out, used})] = '\0';
}

static bool in_class(const char *state, const char *const *classes) {
    for (; *classes; classes++) {
        if (strncmp(state, *classes, strlen(*classes)) == 0) {
            return true;
        }
    }
    return false;
}

bool pg_is_read_only(const struct pg_result *result) {
    const char *state = PQresultErrorField((const PGresult *)result, PG_DIAG_SQLSTATE);
    return state && strcmp(state, "25006") == 0;
}

bool pg_error(const struct pg_result *result, const char *what, struct err *err) {
    // SQLSTATE classes (PostgreSQL 15, appendix A). 08000 to 08007 connection (08P01 is a program
    // that speaks the protocol wrongly), 25006 read-only, 40 rolled back,
    // 53 resources (disk, memory, connections), 55 not available (locks), 57 intervention
    // (shutdown, cancelled), 58 system; XX internal.
    static const char *const later[] = {"080", "25006", "40", "53", "55", "57", "58", "XX", NULL};
    // 21 cardinality, 22 data, 23 constraint, 54 limits of the program.
    static const char *const values[] = {"21", "22", "23", "54", NULL};
    const PGresult *own = (const PGresult *)result;
    char words[400];
    const char *state = PQresultErrorField(own, PG_DIAG_SQLSTATE);
    one_line(PQresultErrorField(own, PG_DIAG_MESSAGE_PRIMARY), words, sizeof(words));
    if (state == NULL || in_class(state, later)) {
        return err_retry(err, "database: %s: %s (%s)", what, words, state ? state : "no answer");
    }
    if (in_class(state, values)) {
        return err_poison(err, "database: %s: %s (%s)", what, words, state);
    }
    if (strcmp(state, "42501") == 0) {
        return err_exit(err, EX_NOPERM, "database: %s: %s (%s); grant it to the user of "
                        "postgres.url", what, words, state);
    }
    // 42P01 no such table, 42703 no such column.
    bool old = strcmp(state, "42P01") == 0 || strcmp(state, "42703") == 0;
    return err_exit(err, EX_CONFIG, "database: %s: %s (%s)%s", what, words, state,
                    old ? "; run `taskfit init`" : "");
}

bool pg_connection_error(const char *words, struct err *err) {
    char text[500];
    one_line(words, text, sizeof(text));
    return err_retry(err, "database: %s", text[0] ? text : "the connection was lost");
}

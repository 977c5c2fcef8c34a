// Do the parameters that the fleet encodes fit the statement's text? Columns that moved in one and
// not in the other would be refused, or mixed up, by the real database only.
#include <stdlib.h>
#include <string.h>

#include "table.h"
#include "world.h"

static const char *const statement_texts[] = {
#define QUERY(name, text) text,
#include "queries.h"
#undef QUERY
};

static const struct {
    const char *name;
    enum pg_type type;
} types[] = {
    {"uuid", PG_UUID},     {"int2", PG_INT2},     {"int4", PG_INT4},
    {"int8", PG_INT8},     {"text", PG_TEXT},     {"json", PG_JSON},
    {"float8", PG_FLOAT8}, {"bool", PG_BOOL},     {"bytea", PG_BYTEA},
    {"timestamptz", PG_TIMESTAMPTZ},
};

static bool is_type(const char *text, enum pg_type type, bool array) {
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t len = strlen(types[i].name);
        if (types[i].type == type && strncmp(text, types[i].name, len) == 0) {
            return array == (strncmp(text + len, "[]", 2) == 0);
        }
    }
    return false;
}

void table_check_types(enum pg_statement statement, const struct pg_params *params) {
    static bool checked[PG_STATEMENT_COUNT];
    int most = 0;
    if (checked[statement]) {
        return;
    }
    checked[statement] = true;
    for (const char *at = strchr(statement_texts[statement], '$'); at; at = strchr(at, '$')) {
        char *end;
        int number = (int)strtol(++at, &end, 10);
        most = number > most ? number : most;
        if (strncmp(end, "::", 2) != 0) {
            continue;
        }
        if (number > params->count || !is_type(end + 2, params->params[number - 1].type,
                                               params->params[number - 1].array)) {
            broken("%s: $%d is not what the statement says: %.12s", pg_statement_name(statement),
                   number, end + 2);
        }
    }
    if (most != params->count) {
        broken("%s has %d parameters, given are %d", pg_statement_name(statement), most,
               params->count);
    }
}

// Configuration as tables: a tree of nodes that knows file and line of everything, and rows that
// say what a map may hold. Names, defaults, ranges, error texts and the reference in README.md
// come from the rows.
#ifndef TASKFIT_BASE_CONF_H
#define TASKFIT_BASE_CONF_H

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/err.h"

enum conf_type { CONF_SCALAR, CONF_LIST, CONF_MAP };

// Trees live in an arena. A map's children have keys, in the order of the file.
struct conf_node {
    enum conf_type type;
    const char *file;
    int line;
    const char *key;   // NULL outside a map
    const char *text;  // of a scalar, with ${NAME} already replaced
    bool quoted;       // written in quotes or as a block: text, whatever it looks like
    bool replaced;     // held a ${NAME}: may be a secret, and is not shown in errors
    struct conf_node *children, *next;
};

const struct conf_node *conf_get(const struct conf_node *map, const char *key);

enum conf_kind {
    CONF_TEXT,      // const char *; one of `choices` where there are any
    CONF_SECRET,    // const char *; `key_file: PATH` may stand for `key: VALUE`; never shown
    CONF_COUNT,     // uint32_t
    CONF_DURATION,  // int64_t, ms
    CONF_SIZE,      // int64_t, bytes: 64KiB, 1MiB, or a bare count of bytes
    CONF_NUMBER,    // double
    CONF_MONEY,     // int64_t, 1e-12 USD, written in USD with up to 12 decimals
    CONF_SWITCH,    // bool: true or false
    CONF_CHOICE,    // int: the place of the word in `choices`
    CONF_NODE,      // const struct conf_node *: read by other code; `choices`: "map" or "list"
};

struct conf_row {
    const char *key;
    enum conf_kind kind;
    size_t offset;         // of the member in the struct that is filled
    const char *fallback;  // as it would be written; NULL: the key is required; "": zero or absent
    double least, most;    // of numbers, counts, sizes, durations (ms), USD; both 0: no range
    const char *choices;   // "review accept_best dead"
    const char *help;      // one line for people
};

// A table: the rows of one kind of map.
struct conf_table {
    const char *place;  // where such a map stands: "models.<name@version>"
    const struct conf_row *rows;
    size_t row_count;
};

// Fills into from map; map NULL: all fallbacks. Errors (EX_CONFIG) name file, line, key, what is
// allowed and, for an unknown key, the nearest known one. Texts live in the arena.
bool conf_fill(const struct conf_table *table, const struct conf_node *map, void *into,
               struct arena *arena, struct err *err) MUST_CHECK;

// "file:line: key: " and the text, as EX_CONFIG.
bool conf_error(const struct conf_node *node, struct err *err, const char *format, ...)
    FORMAT(3, 4);

// What was written, in quotes, on one line and cut; '${…}' where a variable was replaced.
enum { CONF_SHOWN = 72 };
const char *conf_shown(const struct conf_node *scalar, char out[CONF_SHOWN]);

// The nearest of count names within an edit distance that a slip of the hand makes; NULL: none.
const char *conf_nearest(const char *name, const char *const *names, size_t count);

// The table as Markdown.
void conf_reference(const struct conf_table *table, FILE *out);

#endif

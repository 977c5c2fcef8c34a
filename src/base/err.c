#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/utf8.h"

// Where a text of UTF-8 did not fit, it ends before the character that was halved: errors go into
// rows and messages, which must be UTF-8. whole: the length that it would have had.
static void end_well(char *text, size_t size, size_t whole) {
    if (whole >= size) {
        text[utf8_uncut((struct slice){text, size - 1})] = '\0';
    }
}

static bool set(struct err *err, enum err_kind kind, int exit_code, const char *format,
                va_list args) FORMAT(4, 0);

static bool set(struct err *err, enum err_kind kind, int exit_code, const char *format,
                va_list args) {
    char text[sizeof(err->text)];
    end_well(text, sizeof(text), (size_t)vsnprintf(text, sizeof(text), format, args));
    err->kind = kind;
    err->exit_code = exit_code;
    memcpy(err->text, text, sizeof(text));
    return false;
}

bool err_retry(struct err *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(err, ERR_RETRY, EX_TEMPFAIL, format, args);
    va_end(args);
    return false;
}

bool err_poison(struct err *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(err, ERR_POISON, EX_DATAERR, format, args);
    va_end(args);
    return false;
}

bool err_fatal(struct err *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(err, ERR_FATAL, EX_SOFTWARE, format, args);
    va_end(args);
    return false;
}

bool err_exit(struct err *err, int exit_code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    set(err, ERR_FATAL, exit_code, format, args);
    va_end(args);
    return false;
}

bool err_prefix(struct err *err, const char *format, ...) {
    char prefix[sizeof(err->text)];
    char text[2 * sizeof(err->text) + 2];
    va_list args;
    va_start(args, format);
    vsnprintf(prefix, sizeof(prefix), format, args);
    va_end(args);
    snprintf(text, sizeof(text), "%s: %s", prefix, err->text);
    snprintf(err->text, sizeof(err->text), "%.*s", (int)sizeof(err->text) - 1, text);
    end_well(err->text, sizeof(err->text), strlen(text));
    return false;
}

const char *err_kind_name(enum err_kind kind) {
    static const char *const names[] = {"none", "retry", "poison", "fatal"};
    return names[kind];
}

const char *err_after(const char *text, const char *what) {
    size_t len = strlen(what);
    bool begins = strncmp(text, what, len) == 0 && strncmp(text + len, ": ", 2) == 0;
    return begins ? text + len + 2 : text;
}

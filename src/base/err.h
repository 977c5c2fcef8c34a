// An error says what to do, not only what happened.
//
// Fallible functions return false and fill the caller's struct err; they are must-check. The text
// names what, where and what is allowed, in one line, without secrets.
#ifndef TASKFIT_BASE_ERR_H
#define TASKFIT_BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define FORMAT(text, first) __attribute__((format(printf, text, first)))

enum err_kind {
    ERR_NONE,
    ERR_RETRY,   // later: something is away or busy
    ERR_POISON,  // this message, row or line: set it aside and go on
    ERR_FATAL,   // exit, be mended or restarted
};

struct err {
    enum err_kind kind;
    int exit_code;    // of sysexits(3); chosen by kind unless err_exit sets it
    char text[600];
};

// All return false, so that a function can end with `return err_retry(err, ...)`.
bool err_retry(struct err *err, const char *format, ...) FORMAT(2, 3);
bool err_poison(struct err *err, const char *format, ...) FORMAT(2, 3);
bool err_fatal(struct err *err, const char *format, ...) FORMAT(2, 3);
bool err_exit(struct err *err, int exit_code, const char *format, ...) FORMAT(3, 4);

// Puts "prefix: " before the text that is there.
bool err_prefix(struct err *err, const char *format, ...) FORMAT(2, 3);

const char *err_kind_name(enum err_kind kind);

// text without "what: " at its beginning, for those who have said it already.
const char *err_after(const char *text, const char *what);

#endif

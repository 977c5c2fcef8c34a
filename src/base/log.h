// The log: one logfmt line an event on standard error, for journald or a file.
//
//     ts=2026-11-24T04:26:00.123Z level=info program=taskfit-worker msg="…"
//
// Quotes, line ends and control bytes in a message are escaped, so that a line is an event whatever
// a stranger's text holds. Secrets never go in: callers pass names, not values.
#ifndef TASKFIT_BASE_LOG_H
#define TASKFIT_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_open(const char *program, enum log_level level);
bool log_level_parse(const char *name, enum log_level *level);
bool log_wants(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

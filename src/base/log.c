#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { LINE_BYTES = 2048 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};
static const char *program_name = "taskfit";
static enum log_level threshold = LOG_INFO;

void log_open(const char *program, enum log_level level) {
    program_name = program;
    threshold = level;
}

bool log_level_parse(const char *name, enum log_level *level) {
    for (int i = LOG_ERROR; i <= LOG_DEBUG; i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

bool log_wants(enum log_level level) {
    return level <= threshold;
}

static size_t escape(char *out, size_t room, const char *text) {
    size_t used = 0;
    for (; *text && used + 5 < room; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            out[used++] = '\\';
            out[used++] = (char)c;
        } else if (c == '\n') {
            out[used++] = '\\';
            out[used++] = 'n';
        } else if (c < 0x20 || c == 0x7f) {
            used += (size_t)snprintf(out + used, room - used, "\\x%02x", c);
        } else {
            out[used++] = (char)c;
        }
    }
    return used;
}

static void write_line(enum log_level level, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

static void write_line(enum log_level level, const char *format, va_list args) {
    if (!log_wants(level)) {
        return;
    }
    char message[LINE_BYTES], line[2 * LINE_BYTES], when[32];
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &parts);
    vsnprintf(message, sizeof(message), format, args);
    size_t used = (size_t)snprintf(line, sizeof(line), "ts=%s.%03ldZ level=%s program=%s msg=\"",
                                   when, now.tv_nsec / 1000000, level_names[level], program_name);
    used += escape(line + used, sizeof(line) - used - 3, message);
    line[used++] = '"';
    line[used++] = '\n';
    fwrite(line, 1, used, stderr);
}

#define LOG_FUNCTION(name, level)                \
    void name(const char *format, ...) {         \
        va_list args;                            \
        va_start(args, format);                  \
        write_line(level, format, args);         \
        va_end(args);                            \
    }

LOG_FUNCTION(log_error, LOG_ERROR)
LOG_FUNCTION(log_warn, LOG_WARN)
LOG_FUNCTION(log_info, LOG_INFO)
LOG_FUNCTION(log_debug, LOG_DEBUG)

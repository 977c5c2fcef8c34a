// base/mem.h that counts what is not freed, and base/log.h that writes into the trace.
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fakes.h"
#include "world.h"

int64_t memory_out;

static void *counted(void *memory) {
    if (memory == NULL) {
        abort();
    }
    memory_out++;
    return memory;
}

void *mem_alloc(size_t size) {
    return counted(malloc(size ? size : 1));
}

void *mem_zalloc(size_t size) {
    return counted(calloc(1, size ? size : 1));
}

void *mem_realloc(void *old, size_t size) {
    if (old) {
        memory_out--;
    }
    return counted(realloc(old, size ? size : 1));
}

void *mem_copy(const void *from, size_t size) {
    return size ? memcpy(mem_alloc(size), from, size) : mem_alloc(0);
}

char *mem_string(const char *text) {
    return mem_copy(text, strlen(text) + 1);
}

void mem_free(void *memory) {
    if (memory) {
        memory_out--;
        free(memory);
    }
}

void *mem_array(size_t count, size_t size) {
    return counted(calloc(count ? count : 1, size ? size : 1));
}

void mem_trim(void) {
}

// --- log

void log_open(const char *program, enum log_level level) {
    (void)program;
    (void)level;
}

bool log_level_parse(const char *name, enum log_level *level) {
    (void)name;
    (void)level;
    return false;
}

bool log_wants(enum log_level level) {
    (void)level;
    return world.trace;
}

#define LOG_FUNCTION(name)                       \
    void name(const char *format, ...) {         \
        char text[600];                          \
        va_list args;                            \
        if (!world.trace) {                      \
            return;                              \
        }                                        \
        va_start(args, format);                  \
        vsnprintf(text, sizeof(text), format, args); \
        va_end(args);                            \
        trace("    %s", text);                   \
    }

LOG_FUNCTION(log_error)
LOG_FUNCTION(log_warn)
LOG_FUNCTION(log_info)
LOG_FUNCTION(log_debug)

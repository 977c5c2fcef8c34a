#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_abort(void *memory, size_t size) {
    if (memory == NULL && size > 0) {
        fprintf(stderr, "out of memory: %zu bytes asked\n", size);
        abort();
    }
    return memory;
}

void *mem_alloc(size_t size) {
    return or_abort(malloc(size), size);
}

void *mem_zalloc(size_t size) {
    return or_abort(calloc(1, size), size);
}

void *mem_realloc(void *old, size_t size) {
    return or_abort(realloc(old, size), size);
}

void *mem_copy(const void *from, size_t size) {
    void *copy = mem_alloc(size);
    if (size > 0) {
        memcpy(copy, from, size);
    }
    return copy;
}

char *mem_string(const char *text) {
    return mem_copy(text, strlen(text) + 1);
}

void mem_free(void *memory) {
    free(memory);
}

void mem_trim(void) {
    malloc_trim(0);
}

void *mem_array(size_t count, size_t size) {
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        bytes = SIZE_MAX;
    }
    return or_abort(calloc(count, size), bytes);
}

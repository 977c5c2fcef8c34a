// What fuzz targets begin with: libFuzzer's entry and an arena for each input.
#ifndef TASKFIT_TESTS_FUZZ_H
#define TASKFIT_TESTS_FUZZ_H

#include <stdint.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline struct slice fuzz_slice(const uint8_t *data, size_t size) {
    return (struct slice){(const char *)data, size};
}

// What a promise of the code under test is worth here: false stops the run with the input.
#define FUZZ_CHECK(held)    \
    do {                    \
        if (!(held)) {      \
            __builtin_trap(); \
        }                   \
    } while (0)

#endif

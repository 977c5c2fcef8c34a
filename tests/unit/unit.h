// What unit tests begin with: cmocka and an arena.
#ifndef TASKFIT_TESTS_UNIT_H
#define TASKFIT_TESTS_UNIT_H

// cmocka.h wants these before it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

#define assert_slice(actual, text)                                      \
    do {                                                                \
        struct slice got = (actual);                                    \
        assert_int_equal(got.len, strlen(text));                        \
        assert_memory_equal(got.at, text, strlen(text));                \
    } while (0)

#endif

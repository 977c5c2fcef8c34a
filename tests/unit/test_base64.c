#include "base/base64.h"
#include "unit.h"

// The test vectors of RFC 4648, 10.
static void test_vectors(void **state) {
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xff\xfe\xfd\x80", "//79gA=="},
    };
    struct buf out = {0};
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        buf_clear(&out);
        buf_text(&out, "before ");
        buf_base64(&out, slice_of(pairs[i][0]));
        assert_int_equal(out.len, 7 + strlen(pairs[i][1]));
        assert_string_equal(buf_string(&out) + 7, pairs[i][1]);
    }
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

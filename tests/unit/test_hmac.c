// HMAC-SHA256 against the examples of RFC 4231, and the comparison.
#include "base/hmac.h"
#include "unit.h"

static void digest_is(struct slice key, struct slice bytes, const char *hex) {
    struct hmac hmac;
    unsigned char digest[SHA256_BYTES];
    char got[SHA256_HEX];
    hmac_init(&hmac, key);
    hmac_update(&hmac, (struct slice){bytes.at, bytes.len / 2});
    hmac_update(&hmac, (struct slice){bytes.at + bytes.len / 2, bytes.len - bytes.len / 2});
    hmac_final(&hmac, digest);
    sha256_to_hex(digest, got);
    assert_string_equal(got, hex);
}

static void test_examples(void **state) {
    char key[131];
    (void)state;
    memset(key, 0x0b, 20);
    digest_is((struct slice){key, 20}, slice_of("Hi There"),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    digest_is(slice_of("Jefe"), slice_of("what do ya want for nothing?"),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof(key));
    digest_is((struct slice){key, sizeof(key)},
              slice_of("Test Using Larger Than Block-Size Key - Hash Key First"),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void test_equal(void **state) {
    (void)state;
    assert_true(hmac_equal("abc", "abc", 3));
    assert_true(hmac_equal("abc", "xyz", 0));
    assert_false(hmac_equal("abc", "abd", 3));
    assert_false(hmac_equal("\200bc", "\0bc", 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

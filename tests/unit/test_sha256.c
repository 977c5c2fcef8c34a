// SHA-256 against the examples of FIPS 180-4 (NIST), and in pieces of every size.
#include "base/hash.h"
#include "unit.h"

static void digest_is(struct slice bytes, const char *hex) {
    char got[SHA256_HEX];
    sha256_hex(bytes, got);
    assert_string_equal(got, hex);
}

static void test_examples(void **state) {
    (void)state;
    digest_is(slice_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    digest_is(slice_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_is(slice_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void test_a_million(void **state) {
    (void)state;
    struct sha256 sha;
    unsigned char digest[SHA256_BYTES];
    char piece[1000], hex[SHA256_HEX];
    memset(piece, 'a', sizeof(piece));
    sha256_init(&sha);
    for (int i = 0; i < 1000; i++) {
        sha256_update(&sha, (struct slice){piece, sizeof(piece)});
    }
    sha256_final(&sha, digest);
    sha256_to_hex(digest, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void test_pieces(void **state) {
    (void)state;
    char text[200], whole[SHA256_HEX], hex[SHA256_HEX];
    memset(text, 'x', sizeof(text));
    sha256_hex((struct slice){text, sizeof(text)}, whole);
    for (size_t size = 1; size <= sizeof(text); size++) {
        struct sha256 sha;
        unsigned char digest[SHA256_BYTES];
        sha256_init(&sha);
        for (size_t at = 0; at < sizeof(text); at += size) {
            size_t left = sizeof(text) - at;
            sha256_update(&sha, (struct slice){text + at, left < size ? left : size});
        }
        sha256_final(&sha, digest);
        sha256_to_hex(digest, hex);
        assert_string_equal(hex, whole);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),
        cmocka_unit_test(test_a_million),
        cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

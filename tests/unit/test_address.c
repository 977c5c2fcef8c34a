#include "io/address.h"
#include "unit.h"

static void test_what_is_public(void **state) {
    static const char *const texts[] = {
        "1.1.1.1",         "8.8.8.8",         "100.63.255.255",
        "100.128.0.0",     "172.15.255.255",  "172.32.0.0",
        "192.167.255.255", "223.255.255.255", "2606:4700:4700::1111",
        "2a00::1",         "::ffff:8.8.8.8",  "64:ff9b::8.8.8.8"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!address_text_is_public(texts[i])) {
            fail_msg("%s is public", texts[i]);
        }
    }
}

static void test_what_is_not(void **state) {
    static const char *const texts[] = {"0.0.0.0",
                                        "10.0.0.1",
                                        "10.255.255.255",
                                        "100.64.0.1",
                                        "100.127.255.255",
                                        "127.0.0.1",
                                        "127.255.255.254",
                                        "169.254.169.254",
                                        "172.16.0.1",
                                        "172.31.255.255",
                                        "192.0.0.1",
                                        "192.168.1.1",
                                        "198.19.0.1",
                                        "224.0.0.1",
                                        "240.0.0.1",
                                        "255.255.255.255",
                                        "::",
                                        "::1",
                                        "::ffff:127.0.0.1",
                                        "::ffff:10.0.0.1",
                                        "::127.0.0.1",
                                        "64:ff9b::10.0.0.1",
                                        "64:ff9b:1::8.8.8.8",
                                        "fe80::1",
                                        "fc00::1",
                                        "fd12:3456::1",
                                        "ff02::1",
                                        "2001:0::1",
                                        "2001:db8::1",
                                        "2002:7f00:1::",
                                        "fe80::1%lo",
                                        "localhost",
                                        "127.1",
                                        "2130706433",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (address_text_is_public(texts[i])) {
            fail_msg("%s is not public", texts[i]);
        }
    }
    assert_false(address_text_is_public(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_public),
        cmocka_unit_test(test_what_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

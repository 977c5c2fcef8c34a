// Webhooks: sealed secrets, signatures, and which URLs and events are taken.
#include <string.h>

#include "base/hmac.h"
#include "fleet/webhooks.h"
#include "io/seal.h"
#include "unit.h"

static void test_sealed(void **state) {
    unsigned char key[SHA256_BYTES] = {1}, other[SHA256_BYTES] = {2};
    struct slice place = slice_of("here"), secret = slice_of("a secret");
    struct buf sealed = {0}, again = {0}, opened = {0};
    (void)state;
    assert_true(seal_close(key, place, secret, &sealed));
    assert_true(seal_close(key, place, secret, &again));
    assert_false(slice_equal(buf_slice(&sealed), buf_slice(&again)));  // another nonce
    assert_null(memmem(sealed.data, sealed.len, secret.at, secret.len));
    assert_true(seal_open(key, place, buf_slice(&sealed), &opened));
    assert_slice(buf_slice(&opened), "a secret");
    buf_clear(&opened);
    assert_false(seal_open(other, place, buf_slice(&sealed), &opened));
    assert_false(seal_open(key, slice_of("there"), buf_slice(&sealed), &opened));
    for (size_t i = 0; i < sealed.len; i++) {
        assert_false(seal_open(key, place, (struct slice){sealed.data, i}, &opened));
        sealed.data[i] ^= 1;
        assert_false(seal_open(key, place, buf_slice(&sealed), &opened));
        sealed.data[i] ^= 1;
    }
    assert_int_equal(opened.len, 0);
    buf_fini(&sealed);
    buf_fini(&again);
    buf_fini(&opened);
}

// The example of the specification: secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw.
static void test_signed(void **state) {
    static const unsigned char secret[] = {0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a,
                                           0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c,
                                           0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0};
    unsigned char key[SHA256_BYTES];
    struct uuid endpoint = {{7}}, other = {{8}};
    struct buf sealed = {0}, header = {0};
    struct slice text = slice_of("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
    (void)state;
    webhook_key("0123456789abcdef0123456789abcdef", key);
    assert_true(seal_close(key, uuid_slice(&endpoint),
                           (struct slice){(const char *)secret, sizeof(secret)}, &sealed));
    assert_true(webhook_sign(key, endpoint, buf_slice(&sealed), text, &header));
    assert_string_equal(buf_string(&header), " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_false(webhook_sign(key, other, buf_slice(&sealed), text, &header));
    buf_fini(&sealed);
    buf_fini(&header);
}

static void test_urls(void **state) {
    static const char *const allow[] = {"https://hooks.example.com/", "http://10.0.0.1:80/in/"};
    static const char *const good[] = {"https://hooks.example.com/", "http://10.0.0.1:80/in/x?y=1",
                                       "https://hooks.example.com/a.b/c%20d"};
    static const char *const bad[] = {"",
                                      "https://hooks.example.com",
                                      "https://hooks.example.com.evil.com/",
                                      "https://hooks.example.com@evil.com/",
                                      "http://hooks.example.com/",
                                      "http://10.0.0.1:80/out",
                                      "http://10.0.0.1:80/in/../out",
                                      "http://10.0.0.1:80/in/%2e%2E/out",
                                      "http://10.0.0.1:80/in/\\x",
                                      "https://hooks.example.com/#x",
                                      "https://hooks.example.com/ x",
                                      "https://hooks.example.com/\r\nx: y"};
    struct config_gateway gateway = {.hooks = {.allow = allow, .allow_count = 2}}, none = {0};
    struct err err;
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_true(webhook_url_check(&gateway, slice_of(good[i]), &err));
        assert_false(webhook_url_check(&none, slice_of(good[i]), &err));
    }
    assert_non_null(strstr(err.text, "nothing is allowed"));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(webhook_url_check(&gateway, slice_of(bad[i]), &err));
        assert_non_null(strstr(err.text, "https://hooks.example.com/"));
    }
}

static void test_events(void **state) {
    struct err err;
    (void)state;
    assert_true(webhook_events_check(slice_of("*"), &err));
    assert_true(webhook_events_check(slice_of("batch.completed,taskfit.job.revised"), &err));
    assert_false(webhook_events_check(slice_of(""), &err));
    assert_false(webhook_events_check(slice_of("batch.completed,"), &err));
    assert_false(webhook_events_check(slice_of("batch.done"), &err));
    assert_non_null(strstr(err.text, "'batch.done' is no event: there are batch.completed"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed),
        cmocka_unit_test(test_signed),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

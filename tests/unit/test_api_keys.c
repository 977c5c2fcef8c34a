// Keys of the HTTP API: what they look like, which are good, what they may do.
#include "base/mem.h"
#include "fleet/api_keys.h"
#include "unit.h"

static struct api_keys keys_of(const struct api_key *key) {
    struct api_keys keys = {.keys = mem_array(2, sizeof(*key)), .count = 2, .made = 2};
    keys.keys[0] = *key;
    keys.keys[0].id[0] = 'x';
    keys.keys[1] = *key;
    return keys;
}

static void test_a_key_is_found(void **state) {
    unsigned char random[API_KEY_RANDOM];
    char text[API_KEY_TEXT];
    struct api_key key = {.scopes = SCOPE_READ};
    (void)state;
    for (size_t i = 0; i < sizeof(random); i++) {
        random[i] = (unsigned char)(i * 7);
    }
    api_key_make(random, text, &key);
    assert_int_equal(strlen(text), API_KEY_TEXT - 1);
    assert_memory_equal(text, "tfk_00070e151c232a31_383f464d", 29);
    assert_string_equal(key.id, "00070e151c232a31");
    struct api_keys keys = keys_of(&key);
    assert_ptr_equal(api_keys_find(&keys, slice_of(text)), &keys.keys[1]);
    for (size_t i = 0; text[i]; i++) {
        char other[API_KEY_TEXT];
        memcpy(other, text, sizeof(other));
        other[i] ^= 1;
        assert_null(api_keys_find(&keys, slice_of(other)));
    }
    assert_null(api_keys_find(&keys, (struct slice){text, API_KEY_TEXT - 2}));
    assert_null(api_keys_find(&keys, slice_of("")));
    api_keys_fini(&keys);
    assert_null(api_keys_find(&keys, slice_of(text)));
}

static void test_scopes(void **state) {
    static const char *const wrong[] = {"", ",", "read,", "read,,submit", "reads", "read submit"};
    struct buf text = {0};
    unsigned scopes;
    (void)state;
    assert_true(api_scopes_read(slice_of("review,submit"), &scopes));
    assert_int_equal(scopes, SCOPE_SUBMIT | SCOPE_REVIEW);
    api_scopes_write(scopes, &text);
    assert_string_equal(buf_string(&text), "submit,review");
    buf_fini(&text);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(api_scopes_read(slice_of(wrong[i]), &scopes));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_is_found),
        cmocka_unit_test(test_scopes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "job/uri.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;

static int begin(void **state) {
    (void)state;
    arena_init(&arena, &pool);
    return 0;
}

static int end(void **state) {
    (void)state;
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

static void test_one_form(void **state) {
    static const char *const pairs[][2] = {
        {"https://Store.Example/a/b.png", "https://store.example/a/b.png"},
        {"HTTPS://store.example:443/", "https://store.example/"},
        {"http://store.example:080", "http://store.example/"},
        {"https://store.example:8443/x", "https://store.example:8443/x"},
        {"https://store.example/%61%2Db%7e", "https://store.example/a-b~"},
        {"https://store.example/a%20b?q=%2f&s=%2B", "https://store.example/a%20b?q=%2F&s=%2B"},
        {"https://store.example?q", "https://store.example/?q"},
        {"http://[::1]:8080/x", "http://[::1]:8080/x"},
        {"https://store.example/a...b/..c/", "https://store.example/a...b/..c/"},
        {"https://store.example/a@b:c", "https://store.example/a@b:c"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct slice normal;
        const char *why = NULL;
        if (!uri_read(slice_of(pairs[i][0]), &arena, &normal, &why)) {
            fail_msg("%s: %s", pairs[i][0], why);
        }
        assert_string_equal(normal.at, pairs[i][1]);
    }
}

static void test_what_could_be_read_in_two_ways(void **state) {
    static const char *const uris[] = {
        "",
        "store.example/a",
        "ftp://store.example/a",
        "file:///etc/passwd",
        "https://",
        "https:///a",
        "https://user@store.example/a",
        "https://store.example@evil.example/a",
        "https://store.example:pw@evil.example/",
        "https://store.example\\@evil.example/",
        "https://store.example%2f@evil/",
        "https://store.example%00.evil/",
        "https://store.example./a",
        "https://store.example:/a",
        "https://store.example:0/a",
        "https://store.example:65536/a",
        "https://store.example:4x/a",
        "https://store.example/a/../b",
        "https://store.example/a/..",
        "https://store.example/./a",
        "https://store.example/a/%2e%2e/b",
        "https://store.example/a/.%2E/b",
        "https://store.example/a%2fb",
        "https://store.example/a%5Cb",
        "https://store.example/a\\b",
        "https://store.example/a%252e%252e/b",
        "https://store.example/a%00",
        "https://store.example/a%0d%0a",
        "https://store.example/a b",
        "https://store.example/a\n",
        "https://store.example/a#b",
        "https://store.example/a%zz",
        "https://store.example/a%2",
        "https://[::1/a",
        "https://[::1]x/a",
        "https://st\xc3\xb6re.example/",
        "https://store.example/\xc3\xb6",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct slice normal;
        const char *why = NULL;
        if (uri_read(slice_of(uris[i]), &arena, &normal, &why)) {
            fail_msg("%s became %s", uris[i], normal.at);
        }
        assert_non_null(why);
    }
}

static void test_below(void **state) {
    struct slice prefix = slice_of("https://store.example/in/");
    (void)state;
    assert_true(uri_is_below(slice_of("https://store.example/in/a"), prefix));
    assert_false(uri_is_below(slice_of("https://store.example/in/"), prefix));
    assert_false(uri_is_below(slice_of("https://store.example/inside/a"), prefix));
    assert_false(uri_is_below(slice_of("http://store.example/in/a"), prefix));
    assert_false(uri_is_below(slice_of("https://store.example.evil/in/a"), prefix));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_form),
        cmocka_unit_test(test_what_could_be_read_in_two_ways),
        cmocka_unit_test(test_below),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

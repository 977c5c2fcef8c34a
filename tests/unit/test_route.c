// Methods and paths of the gateway's API.
#include "gateway/route.h"
#include "unit.h"

static const struct route *route;
static struct slice id;

static void test_found(void **state) {
    (void)state;
    assert_int_equal(route_find("GET", "/v1/files", &route, &id), ROUTE_FOUND);
    assert_string_equal(route->path, "/v1/files");
    assert_null(id.at);
    assert_int_equal(route_find("GET", "/v1/files/file-1/content", &route, &id), ROUTE_FOUND);
    assert_string_equal(route->path, "/v1/files/{}/content");
    assert_slice(id, "file-1");
    assert_int_equal(route_find("POST", "/v1/batches/b/cancel", &route, &id), ROUTE_FOUND);
    assert_slice(id, "b");
}

static void test_not_found(void **state) {
    static const char *const paths[] = {"", "//", "/v1", "/v1/files/", "/v1/filesx", "/v1/files/a/",
                                        "/v1/files/a/b/content", "/v1/files/a/contents"};
    (void)state;
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        assert_int_equal(route_find("GET", paths[i], &route, &id), ROUTE_NO_PATH);
    }
    assert_int_equal(route_find("PUT", "/v1/files", &route, &id), ROUTE_NO_METHOD);
    assert_int_equal(route_find("GET", "/v1/batches/b/cancel", &route, &id), ROUTE_NO_METHOD);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

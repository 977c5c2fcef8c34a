#include "base/uuid.h"
#include "unit.h"

static void test_text_and_back(void **state) {
    static const char text[] = "01890a5d-ac96-774b-bcce-b302099a8057";
    char again[UUID_TEXT];
    struct uuid uuid, upper;
    (void)state;
    assert_true(uuid_parse(slice_of(text), &uuid));
    assert_int_equal(uuid.bytes[0], 0x01);
    assert_int_equal(uuid.bytes[15], 0x57);
    uuid_format(uuid, again);
    assert_string_equal(again, text);
    assert_true(uuid_parse(slice_of("01890A5D-AC96-774B-BCCE-B302099A8057"), &upper));
    assert_true(uuid_equal(uuid, upper));
}

static void test_what_is_none(void **state) {
    static const char *const texts[] = {
        "", "01890a5d", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805",
        "01890a5d-ac96-774b-bcce-b302099a80577", "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcceb-302099a8057", "{1890a5d-ac96-774b-bcce-b302099a8057",
    };
    struct uuid uuid;
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(uuid_parse(slice_of(texts[i]), &uuid));
    }
    assert_false(uuid_from_bytes((struct slice){"123456789012345", 15}, &uuid));
    assert_false(uuid_from_bytes((struct slice){0}, &uuid));
}

static void test_version_7_begins_with_the_time(void **state) {
    struct random random;
    char text[UUID_TEXT];
    (void)state;
    random_seed(&random, 1);
    struct uuid a = uuid_v7(0x0189abcdef01, &random), b = uuid_v7(0x0189abcdef01, &random);
    uuid_format(a, text);
    assert_memory_equal(text, "0189abcd-ef01-7", 15);
    assert_non_null(strchr("89ab", text[19]));
    assert_false(uuid_equal(a, b));
    assert_false(uuid_is_nil(a));
}

static void test_derived_ones_are_always_the_same(void **state) {
    struct random random;
    char text[UUID_TEXT];
    (void)state;
    random_seed(&random, 2);
    struct uuid batch = uuid_v7(1000, &random), other = uuid_v7(1000, &random);
    struct uuid a = uuid_derive(batch, slice_of("row-1"));
    assert_true(uuid_equal(a, uuid_derive(batch, slice_of("row-1"))));
    assert_false(uuid_equal(a, uuid_derive(batch, slice_of("row-2"))));
    assert_false(uuid_equal(a, uuid_derive(other, slice_of("row-1"))));
    assert_memory_equal(a.bytes, batch.bytes, 6);
    uuid_format(a, text);
    assert_int_equal(text[14], '8');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_and_back),
        cmocka_unit_test(test_what_is_none),
        cmocka_unit_test(test_version_7_begins_with_the_time),
        cmocka_unit_test(test_derived_ones_are_always_the_same),
    };
    return cmocka_run_group_tests_name("uuid", tests, NULL, NULL);
}

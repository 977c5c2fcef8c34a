// multipart/form-data as the SDKs send it, cut at every place.
#include <stdio.h>

#include "gateway/multipart.h"
#include "unit.h"

static struct buf told;

static void on_part(void *owner, const char *name, const char *file_name) {
    (void)owner;
    buf_printf(&told, "[%s|%s]", name, file_name);
}

static void on_bytes(void *owner, struct slice bytes) {
    (void)owner;
    buf_slice_add(&told, bytes);
}

static const struct multipart_events events = {on_part, on_bytes};

// Gives text in two pieces; returns what is wrong.
static const char *read_cut(const char *type, struct slice text, size_t cut) {
    struct multipart multipart;
    buf_clear(&told);
    assert_true(multipart_init(&multipart, type, &events, NULL));
    multipart_put(&multipart, (struct slice){text.at, cut});
    multipart_put(&multipart, (struct slice){text.at + cut, text.len - cut});
    const char *wrong = multipart_end(&multipart);
    multipart_fini(&multipart);
    return wrong;
}

static void read_everywhere(const char *type, const char *text, const char *expected) {
    struct slice all = slice_of(text);
    for (size_t cut = 0; cut <= all.len; cut++) {
        assert_null(read_cut(type, all, cut));
        assert_string_equal(buf_string(&told), expected);
    }
}

static const char *wrong(const char *text) {
    return read_cut("multipart/form-data; boundary=B", slice_of(text), 0);
}

static void test_python(void **state) {
    (void)state;
    read_everywhere("multipart/form-data; boundary=0a1b",
                    "--0a1b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n"
                    "--0a1b\r\nContent-Disposition: form-data; name=\"file\"; "
                    "filename=\"in.jsonl\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                    "{}\n\r\n--0a1\r\n{}\r\n--0a1b--\r\n",
                    "[purpose|]batch[file|in.jsonl]{}\n\r\n--0a1\r\n{}");
}

static void test_node(void **state) {
    (void)state;
    read_everywhere("multipart/form-data; boundary=\"--x y\"; charset=utf-8",
                    "words before\r\n----x y\r\nContent-Type: text/plain\r\n"
                    "content-disposition: form-data; filename=\"a \\\"b\\\"\"; "
                    "name=\"file\"\r\n\r\n"
                    "\r\n----x y--words after",
                    "[file|a \"b\"]");
}

static void test_what_is_broken(void **state) {
    struct multipart multipart;
    char head[6000] = "--B\r\nContent-Disposition: form-data; name=\"x\"; filename=\"";
    (void)state;
    assert_string_equal(wrong(""), "it ends before its last boundary");
    assert_string_equal(wrong("--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nabc"),
                        "it ends before its last boundary");
    assert_string_equal(wrong("--B\r\nContent-Type: a/b\r\n\r\nabc\r\n--B--"),
                        "a part without a Content-Disposition");
    memset(head + strlen(head), 'x', 5000);
    assert_string_equal(wrong(head), "a part's head of more than 4 KiB");
    assert_false(multipart_init(&multipart, NULL, &events, NULL));
    assert_false(multipart_init(&multipart, "application/json", &events, NULL));
    assert_false(multipart_init(&multipart, "multipart/form-data", &events, NULL));
    assert_false(multipart_init(&multipart, "multipart/form-data; boundary=\"a", &events, NULL));
}

static void test_long_names_are_cut(void **state) {
    char text[1200];
    (void)state;
    snprintf(text, sizeof(text), "--B\r\nContent-Disposition: form-data; name=\"%0500d\"\r\n\r\n"
                                 "\r\n--B--", 0);
    assert_null(wrong(text));
    assert_int_equal(told.len, MULTIPART_NAME - 1 + strlen("[|]"));
}

static int free_told(void **state) {
    (void)state;
    buf_fini(&told);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_python),
        cmocka_unit_test(test_node),
        cmocka_unit_test(test_what_is_broken),
        cmocka_unit_test(test_long_names_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, free_told);
}

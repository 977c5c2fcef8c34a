#include <malloc.h>
#include <stdlib.h>
#include <sysexits.h>

#include "io/jq.h"
#include "unit.h"

static struct jq *make(const char *program) {
    struct jq *jq = NULL;
    struct err err;
    if (!jq_new(&jq, "rules/gst.jq", program, &err)) {
        fail_msg("%s", err.text);
    }
    return jq;
}

static void check_output(const char *program, const char *input, const char *output) {
    struct jq *jq = make(program);
    struct buf out = {0};
    struct err err;
    if (!jq_run(jq, slice_of(input), &out, &err)) {
        fail_msg("%s", err.text);
    }
    assert_string_equal(buf_string(&out), output);
    buf_fini(&out);
    jq_free(jq);
}

static void check_failure(const char *program, const char *input, const char *text) {
    struct jq *jq = make(program);
    struct buf out = {0};
    struct err err;
    assert_false(jq_run(jq, slice_of(input), &out, &err));
    assert_int_equal(err.kind, ERR_POISON);
    assert_string_equal(err.text, text);
    assert_int_equal(out.len, 0);
    // The state is good for the next run.
    assert_false(jq_run(jq, slice_of(input), &out, &err));
    assert_string_equal(err.text, text);
    buf_fini(&out);
    jq_free(jq);
}

static void check_refused(const char *program, const char *text) {
    struct jq *jq;
    struct err err;
    assert_false(jq_new(&jq, "rules/gst.jq", program, &err));
    assert_int_equal(err.kind, ERR_FATAL);
    assert_int_equal(err.exit_code, EX_CONFIG);
    assert_string_equal(err.text, text);
}

static void test_first_output_as_one_line(void **state) {
    (void)state;
    check_output(".a", "{\"a\":[1,\"x\\n\",{\"b\":null}]}", "[1,\"x\\n\",{\"b\":null}]");
    check_output("1, 2", "null", "1");
    check_output("def twice: . * 2;\n# a comment\n.a | twice # the end", " {\"a\": 0.35} ", "0.7");
    check_output(".", "\"\xe2\x82\xb9 5\"", "\"\xe2\x82\xb9 5\"");
    check_output("nan", "null", "null");
}

static void test_output_is_appended(void **state) {
    struct jq *jq = make(".n");
    struct buf out = {0};
    struct err err;
    (void)state;
    buf_text(&out, "n=");
    assert_true(jq_run(jq, slice_of("{\"n\":7}"), &out, &err));
    assert_string_equal(buf_string(&out), "n=7");
    buf_fini(&out);
    jq_free(jq);
}

// Doubles: what has more than 17 significant digits comes back as another number. Amounts and
// identifiers beyond 2^53 belong in strings.
static void test_large_integers_lose_digits(void **state) {
    (void)state;
    check_output(".", "9007199254740991", "9007199254740991");
    check_output(".", "12345678901234567890", "12345678901234567000");
    check_output(".", "\"12345678901234567890\"", "\"12345678901234567890\"");
}

static void test_programs_see_nothing_of_the_machine(void **state) {
    (void)state;
    setenv("TASKFIT_TEST_SECRET", "hush", 1);
    check_output("env", "null", "{}");
    check_output("$ENV", "null", "{}");
    check_output("$ENV.TASKFIT_TEST_SECRET, env.TASKFIT_TEST_SECRET", "null", "null");
    check_output("get_search_list", "null", "[]");
    check_output("input_filename", "null", "null");
    check_failure("input", "null", "rules/gst.jq: break");
    check_failure("modulemeta", "\"./x\"", "rules/gst.jq: there are no modules");
    check_refused("include \"x\"; .", "rules/gst.jq:1: syntax error, unexpected include");
    check_refused("import \"x\" as x; .", "rules/gst.jq:1: syntax error, unexpected import");
    check_refused("import \"x\" as $x; .", "rules/gst.jq:1: syntax error, unexpected import");
}

static void test_compile_errors_say_where(void **state) {
    (void)state;
    check_refused(".a\n| nosuch(1)\n| other", "rules/gst.jq:2: nosuch/1 is not defined");
    check_refused(".a\n|\n| .b",
                  "rules/gst.jq:3: syntax error, unexpected '|'");
    check_refused("", "rules/gst.jq:1: syntax error, unexpected $end");
    check_refused(".a | $nosuch", "rules/gst.jq:1: $nosuch is not defined");
}

static void test_failures_of_a_run(void **state) {
    (void)state;
    check_failure(".a.b", "{\"a\":1}", "rules/gst.jq: Cannot index number with string \"b\"");
    check_failure("error({code: 5})", "null", "rules/gst.jq: {\"code\":5}");
    check_failure("error(null)", "1", "rules/gst.jq: the program gave nothing");
    check_failure("empty", "1", "rules/gst.jq: the program gave nothing");
    check_failure("halt", "1", "rules/gst.jq: the program gave nothing");
    check_failure("\"bye\" | halt_error", "1", "rules/gst.jq: the program gave nothing");
    check_failure(".", "{\"a\":}",
                  "rules/gst.jq: the input is not JSON: Unmatched '}' at line 1, column 6");
    check_failure(".", "<html>", "rules/gst.jq: the input is not JSON: Invalid numeric literal at "
                                 "EOF at line 1, column 6");
    check_failure(".", "", "rules/gst.jq: the input is not JSON: Expected JSON value");
    check_failure(".", "1 2", "rules/gst.jq: the input is not JSON: Unexpected extra JSON values");
}

static void test_runaways_are_stopped(void **state) {
    static const char text[] = "rules/gst.jq: the program ran longer than 250 ms and was stopped";
    (void)state;
    check_failure("def f: f; f", "1", text);
    check_failure("[range(1e18) | empty]", "1", text);
    check_failure("last(repeat(.))", "1", text);
    check_failure("def f: 1 + f; f", "1", text);
}

// Programs that end in every way there is; what a run takes it gives back.
static void test_runs_do_not_grow(void **state) {
    static const char *const programs[] = {
        "{prompt: (\"Classify: \" + .line), n: (.values | map(. * 2) | add)}", ".line.x",
        "error({a: [1]})", "empty", "halt", "\"a\" | halt_error", ".values[] | select(. > 1)",
        ".line | test(\"in(v|w)oice\")", "def f: def g: 3; g; [limit(3; repeat(f))]"};
    enum { PROGRAMS = sizeof(programs) / sizeof(programs[0]), WARM = 200, RUNS = 20000 };
    struct jq *jq[PROGRAMS];
    struct buf out = {0};
    struct err err;
    size_t before = 0;
    (void)state;
    for (int i = 0; i < PROGRAMS; i++) {
        jq[i] = make(programs[i]);
    }
    for (int run = 0; run < RUNS; run++) {
        const char *input = run % 10 ? "{\"line\":\"an invoice\",\"values\":[1,2,3]}" : "{\"a\":";
        if (run == WARM) {
            before = mallinfo2().uordblks;
        }
        buf_clear(&out);
        bool ok = jq_run(jq[run % PROGRAMS], slice_of(input), &out, &err);
        assert_true(ok || err.kind == ERR_POISON);
    }
    assert_in_range(mallinfo2().uordblks, 0, before + 1024);
    for (int i = 0; i < PROGRAMS; i++) {
        jq_free(jq[i]);
    }
    buf_fini(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_output_as_one_line),
        cmocka_unit_test(test_output_is_appended),
        cmocka_unit_test(test_large_integers_lose_digits),
        cmocka_unit_test(test_programs_see_nothing_of_the_machine),
        cmocka_unit_test(test_compile_errors_say_where),
        cmocka_unit_test(test_failures_of_a_run),
        cmocka_unit_test(test_runaways_are_stopped),
        cmocka_unit_test(test_runs_do_not_grow),
    };
    return cmocka_run_group_tests_name("jq", tests, NULL, NULL);
}

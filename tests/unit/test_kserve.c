#include "dialects.h"

static const char *const classes[] = {"I", "II", "XI"};

static void kserve(struct scene *s) {
    s->model.dialect = dialect_find("kserve");
    s->model.labels = classes;
    s->model.label_count = 3;
    s->model.tensor_input = "text";
    s->model.tensor_answer = "predict";
    s->model.tensor_probabilities = "predict_proba";
}

// --- requests

#define OUTPUTS "\"outputs\":[{\"name\":\"predict\"},{\"name\":\"predict_proba\"}]}"

static void test_tensors_of_an_input(void **state) {
    struct scene *s = *state;
    kserve(s);
    assert_sends(s, "\"LIVE \\\"HORSES\\\"\"", false,
                 "{\"inputs\":[{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":["
                 "\"LIVE \\\"HORSES\\\"\"]}]," OUTPUTS);
    assert_sends(s, "[1, 2.5, -3e2]", true,
                 "{\"inputs\":[{\"name\":\"text\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":"
                 "[1, 2.5, -3e2]}]," OUTPUTS);
    s->model.tensor_answer = NULL;
    assert_sends(s, "\"x\"", false,
                 "{\"inputs\":[{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":["
                 "\"x\"]}],\"outputs\":[{\"name\":\"predict_proba\"}]}");
}

static void test_bodies(void **state) {
    struct scene *s = *state;
    kserve(s);
    assert_sends(s, "{\"inputs\":[{\"name\":\"a\"}],\"id\":\"7\"}", true,
                 "{\"inputs\":[{\"name\":\"a\"}],\"id\":\"7\"," OUTPUTS);
    assert_sends(s, "{\"inputs\":[],\"outputs\":[]}", true, "{\"inputs\":[],\"outputs\":[]}");
    s->model.extra = "{\"parameters\":{\"a\":1},\"outputs\":null}";
    assert_sends(s, "\"x\"", true,
                 "{\"inputs\":[{\"name\":\"text\",\"shape\":[1],\"datatype\":\"BYTES\",\"data\":["
                 "\"x\"]}],\"parameters\":{\"a\":1}}");
    static const char *const wrong[] = {"3", "null", "[]", "[1,\"a\"]", "{}", "{\"text\":\"x\"}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(scene_build(s, wrong[i], false));
        assert_int_equal(s->err.kind, ERR_POISON);
    }
    assert_string_equal(s->err.text,
                        "the input is an object; dialect kserve needs a string, an array of "
                        "numbers or an object with 'inputs' (prompt: .text would take a text out "
                        "of an object)");
}

// --- replies

// MLServer's, of a scikit-learn pipeline.
static const char mlserver[] =
    "{\"model_name\":\"hsn\",\"model_version\":\"v1\",\"id\":\"inv-1\",\"parameters\":{},"
    "\"outputs\":[{\"name\":\"predict\",\"shape\":[1,1],\"datatype\":\"BYTES\",\"parameters\":{"
    "\"content_type\":\"np\"},\"data\":[\"XI\"]},{\"name\":\"predict_proba\",\"shape\":[1,3],"
    "\"datatype\":\"FP64\",\"parameters\":{\"content_type\":\"np\"},\"data\":[0.1,0.25,0.65]}]}";

static void test_mlserver(void **state) {
    struct scene *s = *state;
    kserve(s);
    scene_read(s, 200, mlserver);
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"XI\"");
    assert_true(s->reading.signals.field == .65);
    // The most probable class, where no tensor says which.
    s->model.tensor_answer = NULL;
    scene_read(s, 200, mlserver);
    assert_slice(s->reading.answer, "\"XI\"");
    assert_true(s->reading.signals.field == .65);
    s->model.tensor_answer = "predict";
    s->model.tensor_probabilities = NULL;
    scene_read(s, 200, mlserver);
    assert_slice(s->reading.answer, "\"XI\"");
    assert_true(isnan(s->reading.signals.field));
}

#define REPLY(answer, probabilities)                                                  \
    "{\"outputs\":[{\"name\":\"predict_proba\",\"data\":" probabilities "},{\"name\":" \
    "\"predict\",\"data\":" answer "}]}"

// The confidence is that of the answer, also where another class is more probable.
static void test_tensors_of_all_sorts(void **state) {
    static const struct {
        const char *body, *answer;
        double confidence;
    } rows[] = {
        {REPLY("[1]", "[[0.1,0.25,0.65]]"), "\"II\"", .25},
        {REPLY("[[0.0]]", "[[[0.1],[0.25],[0.65]]]"), "\"I\"", .1},
        {REPLY("[\"II\"]", "[0.65,0.25,0.1]"), "\"II\"", .25},
    };
    struct scene *s = *state;
    kserve(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_reason(s->reading.error, NONE);
        assert_slice(s->reading.answer, rows[i].answer);
        assert_true(s->reading.signals.field == rows[i].confidence);
    }
    // A name that is none of the labels has no probability.
    scene_read(s, 200, REPLY("[\"XX\"]", "[0.1,0.25,0.65]"));
    assert_slice(s->reading.answer, "\"XX\"");
    assert_true(isnan(s->reading.signals.field));
}

static void test_a_form_with_one_field(void **state) {
    struct scene *s = *state;
    kserve(s);
    static const char *const labels[] = {"i", "ii", "xi"};
    static const struct answer_field section = {.name = "section", .labels = labels,
                                                .label_count = 3};
    s->path.answer = (struct answer_form){&section, 1};
    scene_read(s, 200, mlserver);
    assert_slice(s->reading.answer, "{\"section\":\"xi\"}");
}

static void test_replies_without_an_answer(void **state) {
    static const struct {
        const char *body, *text;
        enum reason reason;
    } rows[] = {
        {"{\"outputs\":[]}", "no tensor 'predict' in the reply: {\"outputs\":[]}",
         REASON_ERROR_REPLY},
        {"{\"outputs\":{}}", NULL, REASON_ERROR_REPLY},
        {"[]", NULL, REASON_ERROR_REPLY},
        {"{\"outputs\":[1,{\"name\":\"predict\",\"data\":\"II\"}]}", NULL, REASON_ERROR_REPLY},
        {REPLY("[1]", "[0.1,0.9]"),
         "tensor 'predict_proba' has not one number for each of 3 labels in the reply: "
         REPLY("[1]", "[0.1,0.9]"), REASON_ERROR_REPLY},
        {REPLY("[1]", "[0.1,0.2,0.3,0.4]"), NULL, REASON_ERROR_REPLY},
        {REPLY("[1]", "[0.1,0.2,\"0.7\"]"), NULL, REASON_ERROR_REPLY},
        {REPLY("[1]", "[]"), NULL, REASON_ERROR_REPLY},
        {REPLY("[3]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {REPLY("[-1]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {REPLY("[1.5]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {REPLY("[1e300]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {REPLY("[]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {REPLY("[{\"a\":1}]", "[0.1,0.2,0.7]"), NULL, REASON_ANSWER_MISSING},
        {"{\"error\":\"Model hsn not found\"}", "status 200: Model hsn not found",
         REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    kserve(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
        assert_null(s->reading.answer.at);
        if (rows[i].text) {
            assert_slice(s->reading.error_text, rows[i].text);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_tensors_of_an_input),
        SCENE_TEST(test_bodies),
        SCENE_TEST(test_mlserver),
        SCENE_TEST(test_tensors_of_all_sorts),
        SCENE_TEST(test_a_form_with_one_field),
        SCENE_TEST(test_replies_without_an_answer),
    };
    return cmocka_run_group_tests_name("kserve", tests, NULL, NULL);
}

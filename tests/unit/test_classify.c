#include "dialects.h"

static const char *const classes[] = {"ham", "spam"};

static void speak(struct scene *s, const char *dialect) {
    s->model.dialect = dialect_find(dialect);
    s->model.model = "classifier";
}

static void call_classes(struct scene *s) {
    s->model.labels = classes;
    s->model.label_count = 2;
}

// --- requests

static void test_requests(void **state) {
    struct scene *s = *state;
    speak(s, "vllm_classify");
    assert_sends(s, "\"Buy \\u00e9\"", false,
                 "{\"model\":\"classifier\",\"input\":\"Buy \\u00e9\"}");
    assert_sends(s, "{\"model\":\"theirs\",\"input\":\"Buy\",\"priority\":1}", true,
                 "{\"model\":\"classifier\",\"input\":\"Buy\",\"priority\":1}");
    assert_false(scene_build(s, "[1]", true));
    speak(s, "hf_classify");
    s->model.extra = "{\"truncate\":true}";
    assert_sends(s, "\"Buy\"", false, "{\"inputs\":\"Buy\",\"truncate\":true}");
    assert_sends(s, "{\"inputs\":\"Buy\",\"parameters\":{\"top_k\":2}}", true,
                 "{\"inputs\":\"Buy\",\"parameters\":{\"top_k\":2},\"truncate\":true}");
    assert_false(scene_build(s, "{\"text\":\"Buy\"}", true));
    assert_string_equal(s->err.text,
                        "the prompt made an object; dialect hf_classify needs a string or an "
                        "object with 'inputs' (prompt: .text would take a text out of an object)");
}

// --- vLLM

static const char vllm[] =
    "{\"id\":\"classify-9bf17f2847b046c7b2d5495f4b4f9682\",\"object\":\"list\",\"created\":"
    "1745383213,\"model\":\"jason9693/Qwen2.5-1.5B-apeach\",\"data\":[{\"index\":0,\"label\":"
    "\"Spoiled\",\"probs\":[0.26448777318000793,0.7355121970176697],\"num_classes\":2}],"
    "\"usage\":{\"prompt_tokens\":10,\"total_tokens\":10,\"completion_tokens\":0,"
    "\"prompt_tokens_details\":null}}";

static void test_vllm(void **state) {
    struct scene *s = *state;
    speak(s, "vllm_classify");
    scene_read(s, 200, vllm);
    assert_reason(s->reading.error, NONE);
    assert_slice(s->reading.answer, "\"Spoiled\"");
    assert_true(s->reading.signals.field == 0.7355121970176697);
    assert_int_equal(s->reading.usage.input_tokens, 10);
    assert_int_equal(s->reading.usage.output_tokens, 0);
    call_classes(s);
    scene_read(s, 200, vllm);
    assert_slice(s->reading.answer, "\"spam\"");
    scene_read(s, 200, "{\"data\":[{\"index\":0,\"label\":null,\"probs\":[0.9,0.1]}]}");
    assert_slice(s->reading.answer, "\"ham\"");
}

static void test_vllm_without_an_answer(void **state) {
    static const struct {
        const char *body;
        enum reason reason;
    } rows[] = {
        {"{\"data\":[{\"label\":null,\"probs\":[0.9,0.1]}]}", REASON_ANSWER_MISSING},
        {"{\"data\":[{\"label\":\"a\",\"probs\":[]}]}", REASON_ERROR_REPLY},
        {"{\"data\":[{\"label\":\"a\",\"probs\":[null]}]}", REASON_ERROR_REPLY},
        {"{\"data\":[{\"label\":\"a\",\"probs\":{\"a\":1}}]}", REASON_ERROR_REPLY},
        {"{\"data\":[{\"label\":\"a\"}]}", REASON_ERROR_REPLY},
        {"{\"data\":[]}", REASON_ERROR_REPLY},
        {"{\"data\":1}", REASON_ERROR_REPLY},
        {"3", REASON_ERROR_REPLY},
    };
    struct scene *s = *state;
    speak(s, "vllm_classify");
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_string_equal(reason_code(s->reading.error), reason_code(rows[i].reason));
    }
    call_classes(s);  // more classes than labels
    scene_read(s, 200, "{\"data\":[{\"label\":\"x\",\"probs\":[0.1,0.1,0.8]}]}");
    assert_reason(s->reading.error, ANSWER_MISSING);
}

// --- Hugging Face

static void test_hugging_face(void **state) {
    static const struct {
        const char *body, *answer;
        double confidence;
    } rows[] = {
        {"[{\"label\":\"POSITIVE\",\"score\":0.98},{\"label\":\"NEGATIVE\",\"score\":0.02}]",
         "\"POSITIVE\"", .98},
        {"[[{\"label\":\"NEGATIVE\",\"score\":0.02},{\"label\":\"POSITIVE\",\"score\":0.98}]]",
         "\"POSITIVE\"", .98},
        {"[{\"score\":0.7,\"label\":\"LABEL_1\"}]", "\"spam\"", .7},
        {"[{\"score\":0.7,\"label\":\"LABEL_2\"}]", "\"LABEL_2\"", .7},
        {"[{\"score\":0.7,\"label\":\"LABEL_1x\"}]", "\"LABEL_1x\"", .7},
        {"[1,{\"label\":3,\"score\":0.9},{\"label\":\"a\",\"score\":\"1\"},"
         "{\"label\":\"ham\",\"score\":0.4}]", "\"ham\"", .4},
    };
    struct scene *s = *state;
    speak(s, "hf_classify");
    call_classes(s);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        scene_read(s, 200, rows[i].body);
        assert_reason(s->reading.error, NONE);
        assert_slice(s->reading.answer, rows[i].answer);
        assert_true(s->reading.signals.field == rows[i].confidence);
    }
}

static void test_hugging_face_without_an_answer(void **state) {
    static const char *const bodies[] = {
        "[]", "[[]]", "{}", "{\"label\":\"ham\",\"score\":1}", "[{\"label\":\"ham\"}]", "null",
        "[[[{\"label\":\"ham\",\"score\":1}]]]",
    };
    struct scene *s = *state;
    speak(s, "hf_classify");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        scene_read(s, 200, bodies[i]);
        assert_reason(s->reading.error, ERROR_REPLY);
    }
    // Text Embeddings Inference.
    scene_read(s, 413, "{\"error\":\"`inputs` must have less than 512 tokens. Given: 700\","
                       "\"error_type\":\"Validation\"}");
    assert_reason(s->reading.error, ERROR_CONTEXT);
    scene_read(s, 424, "{\"error\":\"Inference failed\",\"error_type\":\"backend\"}");
    assert_reason(s->reading.error, ERROR_SERVER);
    assert_true(s->reading.retry);
    scene_read(s, 429, "{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}");
    assert_reason(s->reading.error, ERROR_BUSY);
}

// An answer that is none of the path's labels is told as it came.
static void test_labels_of_the_path(void **state) {
    struct scene *s = *state;
    speak(s, "hf_classify");
    scene_labels(s);
    scene_read(s, 200, "[{\"label\":\"igst\",\"score\":0.5}]");
    assert_slice(s->reading.answer, "\"IGST\"");
    scene_read(s, 200, "[{\"label\":\"VAT\",\"score\":0.5}]");
    assert_slice(s->reading.answer, "\"VAT\"");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_requests),
        SCENE_TEST(test_vllm),
        SCENE_TEST(test_vllm_without_an_answer),
        SCENE_TEST(test_hugging_face),
        SCENE_TEST(test_hugging_face_without_an_answer),
        SCENE_TEST(test_labels_of_the_path),
    };
    return cmocka_run_group_tests_name("classify", tests, NULL, NULL);
}

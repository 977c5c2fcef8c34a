// Attachments, in each provider's form. "hi" is aGk= in base64.
#include "dialects.h"

static const struct attachment attached[] = {
    {.media_type = {"image/png", 9}, .name = {"front", 5}, .content = {"hi", 2}},
    {.media_type = {"application/pdf", 15}, .name = {"b\"ill.pdf", 9}, .content = {"hi", 2}},
    {.media_type = {"audio/wav", 9}, .content = {"hi", 2}},
};
static enum reason fault;

static void scene_chat(struct scene *s, const char *dialect, uint32_t count) {
    s->model.dialect = dialect_find(dialect);
    s->request.attachments = attached;
    s->request.attachment_count = count;
    s->request.fault = &fault;
    fault = REASON_NONE;
    assert_true(s->model.dialect->parts);
}

static const char *const names[] = {"openai_chat", "openai_responses", "anthropic", "gemini"};
enum { CHAT, RESPONSES, ANTHROPIC, GEMINI };

// What a prompt made, and what the four write between begin and end.
#define PROMPTED                                                                               \
    "[{\"role\":\"user\",\"name\":\"ann\",\"content\":[{\"type\":\"text\",\"text\":\"Why?\"}," \
    "{\"type\":\"image\",\"attachment\":\"front\"},{\"type\":\"image\",\"attachment\":1}]}]"

static void test_parts_name_attachments(void **state) {
    struct scene *s = *state;
    static const char *const wanted[] = {
        "{\"messages\":[{\"role\":\"user\",\"name\":\"ann\",\"content\":[{\"type\":\"text\","
        "\"text\":\"Why?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
        "\"data:image/png;base64,aGk=\"}},{\"type\":\"file\",\"file\":{\"filename\":"
        "\"b\\\"ill.pdf\",\"file_data\":\"data:application/pdf;base64,aGk=\"}}]}]}",
        "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"Why?\"},"
        "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,aGk=\"},{\"type\":"
        "\"input_file\",\"filename\":\"b\\\"ill.pdf\",\"file_data\":"
        "\"data:application/pdf;base64,aGk=\"}]}],\"store\":false}",
        "{\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
        "\"text\":\"Why?\"},{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":"
        "\"image/png\",\"data\":\"aGk=\"}},{\"type\":\"document\",\"source\":{\"type\":\"base64\","
        "\"media_type\":\"application/pdf\",\"data\":\"aGk=\"}}]}]}",
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Why?\"},{\"inlineData\":"
        "{\"mimeType\":\"image/png\",\"data\":\"aGk=\"}},{\"inlineData\":{\"mimeType\":"
        "\"application/pdf\",\"data\":\"aGk=\"}}]}],\"generationConfig\":{}}",
    };
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 2);
        assert_sends(s, PROMPTED, true, wanted[i]);
    }
}

// In a request body that was the input, likewise.
static void test_the_body_names_them(void **state) {
    struct scene *s = *state;
    scene_chat(s, "anthropic", 1);
    assert_sends(s, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"attachment\":0}]}]}", false,
                 "{\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":"
                 "\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":"
                 "\"aGk=\"}}]}]}");
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 1);
        assert_false(
            scene_build(s, "{\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"}]}", false));
        assert_reason(fault, INPUT_ATTACHMENT);
    }
}

static void test_without_a_prompt_they_follow_the_input(void **state) {
    struct scene *s = *state;
    scene_chat(s, "openai_chat", 1);
    assert_sends(s, "\"Why?\"", true,
                 "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":"
                 "\"Why?\"},{\"type\":\"image_url\",\"image_url\":{\"url\":"
                 "\"data:image/png;base64,aGk=\"}}]}]}");
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 1);
        assert_true(scene_build(s, "{\"line\":1}", false));
        assert_non_null(strstr(buf_string(&s->body), "aGk="));
    }
}

// A prompt that leaves them out has its reasons.
static void test_a_prompt_may_leave_them_out(void **state) {
    struct scene *s = *state;
    scene_chat(s, "openai_chat", 1);
    assert_sends(s, "[{\"role\":\"user\",\"content\":\"Why?\"}]", true,
                 "{\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"}]}");
    s->model.no_attachments = true;
    assert_sends(s, "\"Why?\"", true, "{\"messages\":[{\"role\":\"user\",\"content\":\"Why?\"}]}");
}

static void test_a_part_that_means_none(void **state) {
    struct scene *s = *state;
    static const char *const parts[] = {"1", "-1", "1.5", "\"back\"", "null", "[0]"};
    for (size_t i = 0; i < 4 * sizeof(parts) / sizeof(parts[0]); i++) {
        char payload[128];
        snprintf(payload, sizeof(payload),
                 "[{\"role\":\"user\",\"content\":[{\"attachment\":%s}]}]", parts[i / 4]);
        scene_chat(s, names[i % 4], 1);
        assert_false(scene_build(s, payload, true));
        assert_reason(fault, ERROR_PROMPT);
        assert_non_null(strstr(s->err.text, "the job has 1 attachments"));
    }
    // Without attachments a part is what it is.
    scene_chat(s, "openai_chat", 0);
    assert_true(scene_build(s, "[{\"role\":\"user\",\"content\":[{\"attachment\":0}]}]", true));
}

static void test_a_model_that_takes_none(void **state) {
    struct scene *s = *state;
    s->model.no_attachments = true;
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 2);
        assert_false(scene_build(s, PROMPTED, true));
        assert_reason(fault, INPUT_ATTACHMENT);
        assert_string_equal(s->err.text, "m@1 takes no attachments");
        fault = REASON_NONE;
        assert_false(scene_build(s, "{\"line\":1}", false));
        assert_reason(fault, INPUT_ATTACHMENT);
    }
}

static void test_a_kind_that_a_provider_has_no_form_for(void **state) {
    struct scene *s = *state;
    static const bool takes[] = {false, true, false, true};
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 3);
        bool built = scene_build(s, "[{\"role\":\"user\",\"content\":[{\"attachment\":2}]}]", true);
        assert_int_equal(built, takes[i]);
        if (!built) {
            assert_reason(fault, INPUT_ATTACHMENT);
            assert_non_null(strstr(s->err.text, "takes images and PDFs, not audio/wav"));
        }
    }
}

// As OpenAI's batch files have them, to each provider.
static void test_files_of_a_body(void **state) {
    struct scene *s = *state;
    static const char body[] =
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"file\",\"file\":{"
        "\"filename\":\"a.pdf\",\"file_data\":\"data:application/pdf;base64,aGk=\"}},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,aGk=\"}}]}]}";
    static const char *const wanted[] = {
        body,
        "{\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\",\"filename\":"
        "\"a.pdf\",\"file_data\":\"data:application/pdf;base64,aGk=\"},{\"type\":\"input_image\","
        "\"image_url\":\"data:image/png;base64,aGk=\"}]}],\"store\":false}",
        "{\"max_tokens\":4096,\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"document\","
        "\"source\":{\"type\":\"base64\",\"media_type\":\"application/pdf\",\"data\":\"aGk=\"}},"
        "{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\","
        "\"data\":\"aGk=\"}}]}]}",
        "{\"contents\":[{\"role\":\"user\",\"parts\":[{\"inlineData\":{\"mimeType\":"
        "\"application/pdf\",\"data\":\"aGk=\"}},{\"inlineData\":{\"mimeType\":\"image/png\","
        "\"data\":\"aGk=\"}}]}],\"generationConfig\":{}}",
    };
    for (int i = 0; i < 4; i++) {
        scene_chat(s, names[i], 0);
        assert_sends(s, body, false, wanted[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCENE_TEST(test_parts_name_attachments),
        SCENE_TEST(test_the_body_names_them),
        SCENE_TEST(test_without_a_prompt_they_follow_the_input),
        SCENE_TEST(test_a_prompt_may_leave_them_out),
        SCENE_TEST(test_a_part_that_means_none),
        SCENE_TEST(test_a_model_that_takes_none),
        SCENE_TEST(test_a_kind_that_a_provider_has_no_form_for),
        SCENE_TEST(test_files_of_a_body),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// How many there may be of everything that a configuration names: one more is refused, with the
// place and what is allowed.
#include "config_scene.h"

enum { TEXT_ROOM = 1 << 20 };

static char text[TEXT_ROOM];

// `format` for each number from 0, with `between` between them.
static const char *many(const char *before, size_t count, const char *format, const char *between,
                        const char *after) {
    size_t used = (size_t)snprintf(text, TEXT_ROOM, "%s", before);
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, TEXT_ROOM - used, "%s%s%zu", i ? between : "",
                                 format, i);
        assert_true(used < TEXT_ROOM);
    }
    snprintf(text + used, TEXT_ROOM - used, "%s", after);
    return text;
}

static void refused(const char *yaml, const char *rules_text, const char *words) {
    struct config *config = NULL;
    assert_false(load_with(yaml, rules_text, &config));
    assert_int_equal(err.exit_code, EX_CONFIG);
    if (strstr(err.text, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, err.text);
    }
}

#define MODEL ": { dialect: scorer, url: 'http://a/' }"

static void test_one_more_than_allowed(void **state) {
    static const struct {
        const char *from, *before, *format, *between, *after;
        size_t count;
        const char *words;
    } rows[] = {
        {"[silent@1]", "[", "silent@1 #", "\n,", "\n]", 9, "here are 9 models; allowed are 1 to 8"},
        {"  mute: {", "", "  t", ": { models: [silent@1] }\n",
         ": { models: [silent@1] }\n  mute: {", 63, "here are 66 tiers; allowed are 1 to 64"},
        {"  free: {", "", "  p", ": { tiers: [mute] }\n", ": { tiers: [mute] }\n  free: {", 255,
         "here are 257 paths; allowed are 1 to 256"},
        {"  silent@1:", "", "  m@", MODEL "\n", MODEL "\n  silent@1:", 253,
         "here are 257 models; allowed are 1 to 256"},
        {"[tiny, mid, mute]", "[", "t", ", ", "]", 9, "here are 9 tiers; allowed are 1 to 8"},
        {"[CGST_SGST, IGST]", "[", "l", ", ", "]", 10001,
         "here are 10001; allowed are 1 to 10000"},
        {"labels: [CGST_SGST, IGST]", "fields: {", "f", ": {}, ", ": {} }", 65,
         "here are 65 fields; allowed are 1 to 64"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *yaml = swapped(good, rows[i].from, many(rows[i].before, rows[i].count, rows[i].format,
                                                      rows[i].between, rows[i].after));
        refused(yaml, rules, rows[i].words);
        free(yaml);
    }
}

static void test_rules(void **state) {
    (void)state;
    refused(good, many("", 32, "# rule r", " note: text\n", " note: text\n{}"),
            "more than 31 rules");
}

static void test_programs(void **state) {
    (void)state;
    memset(text, ' ', TEXT_ROOM);
    snprintf(text + (256 << 10) - 1, 3, "{}");
    refused(good, text, "262145 bytes, more than the 262144 that are allowed");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_more_than_allowed),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_programs),
    };
    return cmocka_run_group_tests_name("config limits", tests, scene_open, files_close);
}

// How long a configuration's models last.
#include "config_scene.h"
#include "fleet/models.h"
#include "fleet/process.h"
#include "io/loop.h"

static struct config *shadowed(void) {
    char *yaml = swapped(good, "  mid: { models: [mini@2026-08],",
                         "  mid: { models: [mini@2026-08], shadow: [{ use: silent@1 }],");
    struct config *config = load(yaml);
    free(yaml);
    return config;
}

// A worker has two sets of each: its own models and its shadows. Neither keeps a configuration that
// only the other still has.
static void test_two_keep_no_configuration_for_each_other(void **state) {
    struct process process = {.config = shadowed()};
    struct config *old = process.config;
    (void)state;
    process.loop = loop_new();
    const struct config_tier *tier = config_tier_find(old, slice_of("mid"));
    struct models *own = models_new(&process, tier, CALLER_JOBS);
    struct models *shadows = models_new(&process, tier, CALLER_SHADOWS);
    config_keep(old)->idle++;  // we only look
    process.config = shadowed();
    models_tidy(own, 1, 0);
    models_tidy(shadows, 1, 0);
    assert_int_equal(old->references, 4);  // a process's, till now
    config_release(old);
    models_tidy(own, 1, 0);
    models_tidy(shadows, 1, 0);
    assert_int_equal(old->references, 1);
    old->idle--;
    config_release(old);
    models_free(shadows);
    models_free(own);
    metrics_fini(&process.metrics);
    loop_free(process.loop);
    config_release(process.config);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_two_keep_no_configuration_for_each_other, scene_open,
                                        files_close),
    };
    return cmocka_run_group_tests_name("models", tests, NULL, NULL);
}

#include <stdlib.h>

#include "cli/progress.h"
#include "unit.h"

static const struct batch batch = {.name = "lines.csv", .id_text = "01", .path = "invoices"};

// A batch of 10 jobs, of which none has an outcome, after two looks a second apart.
static struct progress looked_at(int64_t decided_at_tier) {
    struct progress progress = {.batch = &batch, .total = 10, .tier_count = 1, .now_ms = 1000};
    snprintf(progress.tiers[0].name, sizeof(progress.tiers[0].name), "tiny");
    pace_see(&progress.pace, 0, 0);
    pace_see(&progress.pace, 1000, 0);
    pace_see(&progress.tiers[0].pace, 0, 0);
    pace_see(&progress.tiers[0].pace, 1000, decided_at_tier);
    return progress;
}

static void assert_line_has(const struct progress *progress, const char *words) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    progress_line(progress, out);
    fclose(out);
    if (strstr(text, words) == NULL) {
        fail_msg("'%s' lacks '%s'", text, words);
    }
    free(text);
}

static void test_what_moves_though_nothing_ends(void **state) {
    (void)state;
    struct progress escalating = looked_at(5), still = looked_at(0);
    assert_line_has(&escalating, "jobs go on from tier to tier");
    assert_line_has(&still, "nothing moves now: do workers and models run?");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_moves_though_nothing_ends)};
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}

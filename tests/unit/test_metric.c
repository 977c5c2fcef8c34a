#include "base/metric.h"

#include <stdio.h>

#include "unit.h"

// Names that rules make up as they go must not fill the memory, nor make each count a long search.
static void test_labels_without_end_are_counted_together(void **state) {
    struct metrics metrics = {0};
    struct metric_cell *other;
    char label[32];
    size_t count = 0;
    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(label, sizeof(label), "rule.r%d", i);
        metric_add(&metrics, METRIC_REASONS, label, 1);
    }
    for (const struct metric_cell *c = metrics.cells[METRIC_REASONS]; c; c = c->next) {
        count++;
    }
    assert_in_range(count, 500, 1100);
    other = metric_cell(&metrics, METRIC_REASONS, "other");
    assert_true(other->value == (double)(3000 - count + 1));
    metric_add(&metrics, METRIC_REASONS, "rule.r7", 1);
    assert_true(metric_cell(&metrics, METRIC_REASONS, "rule.r7")->value == 2);
    metrics_fini(&metrics);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_labels_without_end_are_counted_together),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}

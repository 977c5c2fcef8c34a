#include <math.h>

#include "base/mem.h"
#include "quality/classes.h"
#include "unit.h"

enum { A, B, C, NONE };

static void test_figures_and_confusions(void **state) {
    static const struct class_pair pairs[] = {{A, A}, {A, A}, {A, B}, {B, A}, {B, B}, {A, B},
                                              {C, A}, {C, NONE}, {NONE, NONE}};
    struct classes classes;
    (void)state;
    classes_count(pairs, sizeof(pairs) / sizeof(pairs[0]), 3, &classes);
    assert_int_equal(classes.wrong, 6);
    const struct class_figures *a = &classes.figures[A], *none = &classes.figures[NONE];
    assert_int_equal(a->labelled, 4);
    assert_int_equal(a->said, 4);
    assert_int_equal(a->correct, 2);
    assert_true(class_precision(a) == 2 / 4.0 && class_recall(a) == 2 / 4.0);
    assert_true(class_recall(&classes.figures[B]) == 1 / 2.0);
    assert_true(isnan(class_precision(&classes.figures[C])));
    assert_true(class_recall(&classes.figures[C]) == 0);
    assert_int_equal(none->labelled, 1);
    assert_int_equal(none->said, 2);
    assert_int_equal(none->correct, 0);

    static const struct confusion wanted[] = {
        {A, B, 2}, {B, A, 1}, {C, A, 1}, {C, NONE, 1}, {NONE, NONE, 1}};
    assert_int_equal(classes.confusion_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(classes.confusions[i].right, wanted[i].right);
        assert_int_equal(classes.confusions[i].said, wanted[i].said);
        assert_int_equal(classes.confusions[i].count, wanted[i].count);
    }
    uint32_t *at = classes_by_errors(&classes);
    static const uint32_t worst[] = {A, B, NONE, C};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(at[i], worst[i]);
    }
    mem_free(at);
    classes_fini(&classes);
}

static void test_nothing(void **state) {
    struct classes classes;
    (void)state;
    classes_count(NULL, 0, 2, &classes);
    assert_int_equal(classes.wrong, 0);
    assert_int_equal(classes.confusion_count, 0);
    assert_true(isnan(class_recall(&classes.figures[A])));
    classes_fini(&classes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_and_confusions),
        cmocka_unit_test(test_nothing),
    };
    return cmocka_run_group_tests_name("classes", tests, NULL, NULL);
}

// The capital against reference values, and what the promise of the alarm is worth.
#include "quality/audit.h"

#include <math.h>

#include "base/random.h"
#include "unit.h"

static void assert_close(double value, double reference) {
    assert_true(fabs(value - reference) <= 1e-12 * reference);
}

// Verdicts of which every `every`-th is wrong; 0: none.
static struct audit see(int count, int every, double risk) {
    struct audit audit;
    audit_init(&audit, risk, 0.1);
    for (int i = 1; i <= count; i++) {
        audit_see(&audit, every > 0 && i % every == 0);
    }
    return audit;
}

// By the paper's formulas in Python, sums taken anew for every bet.
static void test_reference_values(void **state) {
    static const struct {
        int count, every;
        double risk, evidence, favour;
    } rows[] = {
        {1, 1, .05, 1.9447513812154695, 1},
        {1, 0, .05, 0.9502762430939227, 1},
        {40, 4, .05, 124.563170888258, 1},
        {200, 25, .05, 0.7334781066143643, 0.049982848512875724},
        {100, 0, .05, 0.7478366455521679, 29.438181712815613},
        {30, 2, .2, 108.98207283602535, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct audit audit = see(rows[i].count, rows[i].every, rows[i].risk);
        assert_close(audit_evidence(&audit), rows[i].evidence);
        assert_close(audit_favour(&audit), rows[i].favour);
        assert_int_equal(audit.seen, rows[i].count);
    }
}

static void test_states(void **state) {
    (void)state;
    struct audit audit;
    audit_init(&audit, 0.05, 0.1);
    assert_string_equal(audit_state_name(audit_state(&audit)), "holds");
    audit_see(&audit, true);
    audit_see(&audit, true);
    assert_true(audit_evidence(&audit) > sqrt(10));
    assert_string_equal(audit_state_name(audit_state(&audit)), "watch");
    while (audit_evidence(&audit) < 10) {
        audit_see(&audit, true);
    }
    for (int i = 0; i < 1000; i++) {
        audit_see(&audit, false);
    }
    assert_true(audit_evidence(&audit) < 10);
    assert_string_equal(audit_state_name(audit_state(&audit)), "broken");
}

// The share of 1,000 runs in which so many verdicts at this rate of errors break the promise.
static double broken(double rate, int verdicts, double risk) {
    struct random random;
    int alarms = 0;
    random_seed(&random, 7);
    for (int run = 0; run < 1000; run++) {
        struct audit audit;
        audit_init(&audit, risk, 0.1);
        for (int i = 0; i < verdicts; i++) {
            audit_see(&audit, random_unit(&random) < rate);
        }
        alarms += audit_state(&audit) == AUDIT_BROKEN;
    }
    return alarms / 1000.0;
}

static void test_alarms(void **state) {
    (void)state;
    assert_true(broken(0.05, 2000, 0.05) <= 0.1);
    assert_true(broken(0.01, 2000, 0.01) <= 0.1);
    assert_true(broken(0.02, 1000, 0.05) <= 0.05);
    assert_true(broken(0.10, 500, 0.05) >= 0.9);
    assert_true(broken(0.15, 200, 0.05) >= 0.9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference_values),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_alarms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "base/random.h"
#include "job/ledger.h"
#include "unit.h"

static void test_commits_the_lowest_unfinished(void **state) {
    struct ledger l;
    (void)state;
    ledger_init(&l, 1000);
    assert_int_equal(ledger_commit(&l), -1);
    for (int64_t o = 10; o < 15; o++) {
        assert_int_equal(ledger_take(&l, o), LEDGER_TAKEN);
    }
    ledger_finish(&l, 12);
    ledger_finish(&l, 11);
    assert_int_equal(ledger_commit(&l), 10);
    ledger_finish(&l, 10);
    assert_int_equal(ledger_commit(&l), 13);
    ledger_finish(&l, 14);
    ledger_finish(&l, 13);
    assert_int_equal(ledger_commit(&l), 15);
    ledger_fini(&l);
}

static void test_gaps_count_as_finished(void **state) {
    struct ledger l;
    (void)state;
    ledger_init(&l, 1000);
    ledger_take(&l, 5);
    ledger_take(&l, 9);
    ledger_finish(&l, 5);
    assert_int_equal(ledger_commit(&l), 9);
    ledger_finish(&l, 9);
    assert_int_equal(ledger_take(&l, 1000000), LEDGER_TAKEN);  // a compacted stretch
    assert_int_equal(ledger_commit(&l), 1000000);
    ledger_finish(&l, 1000000);
    assert_int_equal(ledger_commit(&l), 1000001);
    ledger_fini(&l);
}

static void test_span_is_capped(void **state) {
    struct ledger l;
    (void)state;
    ledger_init(&l, 100);
    assert_int_equal(ledger_take(&l, 0), LEDGER_TAKEN);
    assert_int_equal(ledger_take(&l, 99), LEDGER_TAKEN);
    assert_int_equal(ledger_take(&l, 100), LEDGER_FULL);
    ledger_finish(&l, 0);
    assert_int_equal(ledger_commit(&l), 99);
    assert_int_equal(ledger_take(&l, 100), LEDGER_TAKEN);
    ledger_fini(&l);
}

static void test_a_log_set_back_is_stale(void **state) {
    struct ledger l;
    (void)state;
    ledger_init(&l, 100);
    ledger_take(&l, 50);
    assert_int_equal(ledger_take(&l, 50), LEDGER_STALE);
    assert_int_equal(ledger_take(&l, 3), LEDGER_STALE);
    ledger_finish(&l, 50);
    ledger_fini(&l);
}

// Against a plain array of flags: any order of finishing, spans that wrap the ring many times.
static void test_against_a_model(void **state) {
    enum { OFFSETS = 20000, SPAN = 700 };
    static unsigned char taken[OFFSETS];  // 1: taken, 2: finished
    struct random random;
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct ledger l;
        int64_t next = 0, lowest = 0;
        memset(taken, 0, sizeof(taken));
        random_seed(&random, seed);
        ledger_init(&l, SPAN);
        while (lowest < OFFSETS - 1) {
            if (random_below(&random, 2) == 0 && next < OFFSETS) {
                enum ledger_verdict verdict = ledger_take(&l, next);
                bool all_finished = lowest == next;
                assert_int_equal(verdict == LEDGER_FULL, !all_finished && next - lowest >= SPAN);
                taken[next] = verdict == LEDGER_TAKEN;
                next += verdict == LEDGER_TAKEN;
            } else if (next > lowest) {
                int64_t o = lowest + (int64_t)random_below(&random, (uint64_t)(next - lowest));
                if (taken[o] == 1) {
                    ledger_finish(&l, o);
                    taken[o] = 2;
                }
            }
            while (lowest < next && taken[lowest] == 2) {
                lowest++;
            }
            assert_int_equal(ledger_commit(&l), next == 0 ? -1 : lowest);
        }
        ledger_fini(&l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commits_the_lowest_unfinished),
        cmocka_unit_test(test_gaps_count_as_finished),
        cmocka_unit_test(test_span_is_capped),
        cmocka_unit_test(test_a_log_set_back_is_stale),
        cmocka_unit_test(test_against_a_model),
    };
    return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}

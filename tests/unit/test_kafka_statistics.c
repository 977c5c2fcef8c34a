// How many partitions topics have, from librdkafka's own account.
#include "io/kafka_statistics.h"
#include "unit.h"

static const char text[] =
    "{ \"name\": \"rdkafka#consumer-1\", \"brokers\":{ \"localhost:9092/1\": { \"nodeid\":1 } }, "
    "\"topics\":{ \"jobs.tiny\": { \"topic\":\"jobs.tiny\", \"age\":9, \"batchsize\": {\"min\":0}, "
    "\"partitions\":{ \"0\": { \"partition\":0, \"leader\":1 }, \"1\": { \"partition\":1 }, "
    "\"2\": { \"partition\":2 }, \"-1\": { \"partition\":-1 } } }, "
    "\"jobs.mid\": { \"partitions\":{ \"0\": {}, \"-1\": {} } }, "
    "\"jobs.new\": { \"partitions\":{ \"-1\": {} } } }, \"rx\": 5 }";

static size_t told(const char *json, const char *a, const char *b) {
    const char *topics[] = {a, b};
    return kafka_statistics_partitions(slice_of(json), topics, b ? 2 : 1);
}

static void test_partitions(void **state) {
    (void)state;
    assert_int_equal(told(text, "jobs.tiny", NULL), 3);
    assert_int_equal(told(text, "jobs.tiny", "jobs.mid"), 4);
}

static void test_not_known(void **state) {
    (void)state;
    assert_int_equal(told(text, "jobs.new", NULL), 0);
    assert_int_equal(told(text, "jobs.tiny", "jobs.large"), 0);
    assert_int_equal(told("{}", "jobs.tiny", NULL), 0);
    assert_int_equal(told("[]", "jobs.tiny", NULL), 0);
    assert_int_equal(told("{ \"topics\":", "jobs.tiny", NULL), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_not_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// Against librdkafka's own mock of a broker.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "io/loop.h"
#include "io/producer.h"
#include "unit.h"

enum { RECORDS = 200, PRODUCE = 0, GIVE_UP_MS = 20000 };  // PRODUCE: the request's number

static struct scene {
    rd_kafka_t *rk;
    rd_kafka_mock_cluster_t *cluster;
    struct loop *loop;
    struct producer *producer;
    int sent, delivered[RECORDS], in_log;
    bool failed;
    int64_t until_ms;
} scene;

static int setup(void **state) {
    char text[256];
    (void)state;
    scene = (struct scene){.loop = loop_new()};
    scene.rk = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), text, sizeof(text));
    assert_non_null(scene.rk);
    scene.cluster = rd_kafka_mock_cluster_new(scene.rk, 1);
    assert_non_null(scene.cluster);
    assert_int_equal(rd_kafka_mock_topic_create(scene.cluster, "t", 1, 1), 0);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    producer_close(scene.producer, 0);
    loop_free(scene.loop);
    rd_kafka_mock_cluster_destroy(scene.cluster);
    rd_kafka_destroy(scene.rk);
    return 0;
}

static void on_delivered(void *owner, void *record_owner, const struct err *err) {
    int *place = record_owner;
    (void)owner;
    (*place)++;
    scene.in_log += err == NULL;
    scene.failed |= err != NULL;
}

// Sends what there is room for, and hears of it until all is said.
static int64_t turn(void *owner) {
    (void)owner;
    producer_poll(scene.producer);
    while (scene.sent < RECORDS) {
        struct producer_record record = {.topic = producer_topic(scene.producer, "t"),
                                         .value = slice_of("x"),
                                         .owner = &scene.delivered[scene.sent]};
        struct err err;
        if (!producer_send(scene.producer, &record, &err)) {
            assert_int_equal(err.kind, ERR_RETRY);
            break;
        }
        scene.sent++;
    }
    if (scene.in_log == RECORDS || scene.failed || loop_now_ms(scene.loop) > scene.until_ms) {
        loop_stop(scene.loop);
    }
    return 5;
}

static void send_all(void) {
    struct producer_options options = {
        .kafka = {.brokers = rd_kafka_mock_cluster_bootstraps(scene.cluster)},
        .compression = "none",
        .queue_records = 50,  // less than are sent: some find no room meanwhile
        .queue_bytes = 1 << 20,
        .linger_ms = 1,
    };
    struct err err;
    assert_true(producer_open(&scene.producer, scene.loop, &options, on_delivered, NULL, &err));
    scene.until_ms = loop_now_ms(scene.loop) + GIVE_UP_MS;
    loop_on_turn(scene.loop, turn, NULL);
    loop_run(scene.loop);
    assert_false(scene.failed);
    assert_int_equal(scene.in_log, RECORDS);
    for (int i = 0; i < RECORDS; i++) {
        assert_int_equal(scene.delivered[i], 1);
    }
}

static void test_all_is_delivered_once(void **state) {
    (void)state;
    send_all();
}

// A broker that was killed may have lost what it knew of the producer's sequence; librdkafka then
// gives the producer up for good.
static void test_a_broker_that_lost_the_sequence(void **state) {
    (void)state;
    rd_kafka_mock_push_request_errors(scene.cluster, PRODUCE, 2, RD_KAFKA_RESP_ERR_NO_ERROR,
                                      RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    send_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_is_delivered_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_broker_that_lost_the_sequence, setup, teardown),
    };
    return cmocka_run_group_tests_name("producer", tests, NULL, NULL);
}

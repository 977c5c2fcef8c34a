#include <sysexits.h>

#include "base/conf.h"
#include "unit.h"
#include "files.h"

static struct arena_pool pool;
static struct arena arena;
static struct err err;

struct all {
    const char *text, *word, *secret;
    uint32_t count;
    int64_t duration, size, money;
    double number;
    bool on;
    int choice;
    const struct conf_node *map;
};

#define ALL(member) offsetof(struct all, member)
static const struct conf_row rows[] = {
    {"text", CONF_TEXT, ALL(text), "plain", 0, 0, NULL, "a text | with a bar"},
    {"word", CONF_TEXT, ALL(word), "lz4", 0, 0, "none lz4", "one of the words"},
    {"secret", CONF_SECRET, ALL(secret), "", 0, 0, NULL, "not to be shown"},
    {"count", CONF_COUNT, ALL(count), "3", 1, 16, NULL, "of things"},
    {"timeout", CONF_DURATION, ALL(duration), "90s", 1, 3600000, NULL, "of a call"},
    {"size", CONF_SIZE, ALL(size), "1MiB", 0, 0, NULL, "of a thing"},
    {"money", CONF_MONEY, ALL(money), "0.25", 0, 0, NULL, "what it costs"},
    {"number", CONF_NUMBER, ALL(number), "0.5", 0, 1, NULL, "a share"},
    {"on", CONF_SWITCH, ALL(on), "true", 0, 0, NULL, "whether"},
    {"last", CONF_CHOICE, ALL(choice), "dead", 0, 0, "review accept_best dead", "what becomes"},
    {"map", CONF_NODE, ALL(map), "", 0, 0, "map", "more"},
};
static const struct conf_table table = {"things.<name>", rows, sizeof(rows) / sizeof(rows[0])};

static struct conf_node *scalar(const char *key, const char *text) {
    struct conf_node *node = arena_zalloc(&arena, sizeof(*node));
    *node = (struct conf_node){CONF_SCALAR, "a.yaml", 7, key, text, false, false, NULL, NULL};
    return node;
}

static struct conf_node *map_of(struct conf_node *first) {
    struct conf_node *node = scalar("thing", NULL);
    node->type = CONF_MAP;
    node->line = 6;
    node->children = first;
    return node;
}

static void assert_error(bool ok, const char *text) {
    assert_false(ok);
    assert_int_equal(err.kind, ERR_FATAL);
    assert_int_equal(err.exit_code, EX_CONFIG);
    assert_string_equal(files_tail(err.text), text);
}

static bool fill_one(struct all *all, const char *key, const char *text) {
    return conf_fill(&table, map_of(scalar(key, text)), all, &arena, &err);
}

static void test_fallbacks(void **state) {
    struct all all;
    (void)state;
    memset(&all, 0xff, sizeof(all));
    assert_true(conf_fill(&table, NULL, &all, &arena, &err));
    assert_string_equal(all.text, "plain");
    assert_string_equal(all.word, "lz4");
    assert_null(all.secret);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.duration, 90000);
    assert_int_equal(all.size, 1 << 20);
    assert_int_equal(all.money, 250000000000);
    assert_true(all.number == 0.5);
    assert_true(all.on);
    assert_int_equal(all.choice, 2);
    assert_null(all.map);
}

static void test_values(void **state) {
    struct all all;
    (void)state;
    assert_true(fill_one(&all, "text", "x y"));
    assert_string_equal(all.text, "x y");
    assert_true(fill_one(&all, "count", "16"));
    assert_int_equal(all.count, 16);
    assert_true(fill_one(&all, "timeout", "1m30s"));
    assert_int_equal(all.duration, 90000);
    assert_true(fill_one(&all, "timeout", "1ms"));
    assert_int_equal(all.duration, 1);
    assert_true(fill_one(&all, "size", "0"));
    assert_int_equal(all.size, 0);
    assert_true(fill_one(&all, "size", "4096"));
    assert_int_equal(all.size, 4096);
    assert_true(fill_one(&all, "size", "2GiB"));
    assert_int_equal(all.size, 2147483648);
    assert_true(fill_one(&all, "money", "12.000000000001"));
    assert_int_equal(all.money, 12000000000001);
    assert_true(fill_one(&all, "money", "3"));
    assert_int_equal(all.money, 3000000000000);
    assert_true(fill_one(&all, "number", "1e-3"));
    assert_true(all.number == 0.001);
    assert_true(fill_one(&all, "on", "false"));
    assert_false(all.on);
    assert_true(fill_one(&all, "last", "review"));
    assert_int_equal(all.choice, 0);
}

// What is not allowed says what is.
static void test_refused(void **state) {
    static const char count[] = " is not a whole number from 1 to 16";
    static const char duration[] =
        " is not a duration from 1ms to 1h, such as 500ms, 30s, 5m, 24h or 7d";
    static const char size[] = " is not a size, such as 64KiB, 1MiB or a count of bytes";
    static const char money[] = " is not an amount of USD, such as 0.25, with up to 12 decimals";
    static const char number[] = " is not a number from 0 to 1";
    const struct {
        const char *key, *text, *allowed;
    } bad[] = {
        {"count", "0", count},          {"count", "17", count},
        {"count", "-1", count},         {"count", "1.5", count},
        {"count", "4294967299", count}, {"count", "99999999999999999999", count},
        {"timeout", "30", duration},    {"timeout", "0", duration},
        {"timeout", "61m", duration},   {"timeout", "1.5s", duration},
        {"timeout", "s", duration},     {"timeout", "5min", duration},
        {"timeout", "9223372036854775807d", duration},
        {"size", "64KB", size},         {"size", "1MiB2", size},
        {"size", "-1", size},           {"size", "9223372036854775807GiB", size},
        {"money", "0.1234567890123", money},
        {"money", "1.", money},         {"money", "-1", money},
        {"money", ".5", money},         {"money", "99999999999", money},
        {"number", "nan", number},      {"number", "0x1", number},
        {"number", "1.01", number},     {"number", "0.5 ", number},
        {"number", "", NULL},           {"on", "yes", " is not true or false"},
        {"last", "accept", " is not one of review, accept_best, dead"},
        {"word", "lz5", " is not one of none, lz4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct all all;
        char text[200];
        if (bad[i].allowed) {
            snprintf(text, sizeof(text), "a.yaml:7: %s: '%s'%s", bad[i].key, bad[i].text,
                     bad[i].allowed);
        } else {
            snprintf(text, sizeof(text), "a.yaml:7: number: nothing%s", number);
        }
        assert_error(fill_one(&all, bad[i].key, bad[i].text), text);
    }
}

static void test_wrong_types(void **state) {
    struct all all;
    struct conf_node *inner = map_of(NULL);
    (void)state;
    inner->key = "count";
    assert_error(conf_fill(&table, map_of(inner), &all, &arena, &err),
                 "a.yaml:6: count: this is not a whole number from 1 to 16");
    assert_error(fill_one(&all, "map", "x"), "a.yaml:7: map: 'x' is not a map");
    assert_error(conf_fill(&table, scalar("thing", "x"), &all, &arena, &err),
                 "a.yaml:7: thing: this is not a map with keys of things.<name>");
}

static void test_unknown_keys(void **state) {
    struct all all;
    (void)state;
    assert_error(fill_one(&all, "timeuot", "1s"),
                 "a.yaml:7: timeuot: unknown key of things.<name>; did you mean 'timeout'?");
    assert_error(fill_one(&all, "rpm", "1"),
                 "a.yaml:7: rpm: unknown key of things.<name>; known are text, word, secret, "
                 "count, timeout, size, money, number, on, last, map");
    assert_error(fill_one(&all, "secret_fill", "1"),
                 "a.yaml:7: secret_fill: unknown key of things.<name>; known are text, word, "
                 "secret, count, timeout, size, money, number, on, last, map");
    assert_error(fill_one(&all, "text_file", "1"),
                 "a.yaml:7: text_file: unknown key of things.<name>; known are text, word, secret, "
                 "count, timeout, size, money, number, on, last, map");
}

static void test_required(void **state) {
    static const struct conf_row one[] = {
        {"url", CONF_SECRET, 0, NULL, 0, 0, NULL, "where it is"}};
    static const struct conf_table needs = {"things.<name>", one, 1};
    const char *url;
    (void)state;
    assert_error(conf_fill(&needs, map_of(NULL), &url, &arena, &err),
                 "a.yaml:6: thing: 'url' is missing: where it is");
    assert_error(conf_fill(&needs, NULL, &url, &arena, &err),
                 "'url' of things.<name> is missing: where it is");
}

static void test_secrets(void **state) {
    struct all all;
    struct conf_node *node = scalar("secret_file", "key.txt");
    (void)state;
    node->file = files_write("a.yaml", "");
    files_write("key.txt", "sk-1234\n");
    assert_true(conf_fill(&table, map_of(node), &all, &arena, &err));
    assert_string_equal(all.secret, "sk-1234");

    node->next = scalar("secret", "sk-other");
    assert_error(conf_fill(&table, map_of(node), &all, &arena, &err),
                 "a.yaml:7: secret: one of 'secret' and 'secret_file' is enough");
    node->next = NULL;
    files_write("key.txt", "sk-1\nsk-2\n");
    assert_error(conf_fill(&table, map_of(node), &all, &arena, &err),
                 "a.yaml:7: secret_file: the secret holds a line end or a control character");
    files_write("key.txt", " \n");
    assert_error(conf_fill(&table, map_of(node), &all, &arena, &err),
                 "a.yaml:7: secret_file: the secret is empty");
    node->text = "none.txt";
    assert_false(conf_fill(&table, map_of(node), &all, &arena, &err));
    assert_non_null(strstr(err.text, "a.yaml:7: secret_file: "));
    assert_non_null(strstr(err.text, "/none.txt: No such file or directory"));
    assert_error(fill_one(&all, "secret", ""), "a.yaml:7: secret: the secret is empty");
}

static void test_counts_fit_their_member(void **state) {
    static const struct conf_row one[] = {{"n", CONF_COUNT, 0, "", 0, 0, NULL, "of things"}};
    static const struct conf_table free_table = {"things", one, 1};
    uint32_t n;
    (void)state;
    assert_true(conf_fill(&free_table, map_of(scalar("n", "4294967295")), &n, &arena, &err));
    assert_int_equal(n, UINT32_MAX);
    assert_error(conf_fill(&free_table, map_of(scalar("n", "4294967296")), &n, &arena, &err),
                 "a.yaml:7: n: '4294967296' is not a whole number");
}

// A credential that was put in the wrong place stays out of the error.
static void test_variables_are_not_shown(void **state) {
    struct all all;
    struct conf_node *node = scalar("count", "sk-1234");
    (void)state;
    node->replaced = true;
    assert_error(conf_fill(&table, map_of(node), &all, &arena, &err),
                 "a.yaml:7: count: '${…}' is not a whole number from 1 to 16");
}

static void test_long_values_are_cut(void **state) {
    struct all all;
    (void)state;
    assert_error(fill_one(&all, "on",
                          "0123456789012345678901234567890123456789012345678901234567\n€€€"),
                 "a.yaml:7: on: '0123456789012345678901234567890123456789012345678901234567 …'"
                 " is not true or false");
}

static void test_nearest(void **state) {
    static const char *const names[] = {"timeout", "key", "in_flight", "x", "retry", "reply"};
    enum { COUNT = sizeof(names) / sizeof(names[0]) };
    (void)state;
    assert_string_equal(conf_nearest("timout", names, COUNT), "timeout");
    assert_string_equal(conf_nearest("TIMEOUT", names, COUNT), "timeout");
    assert_string_equal(conf_nearest("kye", names, COUNT), "key");
    assert_string_equal(conf_nearest("inflight", names, COUNT), "in_flight");
    assert_string_equal(conf_nearest("reprty", names, COUNT), "retry");
    assert_null(conf_nearest("rpm", names, COUNT));
    assert_null(conf_nearest("a", names, COUNT));
    assert_null(conf_nearest("", names, COUNT));
    assert_null(conf_nearest("01234567890123456789012345678901234567890123456789"
                             "01234567890123456789", names, COUNT));
    assert_null(conf_nearest("timeout", names, 0));
}

static void test_reference(void **state) {
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    (void)state;
    conf_reference(&table, out);
    fclose(out);
    assert_string_equal(
        text,
        "**`things.<name>`**\n\n| key | value | default | |\n|---|---|---|---|\n"
        "| `text` | text | `plain` | a text \\| with a bar |\n"
        "| `word` | one of none, lz4 | `lz4` | one of the words |\n"
        "| `secret` or `secret_file` | secret text | – | not to be shown |\n"
        "| `count` | a whole number from 1 to 16 | `3` | of things |\n"
        "| `timeout` | a duration from 1ms to 1h | `90s` | of a call |\n"
        "| `size` | a size | `1MiB` | of a thing |\n"
        "| `money` | an amount of USD | `0.25` | what it costs |\n"
        "| `number` | a number from 0 to 1 | `0.5` | a share |\n"
        "| `on` | true or false | `true` | whether |\n"
        "| `last` | one of review, accept_best, dead | `dead` | what becomes |\n"
        "| `map` | a map | – | more |\n\n");
    free(text);
}

static int set_up(void **state) {
    arena_init(&arena, &pool);
    return files_open(state);
}

static int tear_down(void **state) {
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return files_close(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fallbacks),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_wrong_types),
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_required),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_counts_fit_their_member),
        cmocka_unit_test(test_variables_are_not_shown),
        cmocka_unit_test(test_long_values_are_cut),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_reference),
    };
    return cmocka_run_group_tests_name("conf", tests, set_up, tear_down);
}

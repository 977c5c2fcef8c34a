// The words of inputs, what a sample of them knows, and how many new ones to expect.
#include "quality/vocabulary.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "unit.h"

static struct arena_pool pool;
static struct arena arena;

static int open(void **state) {
    (void)state;
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    return 0;
}

static int close(void **state) {
    (void)state;
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

static struct words words(const char *input) {
    struct words words;
    words_of(slice_of(input), &arena, &words);
    return words;
}

static bool same(const char *a, const char *b) {
    struct words x = words(a), y = words(b);
    return x.count == y.count && memcmp(x.hashes, y.hashes, x.count * sizeof(*x.hashes)) == 0;
}

static void test_words(void **state) {
    struct words none;
    (void)state;
    assert_int_equal(words("{\"text\": \"cotton saree, cotton; 27\"}").count, 3);
    assert_int_equal(words("{\"a\": true, \"b\": [1.5, null], \"c\": {\"d\": -3}}").count, 5);
    assert_int_equal(words("\"na\\u00efve na\xc3\xafve\"").count, 1);
    assert_false(words_of(slice_of("{\"text\": \"--\"}"), &arena, &none));
    assert_false(words_of(slice_of("{\"text\": "), &arena, &none));
    assert_true(same("{\"t\": \"SILK Saree\"}", "{ \"t\": \"silk saree\" }"));
    assert_false(same("{\"t\": \"silk\"}", "{\"u\": \"silk\"}"));
    assert_true(same("{\"no\": \"INV-20417\"}", "{\"no\": \"inv-98805\"}"));
    assert_false(same("{\"no\": \"INV-20417\"}", "{\"no\": \"inv-988051\"}"));
    assert_true(same("{\"id\": \"may\", \"t\": 1}", "{\"custom_id\": \"june\", \"t\": 1}"));
    assert_false(same("{\"state\": \"27\"}", "{\"state\": \"29\"}"));
}

// What certificates hold must mean the same in later versions.
static void test_hashes_stay(void **state) {
    (void)state;
    assert_true(words("{\"t\": \"silk\"}").hashes[0] == 0xe189092e4478f3f5);
}

static void test_no_more_than_the_most(void **state) {
    struct buf text = {0};
    (void)state;
    for (int i = 0; i < 3 * WORDS_MOST; i++) {
        buf_printf(&text, "%sw%d", i ? " " : "\"", i);
    }
    buf_char(&text, '"');
    assert_int_equal(words(buf_string(&text)).count, WORDS_MOST);
    buf_fini(&text);
}

// Of a language of 50,000 words, some of them frequent: as many are new as was expected, and
// nothing that the sample had is unknown.
static void put_letters(struct buf *text, unsigned number) {
    for (; number > 0; number /= 26) {
        buf_char(text, (char)('a' + number % 26));
    }
    buf_char(text, ' ');
}

static struct words draw(struct random *random, uint32_t from) {
    struct buf text = {0};
    buf_text(&text, "{\"t\": \"");
    for (int i = 0; i < 12; i++) {
        put_letters(&text, from + (unsigned)(50000 * pow(random_unit(random), 9)));
    }
    buf_text(&text, "\"}");
    struct words drawn = words(buf_string(&text));
    buf_fini(&text);
    return drawn;
}

static double mean_unknown(const struct vocabulary *v, uint64_t seed, uint32_t from) {
    struct random random;
    double sum = 0;
    random_seed(&random, seed);
    for (int i = 0; i < 1000; i++) {
        struct words drawn = draw(&random, from);
        sum += vocabulary_unknown(v, &drawn) / 1000;
    }
    return sum;
}

static void test_what_is_expected_comes(void **state) {
    static double shares[1000];
    struct vocabulary_sample *sample = mem_zalloc(sizeof(*sample));
    struct vocabulary vocabulary;
    struct random random;
    double expected = 0;
    (void)state;
    random_seed(&random, 1);
    for (int i = 0; i < 1000; i++) {
        struct words drawn = draw(&random, 0);
        assert_true(vocabulary_add(sample, &drawn));
    }
    vocabulary_learn(sample, &arena, &vocabulary, shares);
    for (int i = 0; i < 1000; i++) {
        expected += shares[i] / 1000;
    }
    assert_true(expected > 0.3 && expected < 0.6);
    assert_true(fabs(mean_unknown(&vocabulary, 2, 0) - expected) < 0.02);
    assert_true(mean_unknown(&vocabulary, 1, 0) == 0);
    assert_true(mean_unknown(&vocabulary, 2, 100000) > 0.99);
    vocabulary_sample_fini(sample);
    mem_free(sample);
}

static void test_samples_end(void **state) {
    struct vocabulary_sample *sample = mem_zalloc(sizeof(*sample));
    struct words one = words("\"one\"");
    (void)state;
    for (int i = 0; i < VOCABULARY_INPUTS; i++) {
        assert_true(vocabulary_add(sample, &one));
    }
    assert_false(vocabulary_add(sample, &one));
    vocabulary_sample_fini(sample);
    mem_free(sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_hashes_stay),
        cmocka_unit_test(test_no_more_than_the_most),
        cmocka_unit_test(test_what_is_expected_comes),
        cmocka_unit_test(test_samples_end),
    };
    return cmocka_run_group_tests(tests, open, close);
}

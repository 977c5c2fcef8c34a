#include "quality/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

// Ten bits a word, of which five are set.
enum { LOG2_LEAST = 6, BITS_OF_WORD = 10, PROBES = 5, DIGITS_TOLD = 3 };

static const uint64_t fnv_offset = 0xcbf29ce484222325, fnv_prime = 0x100000001b3;

// --- the words of an input

static bool is_digit(unsigned char c) {
    return c >= '0' && c <= '9';
}

static bool is_of_word(unsigned char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

static unsigned char as_counted(unsigned char c, bool digits_told) {
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : is_digit(c) && !digits_told ? '0' : c;
}

// FNV-1a, and the finaliser of SplitMix64 (Steele, Lea and Flood 2014) so that all bits count.
static uint64_t hash_of(struct slice word, bool digits_told, uint64_t field) {
    uint64_t hash = fnv_offset ^ field;
    for (size_t i = 0; i < word.len; i++) {
        hash = (hash ^ as_counted((unsigned char)word.at[i], digits_told)) * fnv_prime;
    }
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return hash ^ hash >> 31;
}

static void add_word(struct words *words, uint64_t hash) {
    for (uint32_t i = 0; i < words->count; i++) {
        if (words->hashes[i] == hash) {
            return;
        }
    }
    if (words->count < WORDS_MOST) {
        words->hashes[words->count++] = hash;
    }
}

static void split(struct words *words, struct slice text, uint64_t field) {
    for (size_t i = 0; i < text.len;) {
        size_t from = i, digits = 0;
        for (; i < text.len && is_of_word((unsigned char)text.at[i]); i++) {
            digits += is_digit((unsigned char)text.at[i]);
        }
        if (i > from) {
            add_word(words, hash_of((struct slice){text.at + from, i - from},
                                    digits <= DIGITS_TOLD, field));
        } else {
            i++;
        }
    }
}

struct walk {
    const struct json *json;
    struct arena *arena;
    struct words *words;
};

// A job's name is always new.
static bool is_name(const struct walk *w, uint32_t key) {
    return json_string_is(w->json, key, "id") || json_string_is(w->json, key, "custom_id");
}

// Its depth is that of the JSON, which its reader bounds.
static void walk(const struct walk *w, uint32_t node, uint64_t field) {
    switch (json_type(w->json, node)) {
    case JSON_OBJECT:
        for (uint32_t key = json_first(w->json, node); key;
             key = json_after(w->json, node, key)) {
            if (!is_name(w, key)) {
                walk(w, key + 1, hash_of(json_string(w->json, key, w->arena), true, 0));
            }
        }
        break;
    case JSON_ARRAY:
        for (uint32_t i = json_first(w->json, node); i; i = json_after(w->json, node, i)) {
            walk(w, i, field);
        }
        break;
    case JSON_STRING:
        split(w->words, json_string(w->json, node, w->arena), field);
        break;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER:
        split(w->words, json_raw(w->json, node), field);
        break;
    }
}

bool words_of(struct slice input, struct arena *arena, struct words *words) {
    struct json json;
    struct err err;
    words->count = 0;
    if (json_parse(&json, input, &json_default_limits, arena, &err)) {
        walk(&(struct walk){&json, arena, words}, 0, 0);
    }
    return words->count > 0;
}

// --- what is known

static uint32_t bit_of(uint64_t hash, uint32_t probe, uint32_t log2) {
    uint32_t step = (uint32_t)(hash >> 32) | 1;
    return ((uint32_t)hash + probe * step) & ((1u << log2) - 1);
}

static bool knows(const struct vocabulary *v, uint64_t hash) {
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        uint32_t bit = bit_of(hash, probe, v->log2);
        if ((v->bits[bit / 8] >> bit % 8 & 1) == 0) {
            return false;
        }
    }
    return true;
}

double vocabulary_unknown(const struct vocabulary *v, const struct words *words) {
    uint32_t unknown = 0;
    for (uint32_t i = 0; i < words->count; i++) {
        unknown += !knows(v, words->hashes[i]);
    }
    return (double)unknown / (double)words->count;
}

// --- the sample

bool vocabulary_add(struct vocabulary_sample *s, const struct words *words) {
    if (s->inputs == VOCABULARY_INPUTS) {
        return false;
    }
    if (s->cap - s->count < WORDS_MOST) {
        s->cap = 2 * (s->cap + WORDS_MOST);
        s->hashes = mem_realloc(s->hashes, s->cap * sizeof(*s->hashes));
    }
    memcpy(s->hashes + s->count, words->hashes, words->count * sizeof(*s->hashes));
    s->count += words->count;
    s->ends[s->inputs++] = s->count;
    return true;
}

static int rising(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static size_t count_distinct(const uint64_t *sorted, size_t count) {
    size_t distinct = count > 0;
    for (size_t i = 1; i < count; i++) {
        distinct += sorted[i] != sorted[i - 1];
    }
    return distinct;
}

static uint32_t log2_for(size_t distinct) {
    uint32_t log2 = LOG2_LEAST;
    while (log2 < VOCABULARY_LOG2_MOST && (size_t)1 << log2 < distinct * BITS_OF_WORD) {
        log2++;
    }
    return log2;
}

static double share_of_single(const uint64_t *words, size_t count, const uint64_t *sorted,
                              size_t sorted_count) {
    size_t single = 0;
    for (size_t i = 0; i < count; i++) {
        const uint64_t *at = bsearch(&words[i], sorted, sorted_count, sizeof(*at), rising);
        single += !(at > sorted && at[-1] == *at) &&
                  !(at + 1 < sorted + sorted_count && at[1] == *at);
    }
    return (double)single / (double)count;
}

void vocabulary_learn(const struct vocabulary_sample *s, struct arena *arena,
                      struct vocabulary *v, double *shares) {
    uint64_t *sorted = mem_array(s->count + 1, sizeof(*sorted));
    if (s->count > 0) {
        memcpy(sorted, s->hashes, s->count * sizeof(*sorted));
    }
    qsort(sorted, s->count, sizeof(*sorted), rising);
    v->log2 = s->count > 0 ? log2_for(count_distinct(sorted, s->count)) : 0;
    unsigned char *bits = arena_zalloc(arena, ((size_t)1 << v->log2) / 8 + 1);
    for (size_t i = 0; i < s->count; i++) {
        for (uint32_t probe = 0; probe < PROBES; probe++) {
            uint32_t bit = bit_of(sorted[i], probe, v->log2);
            bits[bit / 8] |= (unsigned char)(1 << bit % 8);
        }
    }
    v->bits = bits;
    for (uint32_t i = 0; i < s->inputs; i++) {
        size_t from = i ? s->ends[i - 1] : 0;
        shares[i] = share_of_single(s->hashes + from, s->ends[i] - from, sorted, s->count);
    }
    mem_free(sorted);
}

void vocabulary_sample_fini(struct vocabulary_sample *s) {
    mem_free(s->hashes);
}

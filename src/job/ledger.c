#include "job/ledger.h"

#include <assert.h>

#include "base/mem.h"

void ledger_init(struct ledger *ledger, int64_t span_most) {
    assert(span_most > 0);
    *ledger = (struct ledger){.lowest = -1, .next = -1, .span_most = span_most};
}

void ledger_fini(struct ledger *ledger) {
    mem_free(ledger->bits);
    *ledger = (struct ledger){0};
}

static uint64_t *word_of(const struct ledger *ledger, int64_t offset) {
    return &ledger->bits[((uint64_t)offset / 64) & (ledger->words - 1)];
}

static uint64_t bit_of(int64_t offset) {
    return 1ULL << ((uint64_t)offset % 64);
}

// Room for offsets lowest .. last in the ring. Words are addressed by offset, so growing moves each
// to its place in the larger ring.
static void ring_fit(struct ledger *ledger, int64_t last) {
    uint64_t need = (uint64_t)last / 64 - (uint64_t)ledger->lowest / 64 + 1;
    if (need <= ledger->words) {
        return;
    }
    struct ledger old = *ledger;
    ledger->words = old.words ? old.words : 16;
    while (ledger->words < need) {
        ledger->words *= 2;
    }
    ledger->bits = mem_array(ledger->words, sizeof(uint64_t));
    for (int64_t o = old.lowest - old.lowest % 64; old.words && o < old.next; o += 64) {
        *word_of(ledger, o) = *word_of(&old, o);
    }
    mem_free(old.bits);
}

enum ledger_verdict ledger_take(struct ledger *ledger, int64_t offset) {
    if (offset < ledger->next) {
        return LEDGER_STALE;
    }
    if (ledger->unfinished == 0) {
        ledger->lowest = offset;
    } else if (offset - ledger->lowest >= ledger->span_most) {
        return LEDGER_FULL;
    }
    ledger->next = offset + 1;
    ring_fit(ledger, offset);
    *word_of(ledger, offset) |= bit_of(offset);
    ledger->unfinished++;
    return LEDGER_TAKEN;
}

// Moves lowest to the first bit that is set, or to next.
static void advance(struct ledger *ledger) {
    if (ledger->unfinished == 0) {
        ledger->lowest = ledger->next;
        return;
    }
    int64_t offset = ledger->lowest;
    uint64_t rest = *word_of(ledger, offset) >> ((uint64_t)offset % 64);
    while (rest == 0) {
        offset = (offset / 64 + 1) * 64;
        rest = *word_of(ledger, offset);
    }
    ledger->lowest = offset + __builtin_ctzll(rest);
}

void ledger_finish(struct ledger *ledger, int64_t offset) {
    assert(offset >= ledger->lowest && offset < ledger->next);
    uint64_t *word = word_of(ledger, offset);
    assert(*word & bit_of(offset));
    *word &= ~bit_of(offset);
    ledger->unfinished--;
    if (offset == ledger->lowest) {
        advance(ledger);
    }
}

int64_t ledger_commit(const struct ledger *ledger) {
    return ledger->lowest;
}

// What the promise of `taskfit tune` is worth: random halves of labelled sets, one to tune with,
// the other to see whether the promise held. See usage below.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "cli/labels.h"
#include "quality/tune.h"

static const char usage[] =
    "usage: quality_bench SPLITS [FILE…]\n\n"
    "A file is what `taskfit tune --from` reads, or a CSV with the columns p_true,oracle: how\n"
    "likely a model finds it that the label is 1, and the label. Without files: sets made here.\n";

enum { SET_ITEMS = 20000 };

struct set {
    const char *name;
    struct cascade cascade;
};

// --- sets

static void give_answer(struct cascade_tier *tier, size_t item, double raw, bool correct) {
    tier->raw[item] = raw;
    tier->correct[item] = correct;
    tier->cost[item] = 1;
}

static double sure_and_right(double c) {  // most items are easy, few errors at the top
    return 1 - 0.5 * pow(1 - c, 0.8);
}
static double too_sure(double c) {
    return 0.45 + 0.5 * c;
}
static double against(double c) {
    return 0.8 - 0.4 * c;
}
static double even(double c) {
    (void)c;
    return 0.97;
}
static double wrong_at_the_top(double c) {  // the very surest are wrong, the next right
    return c > 0.97 ? 0.7 : c > 0.5 ? 0.99 : 0.8;
}

static void make_set(struct set *set, double (*right)(double), double grain, uint64_t seed) {
    struct random random;
    random_seed(&random, seed);
    set->cascade.tier_count = 1;
    set->cascade.tiers[0].name = "only";
    cascade_init(&set->cascade, SET_ITEMS);
    for (size_t i = 0; i < SET_ITEMS; i++) {
        double c = sqrt(random_unit(&random));
        c = grain > 0 ? floor(c / grain) * grain : c;
        give_answer(&set->cascade.tiers[0], i, c, random_unit(&random) < right(c));
    }
}

// Three tiers that find the same items hard, each better and dearer than the one before, each too
// sure in its own way.
static void make_tiers(struct set *set) {
    static const char *const names[] = {"tiny", "mid", "large"};
    struct random random;
    random_seed(&random, 6);
    set->cascade.tier_count = 3;
    for (uint32_t t = 0; t < 3; t++) {
        set->cascade.tiers[t].name = names[t];
    }
    cascade_init(&set->cascade, SET_ITEMS);
    for (size_t i = 0; i < SET_ITEMS; i++) {
        double easy = 6 * random_unit(&random) - 2;
        for (uint32_t t = 0; t < 3; t++) {
            double odds = easy + 1.2 * t + random_unit(&random) - 0.5;
            double p = 1 / (1 + exp(-odds)), said = 1 / (1 + exp(-odds * (1.6 - 0.2 * t) - 0.5));
            give_answer(&set->cascade.tiers[t], i, said, random_unit(&random) < p);
            set->cascade.tiers[t].cost[i] = pow(10, t);
        }
    }
}

static void fail(const char *file, const char *text) {
    fprintf(stderr, "quality_bench: %s: %s\n", file, text);
    exit(65);
}

static size_t count_lines(FILE *in) {
    size_t lines = 0;
    for (int c; (c = getc(in)) != EOF;) {
        lines += c == '\n';
    }
    rewind(in);
    return lines;
}

static void read_scores(struct set *set, FILE *in, const char *file) {
    double p;
    int label;
    size_t items = 0, most = count_lines(in);
    set->cascade.tier_count = 1;
    set->cascade.tiers[0].name = "proxy";
    cascade_init(&set->cascade, most);
    if (fscanf(in, "p_true,oracle\n") != 0) {
        fail(file, "is empty");
    }
    while (items < most && fscanf(in, "%lf,%d", &p, &label) == 2) {
        give_answer(&set->cascade.tiers[0], items++, fmax(p, 1 - p), (p >= 0.5) == (label == 1));
    }
    set->cascade.item_count = items;
}

static void read_set(struct set *set, const char *file, struct arena *arena) {
    static struct labels labels;
    char head[16] = "";
    struct err err;
    FILE *in = fopen(file, "re");
    const char *slash = strrchr(file, '/');
    set->name = slash ? slash + 1 : file;
    if (in == NULL || fgets(head, sizeof(head), in) == NULL) {
        fail(file, "cannot be read");
    }
    rewind(in);
    if (strncmp(head, "p_true,oracle", 13) == 0) {
        read_scores(set, in, file);
    } else if (labels_read(file, NULL, arena, &labels, &err)) {
        set->cascade = labels.cascade;
    } else {
        fail(file, err.text);
    }
    fclose(in);
}

// --- one split

struct split {
    const struct cascade *set;
    const uint32_t *items;  // shuffled; the first half is tuned with, as much of it as is asked for
    size_t labels;
};

static void take(const struct split *split, struct cascade *into) {
    into->tier_count = split->set->tier_count;
    for (uint32_t t = 0; t < into->tier_count; t++) {
        into->tiers[t].name = split->set->tiers[t].name;
    }
    cascade_init(into, split->labels);
    for (uint32_t t = 0; t < into->tier_count; t++) {
        const struct cascade_tier *from = &split->set->tiers[t];
        for (size_t i = 0; i < split->labels; i++) {
            uint32_t item = split->items[i];
            give_answer(&into->tiers[t], i, from->raw[item], from->correct[item]);
            into->tiers[t].cost[i] = from->cost[item];
        }
    }
}

struct score {
    double accepted, wrong, cost;  // of the other half; wrong: of the accepted
};

static struct score see(const struct split *split, const struct tuned *tuned) {
    size_t half = split->set->item_count / 2, rest = split->set->item_count - half;
    double accepted = 0, wrong = 0, cost = 0, last = 0;
    for (size_t i = half; i < split->set->item_count; i++) {
        uint32_t item = split->items[i];
        bool done = false;
        for (uint32_t a = 0; a < tuned->arrangement.count && !done; a++) {
            uint32_t t = tuned->arrangement.tiers[a];
            const struct cascade_tier *tier = &split->set->tiers[t];
            done = tier->raw[item] >= tuned->tiers[t].threshold;
            cost += tier->cost[item];
            accepted += done;
            wrong += done && !tier->correct[item];
        }
        last += split->set->tiers[split->set->tier_count - 1].cost[item];
    }
    return (struct score){accepted / (double)rest, accepted > 0 ? wrong / accepted : 0,
                          cost / last};
}

// --- the table

struct line {
    double accepted, broken, refused, cost;
    double naive_accepted, naive_broken;
};

// What is done without a certificate: the lowest threshold whose error rate on the labels is within
// risk.
static double naive_threshold(const struct cascade *labels, double risk) {
    static struct cascade_sums sums;
    const struct arrangement only = {{0}, 1};
    uint32_t *all = mem_array(labels->item_count, sizeof(*all));
    double threshold = NAN;
    for (size_t i = 0; i < labels->item_count; i++) {
        all[i] = (uint32_t)i;
    }
    cascade_sum(labels, &only, (struct items){all, labels->item_count}, &sums);
    for (size_t cut = 0; cut < labels->cut_count; cut++) {
        if ((double)sums.wrong[cut] <= risk * (double)sums.accepted[cut]) {
            threshold = cascade_threshold(labels, 0, cut);
        }
    }
    mem_free(all);
    return threshold;
}

static void add_naive(struct line *line, const struct split *split, const struct cascade *labels,
                      double risk) {
    struct tuned naive = {.arrangement = {{0}, 1}};
    naive.tiers[0].threshold = naive_threshold(labels, risk);
    struct score score = see(split, &naive);
    line->naive_accepted += score.accepted;
    line->naive_broken += score.wrong > risk;
}

static void add_split(struct line *line, const struct split *split,
                      struct certify_promise promise) {
    static struct tuned tuned;
    static struct cascade labels;
    const struct tune_options options = {
        .goal = TUNE_RISK, .promise = promise, .review_cost = 10, .seed = 1};
    take(split, &labels);
    tune(&labels, &options, &tuned);
    struct score score = see(split, &tuned);
    line->accepted += score.accepted;
    line->broken += score.wrong > promise.risk;
    line->refused += tuned.refused;
    line->cost += score.cost;
    if (labels.tier_count == 1) {
        add_naive(line, split, &labels, promise.risk);
    }
    cascade_fini(&labels);
}

// Broken more often than delta, by more than three deviations of the binomial.
static bool is_beyond(double broken, double delta, double splits) {
    return broken > delta + 3 * sqrt(delta * (1 - delta) / splits);
}

static bool print_line(const struct set *set, size_t labels, struct certify_promise promise,
                       unsigned splits) {
    struct line line = {0};
    for (unsigned s = 0; s < splits; s++) {
        uint32_t *items = tune_shuffle(set->cascade.item_count, 1000 + s);
        const struct split split = {&set->cascade, items, labels};
        add_split(&line, &split, promise);
        mem_free(items);
    }
    double n = splits;
    bool bad = is_beyond(line.broken / n, promise.delta, n);
    printf("%-12.12s %7zu %5g %5g %9.3f %8.2f %8.2f", set->name, labels, promise.risk,
           promise.delta, line.accepted / n, line.broken / n, line.refused / n);
    if (set->cascade.tier_count == 1) {
        printf(" %9.3f %8.2f", line.naive_accepted / n, line.naive_broken / n);
    } else {
        printf("   cost %.3f        ", line.cost / n);
    }
    printf("%s\n", bad ? "  BROKEN" : "");
    fflush(stdout);
    return !bad;
}

static bool print_set(const struct set *set, unsigned splits) {
    static const double risks[] = {0.01, 0.02, 0.05, 0.1, 0.2}, deltas[] = {0.05, 0.1};
    static const size_t labels[] = {300, 1000};
    bool good = true;
    for (size_t l = 0; l < 2; l++) {
        for (size_t r = 0; r < 5; r++) {
            for (size_t d = 0; d < 2; d++) {
                if (labels[l] <= set->cascade.item_count / 2) {
                    good &= print_line(set, labels[l],
                                       (struct certify_promise){risks[r], deltas[d]}, splits);
                }
            }
        }
    }
    return good;
}

static bool bench_made(unsigned splits) {
    static const struct {
        const char *name;
        double (*right)(double);
        double grain;
    } made[] = {{"sure", sure_and_right, 0},      {"too-sure", too_sure, 0},
                {"against", against, 0},          {"even", even, 0},
                {"ties", sure_and_right, 0.1},    {"wrong-top", wrong_at_the_top, 0}};
    bool good = true;
    for (size_t i = 0; i <= sizeof(made) / sizeof(made[0]); i++) {
        struct set set = {.name = "three-tiers"};
        if (i < sizeof(made) / sizeof(made[0])) {
            set.name = made[i].name;
            make_set(&set, made[i].right, made[i].grain, i);
        } else {
            make_tiers(&set);
        }
        good &= print_set(&set, splits);
        cascade_fini(&set.cascade);
    }
    return good;
}

int main(int argc, char **argv) {
    struct arena_pool pool;
    struct arena arena;
    if (argc < 2 || strtoul(argv[1], NULL, 10) == 0) {
        fputs(usage, stderr);
        return 64;
    }
    unsigned splits = (unsigned)strtoul(argv[1], NULL, 10);
    printf("%-12s %7s %5s %5s %9s %8s %8s %9s %8s\n", "set", "labels", "risk", "delta", "accepted",
           "broken", "refused", "naive: a.", "broken");
    bool good = argc > 2 || bench_made(splits);
    arena_pool_init(&pool, 0);
    arena_init(&arena, &pool);
    for (int i = 2; i < argc; i++) {
        struct set set = {0};
        read_set(&set, argv[i], &arena);
        good &= print_set(&set, splits);
        cascade_fini(&set.cascade);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return good ? 0 : 1;
}

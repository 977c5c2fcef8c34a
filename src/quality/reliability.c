#include "quality/reliability.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct answer {
    double confidence;
    double right;  // 1 or 0; then the rate among those of the same confidence
};

static int by_confidence(const void *a, const void *b) {
    double x = ((const struct answer *)a)->confidence, y = ((const struct answer *)b)->confidence;
    return (x > y) - (x < y);
}

static struct answer *sorted(struct calibrate_rows rows, struct reliability *r) {
    struct answer *answers = mem_array(rows.count + 1, sizeof(*answers));
    for (size_t i = 0; i < rows.count; i++) {
        if (isnan(rows.raw[i])) {
            r->silent++;
        } else {
            answers[r->answers++] = (struct answer){rows.raw[i], rows.correct[i] ? 1 : 0};
        }
    }
    qsort(answers, r->answers, sizeof(*answers), by_confidence);
    return answers;
}

// Sums over the answers as they came, and ties made equal; rising confidence.
static void level(struct answer *answers, struct reliability *r) {
    double right = 0, wrong = 0, pairs = 0, square = 0, confidence = 0;
    for (size_t from = 0, to; from < r->answers; from = to) {
        double right_here = 0;
        for (to = from; to < r->answers && answers[to].confidence == answers[from].confidence;
             to++) {
            double off = answers[to].confidence - answers[to].right;
            square += off * off;
            confidence += answers[to].confidence;
            right_here += answers[to].right;
        }
        double wrong_here = (double)(to - from) - right_here;
        pairs += right_here * (wrong + wrong_here / 2);
        right += right_here;
        wrong += wrong_here;
        for (size_t i = from; i < to; i++) {
            answers[i].right = right_here / (double)(to - from);
        }
    }
    double count = (double)r->answers;
    r->accuracy = right / count;
    r->confidence = confidence / count;
    r->brier = square / count;
    r->auroc = pairs / (right * wrong);
}

static void fill_bins(const struct answer *answers, struct reliability *r) {
    r->bin_count = r->answers < RELIABILITY_BINS ? r->answers : RELIABILITY_BINS;
    for (size_t b = 0; b < r->bin_count; b++) {
        struct reliability_bin *bin = &r->bins[b];
        size_t from = b * r->answers / r->bin_count, to = (b + 1) * r->answers / r->bin_count;
        bin->count = to - from;
        for (size_t i = from; i < to; i++) {
            bin->confidence += answers[i].confidence / (double)bin->count;
            bin->accuracy += answers[i].right / (double)bin->count;
        }
        r->ece += fabs(bin->confidence - bin->accuracy) * (double)bin->count / (double)r->answers;
    }
}

static void fill_points(const struct answer *answers, struct reliability *r) {
    double wrong = 0;
    r->point_count = r->answers < RELIABILITY_POINTS ? r->answers : RELIABILITY_POINTS;
    for (size_t taken = 1, p = 0; taken <= r->answers; taken++) {
        wrong += 1 - answers[r->answers - taken].right;
        r->aurc += wrong / (double)taken / (double)r->answers;
        if (taken == (p + 1) * r->answers / r->point_count) {
            r->points[p++] = (struct reliability_point){(double)taken / (double)r->answers,
                                                        wrong / (double)taken};
        }
    }
}

void reliability_measure(struct calibrate_rows rows, struct reliability *r) {
    *r = (struct reliability){0};
    struct answer *answers = sorted(rows, r);
    if (r->answers == 0) {
        r->accuracy = r->confidence = r->ece = r->brier = r->auroc = r->aurc = NAN;
    } else {
        level(answers, r);
        fill_bins(answers, r);
        fill_points(answers, r);
    }
    mem_free(answers);
}

void reliability_calibrate(struct calibrate_rows rows, double *calibrated) {
    size_t half = rows.count / 2;
    const struct {
        size_t from, to;
    } halves[] = {{0, half}, {half, rows.count}};
    for (int h = 0; h < 2; h++) {
        size_t from = halves[1 - h].from;
        size_t count = halves[1 - h].to - from;
        struct calibrate_rows others = {rows.raw + from, rows.correct + from,
                                        count < CALIBRATE_MOST ? count : CALIBRATE_MOST};
        struct calibration calibration = {0};
        double losses[CALIBRATE_KINDS];
        calibrate_choose(others, &calibration, losses);
        for (size_t i = halves[h].from; i < halves[h].to; i++) {
            calibrated[i] = isnan(rows.raw[i]) ? NAN : calibration_apply(&calibration, rows.raw[i]);
        }
        calibrate_release(&calibration);
    }
}

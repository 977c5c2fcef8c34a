#include "quality/audit.h"

#include <assert.h>
#include <math.h>

// What a bet may at most lose of the capital.
static const double stake_most = 0.75;

void audit_init(struct audit *audit, double risk, double delta) {
    assert(risk > 0 && risk < 1 && delta > 0 && delta < 1);
    *audit = (struct audit){.risk = risk, .delta = delta, .sum = 0.5, .squares = 0.25};
}

// The stake that makes capital grow fastest, to second order, if verdicts go on as they were
// ("aGRAPA" of the paper). The first is made as if one verdict of a half had been seen.
static double stake(double gain, double variance, double most) {
    double best = gain / (variance + gain * gain);
    return best < 0 ? 0 : best < most ? best : most;
}

void audit_see(struct audit *a, bool wrong) {
    double count = (double)a->seen + 1;
    double mean = a->sum / count, variance = a->squares / count, z = wrong ? 1 : 0;
    double against = stake(mean - a->risk, variance, stake_most / a->risk);
    double favour = stake(a->risk - mean, variance, stake_most / (1 - a->risk));
    a->against += log1p(against * (z - a->risk));
    a->favour += log1p(favour * (a->risk - z));
    a->most = fmax(a->most, a->against);
    a->seen++;
    a->wrong += wrong;
    a->sum += z;
    double distance = z - a->sum / (count + 1);
    a->squares += distance * distance;
}

double audit_evidence(const struct audit *audit) {
    return exp(audit->against);
}

double audit_favour(const struct audit *audit) {
    return exp(audit->favour);
}

enum audit_state audit_state(const struct audit *a) {
    double alarm = -log(a->delta);
    return a->most >= alarm ? AUDIT_BROKEN : a->against >= alarm / 2 ? AUDIT_WATCH : AUDIT_HOLDS;
}

const char *audit_state_name(enum audit_state state) {
    static const char *const names[] = {"holds", "watch", "broken"};
    return names[state];
}

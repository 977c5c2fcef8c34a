// Does a certificate's promise still hold? Verdicts on accepted answers, drawn at random, are bet
// on one after the other: the capital is the evidence.
//
// Against "at most `risk` is wrong" the stake of a bet is chosen before its verdict is seen, so the
// capital of one who should not win has an expectation of at most 1, however long one plays and
// whenever one looks: the chance that it ever reaches 1 / delta is at most delta (Ville;
// Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86,
// 2024).
#ifndef TASKFIT_QUALITY_AUDIT_H
#define TASKFIT_QUALITY_AUDIT_H

#include <stdbool.h>
#include <stdint.h>

enum audit_state {
    AUDIT_HOLDS,   // nothing speaks against the promise that chance could not
    AUDIT_WATCH,   // the evidence is half the way (of its logarithm) to
    AUDIT_BROKEN,  // more was wrong than was promised; once is for ever
};

struct audit {
    double risk, delta;
    uint64_t seen, wrong;
    double against, favour;  // logarithms of the capital of one who bets against it, and on it
    double most;             // that `against` ever was
    double sum, squares;     // of verdicts, and of their distances from the mean so far
};

void audit_init(struct audit *audit, double risk, double delta);
void audit_see(struct audit *audit, bool wrong);

double audit_evidence(const struct audit *audit);  // against the promise; from 0 on, 1: none
double audit_favour(const struct audit *audit);    // that it holds, likewise
enum audit_state audit_state(const struct audit *audit);
const char *audit_state_name(enum audit_state state);

#endif

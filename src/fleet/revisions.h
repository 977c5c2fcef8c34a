// What people made of outcomes, on its way to the topic of decisions.
//
//     revisions (rows) ──claim──► hop that no record brought ──publish──► mark as published
//
// Whoever revises stores a row and is done; the escalators publish it. A claim lasts a while, so
// that what a dead one had claimed is claimed again: an event comes at least once. Of a job's
// revisions the next is claimed when the one before is out.
#ifndef TASKFIT_FLEET_REVISIONS_H
#define TASKFIT_FLEET_REVISIONS_H

#include "fleet/station.h"

struct revision {
    uint32_t number;
    struct slice reviewer, note;
    int64_t revised_ms;
    uint32_t hop;  // of the outcome
    struct slice tier;
    bool out;      // the brokers have it, or never will
};

struct revisions {
    struct station *station;
    struct store *marking;
    bool asked;
    int64_t due_ms;
};

void revisions_init(struct revisions *revisions, struct station *station);
void revisions_fini(struct revisions *revisions);

// Claims what is due and marks what is out; returns milliseconds until it must be called again.
int64_t revisions_turn(struct revisions *revisions, int64_t now_ms);

// The station's events of a hop with a revision. False: the producer's queue is full.
bool revisions_send(struct revisions *revisions, struct hop *hop);
void revisions_out(struct revisions *revisions, struct hop *hop);

#endif

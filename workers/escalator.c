// taskfit-escalator: decides what becomes of every answer.
#include "fleet/escalator.h"
#include "fleet/role.h"

static bool open(void **self, struct process *process, const char *tier, struct err *err) {
    (void)tier;
    struct escalator *escalator;
    bool ok = escalator_open(&escalator, process, err);
    *self = escalator;
    return ok;
}

static void close(void *self) {
    escalator_close(self);
}

static int64_t turn(void *self, int64_t now_ms) {
    return escalator_turn(self, now_ms);
}

static void drain(void *self, int64_t now_ms) {
    escalator_drain(self, now_ms);
}

static bool drained(const void *self) {
    return escalator_drained(self);
}

static bool ready(const void *self) {
    return escalator_ready(self);
}

int main(int argc, char **argv) {
    static const struct role role = {
        "taskfit-escalator",
        "Takes the tiers' results, runs the rules, decides, and moves jobs on.",
        false, open, close, turn, drain, drained, ready};
    return role_main(&role, argc, argv);
}

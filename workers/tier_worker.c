// taskfit-worker: calls the models of one tier.
#include "fleet/role.h"
#include "fleet/worker.h"

static bool open(void **self, struct process *process, const char *tier, struct err *err) {
    struct worker *worker;
    bool ok = worker_open(&worker, process, tier, err);
    *self = worker;
    return ok;
}

static void close(void *self) {
    worker_close(self);
}

static int64_t turn(void *self, int64_t now_ms) {
    return worker_turn(self, now_ms);
}

static void drain(void *self, int64_t now_ms) {
    worker_drain(self, now_ms);
}

static bool drained(const void *self) {
    return worker_drained(self);
}

static bool ready(const void *self) {
    return worker_ready(self);
}

int main(int argc, char **argv) {
    static const struct role role = {
        "taskfit-worker", "Takes the jobs of a tier, calls its models, stores what they answer.",
        true, open, close, turn, drain, drained, ready};
    return role_main(&role, argc, argv);
}

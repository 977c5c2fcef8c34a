// taskfit-gateway: an HTTP API before the fleet.
#include "fleet/role.h"
#include "gateway/gateway.h"

static bool open(void **self, struct process *process, const char *tier, struct err *err) {
    (void)tier;
    struct gateway *gateway = NULL;
    bool ok = gateway_open(&gateway, process, err);
    *self = gateway;
    return ok;
}

static void close(void *self) {
    gateway_close(self);
}

static int64_t turn(void *self, int64_t now_ms) {
    return gateway_turn(self, now_ms);
}

static void drain(void *self, int64_t now_ms) {
    gateway_drain(self, now_ms);
}

static bool drained(const void *self) {
    return gateway_drained(self);
}

static bool ready(const void *self) {
    return gateway_ready(self);
}

int main(int argc, char **argv) {
    static const struct role role = {
        "taskfit-gateway", "Serves OpenAI's API for files and batches before the fleet.",
        false, open, close, turn, drain, drained, ready};
    return role_main(&role, argc, argv);
}

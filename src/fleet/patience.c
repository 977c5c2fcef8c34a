#include "fleet/patience.h"

void patience_turn(struct patience *p, const struct config *config, int64_t now_ms) {
    int64_t patience_ms = config->kafka.session_timeout_ms / 2;
    if (p->turned_ms > 0 && now_ms - p->turned_ms >= patience_ms) {
        p->woke_ms = now_ms;
    }
    p->turned_ms = now_ms;
}

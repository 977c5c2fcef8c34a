#include "fleet/switches.h"

#include "base/log.h"
#include "fleet/process.h"
#include "io/loop.h"
#include "io/pg.h"

enum { EVERY_MS = 1000 };  // with the question's own time, well within two seconds

void switches_init(struct switches *switches, struct process *process, struct pg *pg,
                   const char *tier, void (*switched)(void *owner, struct slice weights),
                   void *owner) {
    *switches = (struct switches){
        .process = process, .pg = pg, .tier = tier, .switched = switched, .owner = owner};
}

void switches_fini(struct switches *switches) {
    buf_fini(&switches->weights);
}

static void hear(struct switches *switches, struct slice weights) {
    if (slice_equal(weights, buf_slice(&switches->weights))) {
        return;
    }
    buf_clear(&switches->weights);
    buf_slice_add(&switches->weights, weights);
    if (weights.len > 0) {
        log_info("tier %s is switched: %.*s", switches->tier, SLICE_ARGS(weights));
    } else {
        log_info("tier %s: the weights of the configuration hold again", switches->tier);
    }
    switches->switched(switches->owner, weights);
}

static void on_answer(void *owner, const struct pg_result *result, const struct err *err) {
    struct switches *switches = owner;
    switches->sent = false;
    if (result) {
        switches->known = true;
        hear(switches, pg_rows(result) > 0 ? pg_get_slice(result, 0, 0) : (struct slice){0});
    } else if (err->kind == ERR_RETRY) {
        log_debug("%s; whether the tier was switched is asked again", err->text);
    } else {
        switches->process->fatal(switches->process->fatal_owner, err);
    }
}

int64_t switches_turn(struct switches *switches, int64_t now_ms) {
    struct pg_params params = {0};
    if (switches->sent) {
        return -1;
    }
    if (now_ms < switches->due_ms) {
        return switches->due_ms - now_ms;
    }
    if (!pg_ready(switches->pg)) {
        return -1;  // the connection wakes the loop when it is
    }
    pg_scalar(&params, PG_TEXT);
    pg_slice(&params, slice_of(switches->tier));
    switches->sent = true;
    switches->due_ms = now_ms + EVERY_MS;
    pg_run(switches->pg, PG_tier_switch, &params, on_answer, switches);
    pg_params_fini(&params);
    return -1;
}

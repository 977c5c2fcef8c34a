// Takes events to the endpoints of webhooks.
//
//     webhook_deliveries (rows, due) ──claim for a while──► POST ──► delivered, due again, or dead
//
// Several gateways may do so. What one that died had claimed is due again when its claim ends, so a
// delivery is made at least once, under the same id. A claim takes no more than some at a time for
// an endpoint, so that one that is slow leaves room for the others.
#ifndef TASKFIT_GATEWAY_COURIER_H
#define TASKFIT_GATEWAY_COURIER_H

#include <stdbool.h>
#include <stdint.h>

struct courier;
struct gateway;

struct courier *courier_new(struct gateway *gateway);
void courier_free(struct courier *courier);                     // what is under way is forgotten
int64_t courier_turn(struct courier *courier, int64_t now_ms);  // a wait in ms; -1: none
bool courier_idle(const struct courier *courier);               // nothing is under way

#endif

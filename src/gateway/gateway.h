// The gateway: an OpenAI-compatible HTTP API before the fleet, as a role of fleet/role.
#ifndef TASKFIT_GATEWAY_GATEWAY_H
#define TASKFIT_GATEWAY_GATEWAY_H

#include <stdint.h>

#include "base/err.h"

struct gateway;
struct process;

bool gateway_open(struct gateway **gateway, struct process *process, struct err *err) MUST_CHECK;
void gateway_close(struct gateway *gateway);
int64_t gateway_turn(struct gateway *gateway, int64_t now_ms);
void gateway_drain(struct gateway *gateway, int64_t now_ms);  // no new requests
bool gateway_drained(const struct gateway *gateway);
bool gateway_ready(const struct gateway *gateway);

#endif

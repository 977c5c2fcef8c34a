// Those who watch: the overview as server-sent events, every two seconds. One question a tenant,
// however many watch; who does not read what was sent before is left out.
#ifndef TASKFIT_GATEWAY_WATCH_H
#define TASKFIT_GATEWAY_WATCH_H

#include <stdint.h>

struct call;
struct gateway;
struct watch;

void watch_begin(struct call *call);

struct watch *watch_new(struct gateway *gateway);
void watch_free(struct watch *watch);
int64_t watch_turn(struct watch *watch, int64_t now_ms);  // a wait in ms; -1: none
void watch_drain(struct watch *watch);  // their streams end

#endif

// Conversations of the API: made, asked about, added to and deleted. What requests of one say and
// are answered is added by themselves (turns.h).
#ifndef TASKFIT_GATEWAY_TALKS_H
#define TASKFIT_GATEWAY_TALKS_H

struct call;

void talks_create(struct call *call);
void talks_get(struct call *call);
void talks_set(struct call *call);
void talks_delete(struct call *call);
void talks_items(struct call *call);
void talks_add(struct call *call);

#endif

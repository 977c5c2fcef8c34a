// Endpoints of webhooks, as OpenAI's API has them (/v1/webhook_endpoints), and what is on its way.
#ifndef TASKFIT_GATEWAY_HOOKS_H
#define TASKFIT_GATEWAY_HOOKS_H

struct call;

void hooks_create(struct call *call);
void hooks_list(struct call *call);
void hooks_get(struct call *call);
void hooks_delete(struct call *call);
void hooks_rotate(struct call *call);
void hooks_test(struct call *call);
void hooks_deliveries(struct call *call);
void hooks_replay(struct call *call);

#endif

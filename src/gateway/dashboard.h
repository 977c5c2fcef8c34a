// The dashboard's page, its style and its script, which are part of the program.
#ifndef TASKFIT_GATEWAY_DASHBOARD_H
#define TASKFIT_GATEWAY_DASHBOARD_H

struct call;

void dashboard_get(struct call *call);

#endif

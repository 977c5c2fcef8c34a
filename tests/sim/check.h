// What must hold when a world has come to rest (design §3).
#ifndef TASKFIT_SIM_CHECK_H
#define TASKFIT_SIM_CHECK_H

void check_all(void);
struct node;
struct subject;
void check_turn(const struct node *node, const struct subject *subject, unsigned hop);  // a call
void check_idle(void);  // processes at rest hold no hops

#endif

// The desk: people at the queue of reviews, over HTTP. The statements and the order of questions
// are those of `taskfit review` (cli/reviewer.c), each question's answer asking the next.
//
//     next, lease ──► task (input, attempts, form, rules) ──► answer | skip | release,   undo ──►
//     task
//
// Who it is that says something, the API key's name says; where there are no keys, `reviewer` of
// the body. What changed meanwhile is status 409, and nothing has happened then.
#ifndef TASKFIT_GATEWAY_DESK_H
#define TASKFIT_GATEWAY_DESK_H

struct call;

void desk_list(struct call *call);
void desk_next(struct call *call);
void desk_lease(struct call *call);
void desk_answer(struct call *call);
void desk_skip(struct call *call);     // somebody else shall look
void desk_release(struct call *call);  // given back
void desk_undo(struct call *call);
void desk_attachment(struct call *call);  // of an input that was kept

#endif

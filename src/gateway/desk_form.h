// What a path's answers are like and its rules, as members of a JSON object.
#ifndef TASKFIT_GATEWAY_DESK_FORM_H
#define TASKFIT_GATEWAY_DESK_FORM_H

#include "base/buf.h"

struct config_path;

// "form": [{"name", "labels", "optional"}, …], "rules": [{"code", "severity", "text"}, …]; a path
// that is not there any more has null for both.
void desk_form_write(struct buf *out, const struct config_path *path);

#endif

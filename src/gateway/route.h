// What the API answers: a table of methods and paths.
#ifndef TASKFIT_GATEWAY_ROUTE_H
#define TASKFIT_GATEWAY_ROUTE_H

#include "base/slice.h"

struct call;

enum route_body {
    BODY_NONE,    // what comes is not looked at
    BODY_JSON,    // an object
    BODY_UPLOAD,  // taken as it comes
};

struct route {
    const char *method;
    const char *path;    // "{}" stands for a segment, the id
    const char *prefix;  // of that id: "file-"; NULL: it is a name
    enum route_body body;
    unsigned scope;      // enum api_scope: a key must have one of them; 0: anybody may
    void (*handle)(struct call *call);
};

enum route_step { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD };

// id: the segment that stands for {}; absent: the path has none.
enum route_step route_find(const char *method, const char *path, const struct route **route,
                           struct slice *id);

#endif

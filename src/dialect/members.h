// The members of a JSON object that a request is, from three sources: ours, the payload's, and the
// configuration's `extra`, each winning over the one before.
#ifndef TASKFIT_DIALECT_MEMBERS_H
#define TASKFIT_DIALECT_MEMBERS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"

struct members {
    struct buf *body;
    struct arena *arena;
    struct json extra;  // count 0: none
    bool any;           // is written
};

// Opens the object. False: `extra`, the configuration's text, is no JSON object.
bool members_open(struct members *members, const char *extra, struct err *err) MUST_CHECK;
// Writes `"name":` unless extra has that member; true: the value is to be written now.
bool members_add(struct members *members, const char *name);
bool members_extra_has(const struct members *members, const char *name);
// All of object's members but those of extra and those named in `but`, which ends with NULL.
void members_copy(struct members *members, const struct json *object, const char *const but[]);
void members_close(struct members *members);

#endif

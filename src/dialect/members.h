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
    struct json extra;    // count 0: none
    uint32_t at;          // the object in extra
    const char *entered;  // the member that is an object of members itself; NULL: none
    bool any;             // is written
};

// Opens the object. False: `extra`, the configuration's text, is no JSON object.
bool members_open(struct members *members, const char *extra, struct err *err) MUST_CHECK;
// Writes `"name":` unless extra has that member; true: the value is to be written now.
bool members_add(struct members *members, const char *name);
bool members_extra_has(const struct members *members, const char *name);
// All of the object's members but those of extra and those named in `but`, which ends with NULL.
void members_copy(struct members *members, const struct json *json, uint32_t object,
                  const char *const but[]);
// Only those named.
void members_copy_only(struct members *members, const struct json *json, const char *const names[]);
void members_close(struct members *members);

// Opens a member that is an object too, in which extra's object of that name adds and wins member
// by member. False: extra has something else there, which stands. Once for each object.
bool members_enter(struct members *outer, const char *name, struct members *inner);

#endif

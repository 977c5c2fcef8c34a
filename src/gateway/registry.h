// Rows of single requests on their way into the database: whose response it is, what it added to a
// conversation. Many to a statement, one statement at a time: what comes meanwhile is the next one.
#ifndef TASKFIT_GATEWAY_REGISTRY_H
#define TASKFIT_GATEWAY_REGISTRY_H

#include "base/err.h"
#include "base/list.h"
#include "base/uuid.h"

struct gateway;
struct registry;

struct registration {
    struct list_node node;
    struct uuid id;
    struct slice tenant, path, metadata;
    bool background;
    struct uuid conversation, previous;  // nil: none
    struct slice items;                  // what it adds to a conversation; absent: nothing
    void (*done)(void *owner, const struct err *err);  // err NULL: the row is there
    void *owner;
};

struct registry *registry_new(struct gateway *gateway);
void registry_free(struct registry *registry);
// The registration, and what it points to, stay its owner's until `done`, or until forgotten.
void registry_put(struct registry *registry, struct registration *registration);
void registry_forget(struct registration *registration);
void registry_turn(struct registry *registry);

#endif

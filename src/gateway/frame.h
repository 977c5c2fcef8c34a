// What the parts of the gateway share: the process's ends to the world.
#ifndef TASKFIT_GATEWAY_FRAME_H
#define TASKFIT_GATEWAY_FRAME_H

#include "fleet/process.h"
#include "gateway/access.h"
#include "gateway/asks.h"
#include "gateway/audit.h"
#include "gateway/folder.h"
#include "gateway/quota.h"

struct enqueue;
struct producer;

struct gateway {
    struct process *process;
    struct config *first;                   // that it was started with, for:
    const struct config_gateway *settings;  // which hold until it ends
    const struct config *newest;            // that was looked at: only told from others by it
    struct httpd *httpd;
    struct asks *asks;
    struct folder *folder;
    struct producer *producer;
    struct enqueue *enqueue;
    struct batch_work *batches;
    struct singles *singles;
    struct registry *registry;
    struct watch *watch;
    struct courier *courier;
    struct access access;
    struct quota quota;
    struct audit audit;
    size_t calls;        // requests in hand
    size_t body_bytes;   // held for them, with what is parsed of them
    bool draining;
    int64_t drain_until_ms;
};

// What a record's owner is: told once what became of it.
struct delivery {
    void (*delivered)(void *owner, const struct err *err);
    void *owner;
};

// A new job to its path's first tier; false: the queue is full (ERR_RETRY) or it is too large.
struct job;
bool gateway_send(struct gateway *gateway, const struct job *job, struct delivery *delivery,
                  struct err *err) MUST_CHECK;

#endif

// What shadow models said to a job's hops: a part of its story.
#ifndef TASKFIT_CLI_STORY_SHADOWS_H
#define TASKFIT_CLI_STORY_SHADOWS_H

#include "cli/story.h"

struct page;

struct story_shadow {
    struct attempt attempt;  // beside the one of the same hop
    struct slice worker;
};

bool story_shadows_read(struct pg_session *session, struct arena *arena, struct story *story,
                        struct err *err) MUST_CHECK;
// Those of a hop.
void story_shadows_print(struct page *page, const struct story *story, uint32_t hop);
void story_shadows_json(const struct story *story, uint32_t hop, struct buf *out);

#endif

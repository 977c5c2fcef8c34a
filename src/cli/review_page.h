// What a person sees of a job: the input, all answers side by side, why it is here, what may be
// said.
#ifndef TASKFIT_CLI_REVIEW_PAGE_H
#define TASKFIT_CLI_REVIEW_PAGE_H

#include "cli/reviewer.h"

enum { PAGE_CHOICES_MOST = 9 };

struct review_view {
    const struct story *story;
    const struct review_lease *lease;
    const struct path *path;             // NULL: the configuration has no such path
    const struct story_hop *proposed;    // NULL: there is no answer
    struct slice draft;                  // an answer that is being made; absent: none
    const char *note, *message;          // "": none
};

void review_page_print(const struct review_view *view, struct arena *arena);

#endif

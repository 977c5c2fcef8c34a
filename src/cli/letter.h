// Dead letters as the command line reads them: which, a page of them at a time.
#ifndef TASKFIT_CLI_LETTER_H
#define TASKFIT_CLI_LETTER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/uuid.h"

struct pg_session;

enum { LETTER_PLACE = 300, LETTERS_PAGE = 100 };

struct letter {
    struct slice topic;
    int64_t partition, offset, recorded_ms;
    char place[LETTER_PLACE];  // topic/partition/offset
    bool has_job, has_batch;
    struct uuid job_id, batch_id;
    struct slice custom_id;
    int64_t line;
    bool decided;              // by a decision, which is the job's outcome
    struct slice key, value, headers;  // value and headers: only where they were asked for
    int64_t size;              // of the value
    struct slice reason, text;
    bool replaying;            // it goes out just now, or whoever replayed it died
    int64_t attempts, replays;
    int64_t dead_ms, replayed_ms, dropped_ms;  // 0: not
};

// Which letters. One that is zeroed: all that are neither replayed nor dropped.
struct letter_filter {
    bool has_batch, has_job, closed;  // closed: those replayed or dropped, too
    struct uuid batch, job;
    const char *reason;     // or the first part of it; NULL: any
    int64_t older_ms;       // at least so long ago
    struct slice topic;     // with the two below one place; absent: any
    int64_t partition, offset;
    bool values;            // read them, too
};

// What a person calls a letter: a job's id (all of its letters) or TOPIC/PARTITION/OFFSET.
// name must live as long as the filter. EX_USAGE: neither.
bool letter_name(struct letter_filter *filter, const char *name, struct err *err) MUST_CHECK;

// Reads through, page by page, as of the time of the first page: letters that come while it goes
// on are not met.
struct letter_walk {
    const struct letter_filter *filter;
    struct letter letters[LETTERS_PAGE];
    size_t count;       // 0: that was all
    int64_t now_ms;     // of the database; 0: not begun
};
// The next page, whose texts are in the arena; those of the page before are gone.
bool letter_walk(struct pg_session *session, struct letter_walk *walk, struct arena *arena,
                 struct err *err) MUST_CHECK;

// "open", "decided", "replaying", "replayed", "dropped".
const char *letter_state(const struct letter *letter);

#endif

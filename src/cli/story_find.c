// Which job a person means.
#include <sysexits.h>

#include "cli/batch.h"
#include "cli/story.h"

static bool is_empty(const struct story *story) {
    return story->hop_count == 0 && story->letter_count == 0;
}

static bool read_of_batch(struct pg_session *session, const char *called, const char *custom_id,
                          struct arena *arena, struct story *story, struct err *err) {
    struct batch batch;
    struct uuid job;
    if (!batch_find(session, called, arena, &batch, err)) {
        return false;
    }
    job = uuid_derive(batch.id, slice_of(custom_id));
    if (!story_read(session, job, arena, story, err)) {
        return false;
    }
    return !is_empty(story) || (batch_find_job(session, &batch, custom_id, &job, err) &&
                                story_read(session, job, arena, story, err));
}

static bool read_of_id(struct pg_session *session, struct uuid job, struct arena *arena,
                       struct story *story, struct err *err) {
    if (!story_read(session, job, arena, story, err)) {
        return false;
    }
    if (is_empty(story)) {
        return err_exit(err, EX_NOINPUT, "nothing is stored of a job %s: it waits in a topic, or "
                        "there is none", story->id_text);
    }
    return true;
}

bool story_find(struct pg_session *session, const char *batch, const char *name,
                struct arena *arena, struct story *story, struct err *err) {
    struct uuid job;
    const char *slash = strchr(name, '/');
    if (batch == NULL && uuid_parse(slice_of(name), &job)) {
        return read_of_id(session, job, arena, story, err);
    }
    if (batch == NULL && slash && slash > name && slash[1]) {
        struct slice before = {name, (size_t)(slash - name)};
        return read_of_batch(session, arena_string(arena, before), slash + 1, arena, story, err);
    }
    return read_of_batch(session, batch, name, arena, story, err);
}

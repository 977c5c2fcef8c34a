#include "fleet/recall.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "fleet/process.h"
#include "io/loop.h"

enum {
    EVERY_MS = 1000,  // with the question's own time, well within the two seconds that are promised
    MARGIN_MS = 10000,
};

void recall_init(struct recall *recall, struct process *process, struct pg *pg,
                 void (*recalled)(void *owner, const struct recall *recall), void *owner) {
    *recall = (struct recall){.process = process, .pg = pg, .recalled = recalled, .owner = owner,
                              .known_ms = loop_now_ms(process->loop)};
}

void recall_fini(struct recall *recall) {
    mem_free(recall->ids);
}

static int compare(const void *a, const void *b) {
    const struct recalled *one = a, *other = b;
    int order = memcmp(&one->id, &other->id, sizeof(one->id));
    return order ? order : one->capped - other->capped;
}

static bool is_named(const struct recall *recall, struct uuid id, bool capped) {
    const struct recalled key = {id, capped};
    return bsearch(&key, recall->ids, recall->count, sizeof(key), compare) != NULL;
}

enum reason recall_reason(const struct recall *recall, struct hop *hop) {
    bool open = hop->step == STEP_BEHIND || hop->step == STEP_READY ||
                hop->step == STEP_WAITING || hop->step == STEP_CALLING;
    if (!open) {
        return REASON_NONE;
    }
    if ((hop->job.has_id && is_named(recall, hop->job.id, false)) ||
        (hop->job.has_batch && is_named(recall, hop->job.batch_id, false))) {
        return REASON_JOB_CANCELLED;
    }
    hop->capped |= hop->job.has_batch && is_named(recall, hop->job.batch_id, true);
    return hop->capped && hop->step != STEP_CALLING ? REASON_SPEND_BATCH : REASON_NONE;
}

static void on_answer(void *owner, const struct pg_result *result, const struct err *err) {
    struct recall *recall = owner;
    recall->sent = false;
    if (result == NULL && err->kind != ERR_RETRY) {
        recall->process->fatal(recall->process->fatal_owner, err);
        return;
    }
    if (result == NULL) {
        log_debug("%s; what was cancelled is asked again", err->text);
        return;
    }
    recall->known_ms = recall->sent_ms;
    recall->count = (size_t)pg_rows(result);
    if (recall->count == 0) {
        return;
    }
    recall->ids = mem_realloc(recall->ids, recall->count * sizeof(*recall->ids));
    for (size_t i = 0; i < recall->count; i++) {
        recall->ids[i] = (struct recalled){pg_get_uuid(result, (int)i, 0),
                                           pg_get_int(result, (int)i, 1) != 0};
    }
    qsort(recall->ids, recall->count, sizeof(*recall->ids), compare);
    recall->recalled(recall->owner, recall);
}

static void ask(struct recall *recall, int64_t now_ms) {
    struct pg_params params = {0};
    pg_scalar(&params, PG_INT8);
    pg_int8(&params, now_ms - recall->known_ms + MARGIN_MS);
    recall->sent = true;
    recall->sent_ms = now_ms;
    pg_run(recall->pg, PG_recall, &params, on_answer, recall);
    pg_params_fini(&params);
}

int64_t recall_turn(struct recall *recall, bool any, int64_t now_ms) {
    int64_t due_ms = (recall->sent_ms > recall->known_ms ? recall->sent_ms : recall->known_ms) +
                     EVERY_MS;
    if (recall->sent) {
        return -1;
    }
    if (!any) {
        recall->known_ms = now_ms;  // whatever comes is admitted after this
        return -1;
    }
    if (now_ms < due_ms) {
        return due_ms - now_ms;
    }
    if (pg_ready(recall->pg)) {
        ask(recall, now_ms);
    }
    return -1;  // the connection wakes the loop when it is ready
}

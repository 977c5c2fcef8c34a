// Order keys: when a job is called, those of its key that came before it in its lane are stored or
// set aside.
#include "check.h"
#include "facts.h"
#include "node.h"

static bool is_past(const struct entry *entry) {
    const struct subject *s = entry->subject;
    return s->attempts[entry->hop].stored || s->letters_counted > 0 || entry->letter_row;
}

// Where the job first stands in a log; NULL: not there.
static const struct entry *first_of(const struct log *log, const struct subject *subject,
                                    unsigned hop) {
    for (size_t i = 0; i < log->count; i++) {
        const struct entry *entry = log->entries[i];
        if (entry->subject == subject && entry->hop == hop) {
            return entry;
        }
    }
    return NULL;
}

static void check_before(const struct log *log, const struct entry *at) {
    for (size_t i = 0; i < log->count && log->entries[i] != at; i++) {
        const struct entry *entry = log->entries[i];
        const struct subject *s = entry->subject;
        if (s && s != at->subject && s->order == at->subject->order && !is_past(entry)) {
            broken("job %u hop %u is called before job %u of the same order key",
                   at->subject->number, at->hop, s->number);
        }
    }
}

// One who has lost the partition knows no order any more; a log that was made anew has another.
void check_turn(const struct node *node, const struct subject *subject, unsigned hop) {
    const char *lane = hop == 0 ? subject->first_lane : subject->lane;
    const struct topic *topic = topic_of_tier(node->tier, lane);
    for (int p = 0; p < topic->log_count && !topic->is_remade && subject->order > 0; p++) {
        const struct log *log = &topic->logs[p];
        const struct entry *at = first_of(log, subject, hop);
        if (at && log->owner && log->owner->node == node) {
            check_before(log, at);
        }
    }
}

// What shadow models said: one row for each (job, hop, model), after the attempt's.
#include <string.h>

#include "base/json.h"
#include "facts.h"
#include "table.h"

// The first columns, which are all that is looked at.
enum { JOB, HOP, MODEL, TIER, PATH, BATCH, ANSWER, ERROR, COLUMNS, COST = 14 };

static bool is_refused(const struct slice v[COLUMNS]) {
    struct err err;
    if (!v[MODEL].at || !v[TIER].at || !v[PATH].at ||
        (v[ANSWER].at != NULL) == (v[ERROR].at != NULL)) {
        broken("a shadow without its model, tier or path, or with answer and error");
    }
    return v[ANSWER].at && !json_check(v[ANSWER], &json_default_limits, &err);
}

static void insert(const struct slice v[COLUMNS], int64_t cost) {
    struct subject *subject = subject_find(v[JOB]);
    int64_t hop = value_int(v[HOP]);
    int shade = slice_is(v[MODEL], "shade@1") ? 0 : slice_is(v[MODEL], "shade@2") ? 1 : -1;
    if (subject == NULL || shade < 0) {
        broken("a shadow of nobody's, or by no shadow model");
        return;
    }
    struct shadow_facts *facts = &subject->shadows[hop][shade];
    if (facts->rows > 0) {
        return;  // a statement that is run again
    }
    facts->rows++;
    tally(TALLY_SHADOWS_STORED);
    if (!subject->attempts[hop].stored || facts->calls != 1 || cost != facts->cost_pico_usd) {
        broken("job %u hop %u: a shadow's row without its attempt or its call, or of another cost",
               subject->number, (unsigned)hop);
    }
}

bool table_store_shadows(const struct pg_params *params) {
    struct reader columns[COLUMNS];
    for (int pass = 0; pass < 2; pass++) {  // the first looks whether all can be stored
        struct reader costs = param_reader(params, COST + 1);
        for (int c = 0; c < COLUMNS; c++) {
            columns[c] = param_reader(params, c + 1);
        }
        while (columns[0].left > 0) {
            struct slice v[COLUMNS];
            for (int c = 0; c < COLUMNS; c++) {
                v[c] = reader_next(&columns[c]);
            }
            int64_t cost = value_int(reader_next(&costs));
            if (pass == 0 && is_refused(v)) {
                return false;
            }
            if (pass == 1) {
                insert(v, cost);
            }
        }
    }
    return true;
}

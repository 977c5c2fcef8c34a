// Verdicts on audited answers, page by page from the database, to the evidence of each path.
#ifndef TASKFIT_FLEET_VERDICTS_H
#define TASKFIT_FLEET_VERDICTS_H

#include "fleet/config.h"
#include "quality/audit.h"
#include "quality/certificate.h"

struct pg_params;
struct pg_result;

struct verdict_watch {
    const struct path *path;
    struct audit audit;
    enum audit_state told;  // for whoever tells
};

// Of a row in the order of reading: the transaction that wrote it, and its number.
struct verdict_place {
    int64_t tx, id;
};

struct verdicts {
    struct verdict_watch *watches;
    uint32_t count;
    struct verdict_place last_audit, last_label;  // that were read; 0: none
    struct arena_pool pool;
};

// One for each path of the configuration, which must outlive them, whose certificate promises.
void verdicts_init(struct verdicts *verdicts, const struct config *config);
void verdicts_fini(struct verdicts *verdicts);

// Parameters of the statement audit_verdicts for the next page; its rows. True: there may be more.
void verdicts_ask(const struct verdicts *verdicts, struct pg_params *params);
bool verdicts_take(struct verdicts *verdicts, const struct pg_result *result);

const struct audit *verdicts_of(const struct verdicts *verdicts, const struct path *path);

#endif

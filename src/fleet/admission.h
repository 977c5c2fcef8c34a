// What the database knows of hops before they are called: one query for hundreds of them.
#ifndef TASKFIT_FLEET_ADMISSION_H
#define TASKFIT_FLEET_ADMISSION_H

#include "fleet/hop.h"
#include "io/pg.h"

enum admission {
    ADMISSION_CALL,       // nothing is stored: call a model
    ADMISSION_PUBLISH,    // the attempt is stored and now in hop->attempt: publish it again
    ADMISSION_FINISHED,   // stored and decided: nothing to do
    ADMISSION_BURIED,     // called, and refused by the database as hop->burial.text says
    ADMISSION_CANCELLED,  // the job or its batch
    ADMISSION_OVER_CAP,   // the batch has spent what it may
};

void admission_encode(struct hop *const *rows, size_t count, struct pg_params *params);

// Tells each row's verdict through `each`, in order.
void admission_read(struct hop *const *rows, size_t count, const struct pg_result *result,
                    void (*each)(void *owner, struct hop *hop, enum admission admission),
                    void *owner);

#endif

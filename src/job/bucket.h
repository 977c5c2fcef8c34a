// A rate as a bucket: it fills steadily, and what is to be done takes from it.
//
// Of a thing that is larger than the bucket a full one is enough, and then it owes the rest: so a
// rate holds over any sizes. Time is an argument, in ms of the steady clock.
#ifndef TASKFIT_JOB_BUCKET_H
#define TASKFIT_JOB_BUCKET_H

#include <stdint.h>

struct bucket {
    double held;      // below 0: owed
    double rate;      // per ms; 0: no limit
    double most;      // held at most
    int64_t now_ms;   // up to when it was filled
};

// Sets how much may pass within a period, of things that are usually of such a size: never more in
// any period than that. The first time it is full. limit 0: no limit.
void bucket_set(struct bucket *bucket, double limit, int64_t period_ms, double usual,
                int64_t now_ms);

// Milliseconds until so much may be taken; 0: now.
int64_t bucket_wait_ms(struct bucket *bucket, double size, int64_t now_ms);
void bucket_take(struct bucket *bucket, double size);  // below 0: gives back

#endif

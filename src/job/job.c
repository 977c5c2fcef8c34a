#include "job/job.h"

int64_t job_spent_pico_usd(const struct job *job) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < job->trail_count; i++) {
        sum += job->trail[i].cost_pico_usd;
    }
    return sum;
}

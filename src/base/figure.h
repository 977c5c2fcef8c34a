// Figures as people read them: money, spans of time, counts, shares.
#ifndef TASKFIT_BASE_FIGURE_H
#define TASKFIT_BASE_FIGURE_H

#include "base/buf.h"

// $1,234.57  $12.3457  $0.012346  $0.00000025: to the micro-dollar below a dollar, and smaller sums
// to four digits that count.
void figure_money(struct buf *out, int64_t pico_usd);
// The exact sum as a bare decimal without trailing zeros, in USD: for programs.
void figure_usd(struct buf *out, int64_t pico_usd);
// 850 ms, 1.24 s, 41 s, 3 min 07 s, 2 h 05 min, 3 d 04 h. Negative: "-".
void figure_span(struct buf *out, int64_t ms);
void figure_count(struct buf *out, int64_t count);   // 1,234,567
void figure_rate(struct buf *out, double per_second);  // 1,204/s, 3.4/s, 0.12/s
void figure_share(struct buf *out, int64_t part, int64_t whole);  // 82 %; never 100 % of less
void figure_probability(struct buf *out, double p);  // 0.9312; NaN: "-"
void figure_time(struct buf *out, int64_t wall_ms);  // 2026-11-24 04:26:00.123, UTC; 0: "-"

#endif

// All tiers and orders worth a try.
#ifndef TASKFIT_QUALITY_ARRANGEMENTS_H
#define TASKFIT_QUALITY_ARRANGEMENTS_H

#include "quality/cascade.h"

// With up to ARRANGEMENTS_ORDERED tiers every order of every subset (64 of
// four); with more, every subset
// in the order that the tiers have (255 of eight).
enum { ARRANGEMENTS_MOST = 255, ARRANGEMENTS_ORDERED = 4 };

size_t arrangements_list(uint32_t tier_count, struct arrangement out[ARRANGEMENTS_MOST]);

// The tiers as a set of bits.
unsigned arrangement_set(const struct arrangement *arrangement);

#endif

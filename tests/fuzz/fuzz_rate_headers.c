// Headers that tell of rates: any bytes give amounts and times that can be reckoned with.
#include <math.h>

#include "dialect/rate_headers.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct gate_quota told[GATE_TOLD];
    rate_headers_read(fuzz_slice(data, size), 1790000000000, told);
    for (int i = 0; i < GATE_TOLD; i++) {
        FUZZ_CHECK(isfinite(told[i].left));
        FUZZ_CHECK(told[i].until_ms >= 0 && told[i].until_ms <= 400LL * 86400 * 1000);
    }
    return 0;
}

// A certificate's file: what is read keeps to its bounds, calibrates to probabilities, and can be
// told in words; what is refused says why.
#include <math.h>
#include <sysexits.h>

#include "fuzz.h"
#include "quality/certificate.h"

static void check_tier(const struct certificate_tier *tier) {
    static const double raws[] = {0, 0.2, 0.5, 0.83, 1};
    FUZZ_CHECK(isnan(tier->threshold) || (tier->threshold >= 0 && tier->threshold <= 1));
    FUZZ_CHECK(tier->models.count <= CERTIFICATE_VERSIONS_MOST);
    FUZZ_CHECK(tier->prompts.count <= CERTIFICATE_VERSIONS_MOST);
    for (size_t i = 0; tier->used && i < sizeof(raws) / sizeof(raws[0]); i++) {
        double calibrated = calibration_apply(&tier->calibration, raws[i]);
        FUZZ_CHECK(calibrated >= 0 && calibrated <= 1);
    }
}

static void check(const struct certificate *certificate) {
    struct buf words = {0};
    FUZZ_CHECK(certificate->tier_count > 0 && certificate->tier_count <= PATH_TIERS_MOST);
    for (uint32_t i = 0; i < certificate->tier_count; i++) {
        check_tier(&certificate->tiers[i]);
        FUZZ_CHECK(certificate_tier_find(certificate, certificate->tiers[i].name) != NULL);
    }
    certificate_say(certificate, &words);
    FUZZ_CHECK(words.len > 0);
    buf_fini(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct certificate certificate;
    struct err err = {0};
    arena_init(&arena, &pool);
    if (certificate_read(fuzz_slice(data, size), &arena, &certificate, &err)) {
        check(&certificate);
    } else {
        FUZZ_CHECK(err.text[0] && err.exit_code == EX_CONFIG);
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

#include "fuzz_dialect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_dialect("hf_classify", data, size);
    return 0;
}

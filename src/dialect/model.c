#include "dialect/model.h"

int64_t price_of(const struct price *price, const struct usage *usage) {
    uint32_t cached = usage->cached_tokens < usage->input_tokens ? usage->cached_tokens
                                                                 : usage->input_tokens;
    __int128 sum = price->call_pico_usd;
    sum += (__int128)price->input_pico_usd * (usage->input_tokens - cached);
    sum += (__int128)price->cached_pico_usd * cached;
    sum += (__int128)price->output_pico_usd * usage->output_tokens;
    return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

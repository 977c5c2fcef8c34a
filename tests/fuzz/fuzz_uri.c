// Addresses: what is read has one form, which reads as itself, and holds nothing that a second
// reader could take for another host or path.
#include <string.h>

#include "fuzz.h"
#include "job/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena_pool pool = {0};
    struct arena arena;
    struct slice once, twice;
    const char *why = NULL;
    arena_init(&arena, &pool);
    if (!uri_read(fuzz_slice(data, size), &arena, &once, &why)) {
        FUZZ_CHECK(why != NULL);
    } else {
        FUZZ_CHECK(uri_read(once, &arena, &twice, &why) && slice_equal(once, twice));
        const char *host = memmem(once.at, once.len, "://", 3);
        FUZZ_CHECK(host != NULL);
        host += 3;
        const char *path = memchr(host, '/', (size_t)(once.at + once.len - host));
        FUZZ_CHECK(path > host && memchr(host, '@', (size_t)(path - host)) == NULL);
        const char *query = strchr(path, '?');
        size_t path_len = query ? (size_t)(query - path) : strlen(path);
        FUZZ_CHECK(memmem(path, path_len, "/../", 4) == NULL && strlen(once.at) == once.len);
        for (size_t i = 0; i < once.len; i++) {
            FUZZ_CHECK(once.at[i] > ' ' && once.at[i] < 0x7f && once.at[i] != '\\');
        }
    }
    arena_fini(&arena);
    arena_pool_fini(&pool);
    return 0;
}

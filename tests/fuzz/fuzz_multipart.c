// An upload's body: the first byte picks where it is cut in two. However it is cut, the same parts
// come out, and no more bytes than went in.
#include "fuzz.h"
#include "gateway/multipart.h"

static void on_part(void *owner, const char *name, const char *file_name) {
    buf_printf(owner, "\n[%s|%s]", name, file_name);
}

static void on_bytes(void *owner, struct slice bytes) {
    buf_slice_add(owner, bytes);
}

static void run(struct slice text, size_t cut, struct buf *out) {
    static const struct multipart_events events = {on_part, on_bytes};
    struct multipart multipart;
    FUZZ_CHECK(multipart_init(&multipart, "multipart/form-data; boundary=B", &events, out));
    multipart_put(&multipart, (struct slice){text.at, cut});
    multipart_put(&multipart, (struct slice){text.at + cut, text.len - cut});
    const char *wrong = multipart_end(&multipart);
    buf_text(out, wrong ? wrong : "whole");
    multipart_fini(&multipart);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct buf whole = {0}, cut = {0};
    if (size < 2) {
        return 0;
    }
    struct slice text = fuzz_slice(data + 1, size - 1);
    run(text, 0, &whole);
    run(text, data[0] % text.len, &cut);
    FUZZ_CHECK(slice_equal(buf_slice(&whole), buf_slice(&cut)));
    buf_fini(&whole);
    buf_fini(&cut);
    return 0;
}

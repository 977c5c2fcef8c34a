#include "cli/bad_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { SHOWN = 10 };

bool bad_lines_open(struct bad_lines *bad, const char *file_name, struct err *err) {
    bad->file_name = file_name;
    if (bad->json) {
        fputs("{\"bad\":[", stdout);
    }
    if (file_name == NULL) {
        return true;
    }
    bad->file = fopen(file_name, "we");
    if (bad->file == NULL) {
        return err_exit(err, EX_CANTCREAT, "--bad %s: %s", file_name, strerror(errno));
    }
    return true;
}

void bad_lines_add(struct bad_lines *bad, uint64_t line, struct slice reason) {
    bad->count++;
    if (bad->json || bad->file) {
        buf_clear(&bad->text);
        buf_printf(&bad->text, "{\"line\":%" PRIu64 ",\"reason\":", line);
        buf_json_string(&bad->text, reason);
        buf_char(&bad->text, '}');
    }
    if (bad->json) {
        printf("%s%s", bad->count > 1 ? ",\n" : "", bad->text.data);
    }
    if (bad->file) {
        fprintf(bad->file, "%s\n", bad->text.data);
    }
    if (bad->count <= SHOWN && !bad->json) {
        fprintf(stderr, "%s%s:%" PRIu64 ": %.*s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "",
                bad->input, line, SLICE_ARGS(reason));
    }
}

bool bad_lines_close(struct bad_lines *bad, struct err *err) {
    bool ok = true;
    if (bad->json) {
        fputs("],", stdout);
    } else if (bad->count > SHOWN) {
        fprintf(stderr, "%s: %" PRIu64 " more bad lines%s\n", bad->input, bad->count - SHOWN,
                bad->file ? "" : "; --bad FILE keeps them all");
    }
    if (bad->file && (ferror(bad->file) | fclose(bad->file)) != 0) {
        ok = err_exit(err, EX_IOERR, "--bad %s: %s", bad->file_name, strerror(errno));
    }
    bad->file = NULL;
    buf_fini(&bad->text);
    return ok;
}

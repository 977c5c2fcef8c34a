// The configuration file, through all checks. Whatever it holds, it is loaded or refused with a
// text that names what is wrong and shows no variable's value. Files that it names lie beside it,
// in /proc/self/fd: the number of the file itself makes it its own rules.
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "fleet/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// libjq 1.6 forgets a string that ends a program before its end, as in `."`. What Taskfit itself
// does not release is seen all the same: its own memory is not libjq's.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libjq.so";
}

static const char secret[] = "sk-4f1d0c77";
static int fd = -1;
static char path[32];

static void set_up(void) {
    fd = memfd_create("taskfit.yaml", MFD_CLOEXEC);
    assert(fd >= 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    setenv("KEY", secret, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct config *config;
    struct err err;
    if (fd < 0) {
        set_up();
    }
    bool ok = ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size;
    assert(ok);
    if (config_load(path, &config, &err)) {
        assert(config->model_count > 0 && config->tier_count > 0 && config->path_count > 0);
        config_release(config);
        return 0;
    }
    assert(err.kind == ERR_FATAL && err.text[0]);
    assert(err.exit_code == EX_CONFIG || err.exit_code == EX_NOINPUT);
    assert(strstr(err.text, secret) == NULL || memmem(data, size, secret, strlen(secret)));
    return 0;
}

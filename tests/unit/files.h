// A folder for one test program's files, removed at the end.
#ifndef TASKFIT_TESTS_FILES_H
#define TASKFIT_TESTS_FILES_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILES_MOST = 16, FILES_PATH = 256 };

static char files_folder[] = "/tmp/taskfit-unit-" "XX" "XX" "XX";
static char files_paths[FILES_MOST][FILES_PATH];
static int files_count;

static inline int files_open(void **state) {
    (void)state;
    return mkdtemp(files_folder) ? 0 : -1;
}

static inline int files_close(void **state) {
    (void)state;
    for (int i = 0; i < files_count; i++) {
        unlink(files_paths[i]);
    }
    return rmdir(files_folder);
}

// Writes text to name in the folder and returns its path.
static inline const char *files_write_bytes(const char *name, const char *bytes, size_t size) {
    char path[FILES_PATH];
    int place = 0;
    snprintf(path, sizeof(path), "%s/%s", files_folder, name);
    while (place < files_count && strcmp(files_paths[place], path) != 0) {
        place++;
    }
    assert_true(place < FILES_MOST);
    files_count += place == files_count;
    memcpy(files_paths[place], path, sizeof(path));
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return files_paths[place];
}

static inline const char *files_write(const char *name, const char *text) {
    return files_write_bytes(name, text, strlen(text));
}

// An error's text after the folder, where it begins with it.
static inline const char *files_tail(const char *text) {
    size_t len = strlen(files_folder);
    return strncmp(text, files_folder, len) == 0 ? text + len + 1 : text;
}

#endif

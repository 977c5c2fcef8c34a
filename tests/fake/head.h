// The head of an HTTP request: as much of it as the model stub looks at.
#ifndef TASKFIT_FAKE_HEAD_H
#define TASKFIT_FAKE_HEAD_H

#include <stdbool.h>
#include <stddef.h>

struct head {
    const char *path;
    size_t path_len, body_len, whole;  // whole: with the body
    const char *key;
    size_t key_len;
    bool post, close, chunked;
};

// False: the head is not whole yet.
bool head_read(struct head *head, const char *bytes, size_t len);
bool head_path_is(const struct head *head, const char *path);

#endif

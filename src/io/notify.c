#include "io/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

// In microseconds; meant for another process when WATCHDOG_PID says so (sd_watchdog_enabled(3)).
static int64_t watchdog_ms(void) {
    const char *interval = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    if (interval == NULL || (pid && strtol(pid, NULL, 10) != (long)getpid())) {
        return 0;
    }
    long long us = strtoll(interval, NULL, 10);
    return us > 0 ? us / 1000 : 0;
}

bool notify_open(struct notify *notify, struct err *err) {
    const char *name = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *notify = (struct notify){.fd = -1};
    if (name == NULL || *name == '\0') {
        return true;
    }
    size_t len = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || len >= sizeof(address.sun_path)) {
        return err_exit(err, EX_CONFIG, "NOTIFY_SOCKET: '%s' is no socket's name", name);
    }
    memcpy(address.sun_path, name, len);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';  // an abstract name
    }
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (notify->fd < 0 || connect(notify->fd, (struct sockaddr *)&address, size) < 0) {
        err_exit(err, EX_CONFIG, "NOTIFY_SOCKET: '%s': %s", name, strerror(errno));
        notify_close(notify);
        return false;
    }
    notify->watchdog_ms = watchdog_ms();
    return true;
}

void notify_close(struct notify *notify) {
    if (notify->fd >= 0) {
        close(notify->fd);
    }
    notify->fd = -1;
}

// What cannot be said now is not waited for: the supervisor's own time-outs tell it.
static void say(const struct notify *notify, const char *text) {
    if (notify->fd >= 0 && send(notify->fd, text, strlen(text), MSG_NOSIGNAL) < 0) {
        return;
    }
}

static void say_with_status(const struct notify *notify, const char *word, const char *status) {
    char text[512];
    snprintf(text, sizeof(text), "%s\nSTATUS=%s", word, status);
    say(notify, text);
}

void notify_starting(struct notify *notify, const char *status, int64_t alive_ms) {
    char word[64];
    snprintf(word, sizeof(word), "EXTEND_TIMEOUT_USEC=%" PRId64, alive_ms * 1000);
    say_with_status(notify, word, status);
}

void notify_ready(struct notify *notify, const char *status) {
    say_with_status(notify, "READY=1", status);
}

// Type=notify-reload wants the time at which the reload began (systemd 253).
void notify_reloading(struct notify *notify, int64_t steady_ms) {
    char text[128];
    snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, steady_ms * 1000);
    say(notify, text);
}

void notify_stopping(struct notify *notify, const char *status) {
    say_with_status(notify, "STOPPING=1", status);
}

int64_t notify_alive(struct notify *notify, int64_t now_ms) {
    if (notify->fd < 0 || notify->watchdog_ms == 0) {
        return -1;
    }
    if (now_ms >= notify->watchdog_due_ms) {
        say(notify, "WATCHDOG=1");
        // Half of the interval is what sd_watchdog_enabled(3) recommends; a third leaves room for a
        // turn that took long.
        notify->watchdog_due_ms = now_ms + notify->watchdog_ms / 3;
    }
    return notify->watchdog_due_ms - now_ms;
}

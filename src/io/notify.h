// Words to the supervisor that started the process: systemd's sd_notify(3), a datagram to the
// socket named by $NOTIFY_SOCKET. Without one nothing is said. Spoken here by hand, because the
// protocol is a line of text and libsystemd would be a library more to have everywhere.
#ifndef TASKFIT_IO_NOTIFY_H
#define TASKFIT_IO_NOTIFY_H

#include <stdint.h>

#include "base/err.h"

struct notify {
    int fd;  // -1: nobody listens
    int64_t watchdog_ms;  // 0: none; the supervisor kills a process that is silent for so long
    int64_t watchdog_due_ms;
};

// From the environment. Errors: EX_CONFIG, a socket that cannot be spoken to.
bool notify_open(struct notify *notify, struct err *err) MUST_CHECK;
void notify_close(struct notify *notify);

// It starts still, and will say so again within alive_ms: the supervisor's patience begins anew.
void notify_starting(struct notify *notify, const char *status, int64_t alive_ms);
// status: one line for people, as `systemctl status` shows it.
void notify_ready(struct notify *notify, const char *status);
void notify_reloading(struct notify *notify, int64_t steady_ms);  // notify_ready must follow
void notify_stopping(struct notify *notify, const char *status);

// Call it in every turn: it says that the process is alive as often as the supervisor wants to
// hear it. Returns milliseconds until it must be called again, -1: never.
int64_t notify_alive(struct notify *notify, int64_t now_ms);

#endif

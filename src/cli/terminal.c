#include "cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

enum { LOOK_TENTHS = 2 };  // how soon a signal is seen that came just before a read

static const int leaving_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int fatal_signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static struct termios before, keys;
static volatile sig_atomic_t is_open, leaving, stopped;

// Only calls that are safe in a signal handler (signal-safety(7)).
static void restore(void) {
    if (is_open) {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    }
}

static void on_leaving(int number) {
    leaving = number;
}

static void on_fatal(int number) {
    restore();
    raise(number);  // its handler was reset
}

static void handle(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

// Stops as if there were no handler, with the terminal as it was; and comes back.
static void on_stop(int number) {
    int saved = errno;
    sigset_t set;
    restore();
    handle(number, SIG_DFL, 0);
    sigemptyset(&set);
    sigaddset(&set, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &set, NULL);  // here it stands still
    handle(number, on_stop, 0);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
    stopped = true;
    errno = saved;
}

bool terminal_open(struct err *err) {
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &before) != 0) {
        return err_exit(err, EX_USAGE, "standard input and output are no terminal");
    }
    keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    keys.c_cc[VMIN] = 0;
    keys.c_cc[VTIME] = LOOK_TENTHS;
    is_open = true;
    atexit(restore);
    for (size_t i = 0; i < sizeof(leaving_signals) / sizeof(int); i++) {
        handle(leaving_signals[i], on_leaving, 0);
    }
    for (size_t i = 0; i < sizeof(fatal_signals) / sizeof(int); i++) {
        handle(fatal_signals[i], on_fatal, (int)SA_RESETHAND);
    }
    handle(SIGTSTP, on_stop, 0);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
    return true;
}

void terminal_close(void) {
    restore();
    is_open = false;
    if (leaving) {
        fflush(stdout);
        handle(leaving, SIG_DFL, 0);
        raise(leaving);
    }
}

// The rest of a key that sends several bytes.
static void swallow(void) {
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    char rest[16];
    while (poll(&in, 1, 0) > 0 && read(STDIN_FILENO, rest, sizeof(rest)) > 0) {
    }
}

int terminal_key(void) {
    for (;;) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        unsigned char key;
        if (leaving) {
            return TERMINAL_LEAVE;
        }
        if (stopped) {
            stopped = false;
            return TERMINAL_AGAIN;
        }
        if (read(STDIN_FILENO, &key, 1) == 1) {
            if (key == 27) {
                swallow();
            }
            return key == 4 ? TERMINAL_LEAVE : key;  // ^D
        }
        if (poll(&in, 1, 0) > 0 && (in.revents & (POLLHUP | POLLERR))) {
            return TERMINAL_LEAVE;
        }
    }
}

bool terminal_line(const char *prompt, struct buf *line) {
    char piece[512];
    ssize_t got;
    buf_clear(line);
    printf("%s", prompt);
    fflush(stdout);
    restore();
    do {
        got = read(STDIN_FILENO, piece, sizeof(piece));
        if (got > 0) {
            buf_bytes(line, piece, (size_t)got);
        }
    } while ((got > 0 || (got < 0 && errno == EINTR)) && !leaving &&
             (line->len == 0 || line->data[line->len - 1] != '\n'));
    tcsetattr(STDIN_FILENO, TCSADRAIN, &keys);
    if (leaving || line->len == 0) {
        return false;
    }
    line->len -= line->data[line->len - 1] == '\n';
    return true;
}

void terminal_clear(void) {
    fputs("\033[H\033[2J\033[3J", stdout);
}

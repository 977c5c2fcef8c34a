// A terminal that gives single keys and is as it was again on every way out: end, exit, signal,
// failed assertion, and while the program is stopped.
#ifndef TASKFIT_CLI_TERMINAL_H
#define TASKFIT_CLI_TERMINAL_H

#include "base/buf.h"
#include "base/err.h"

enum {
    TERMINAL_LEAVE = -1,  // end of input, or a signal that ends the program
    TERMINAL_AGAIN = -2,  // it was stopped, and goes on: draw again
};

// False: standard input or output is no terminal (EX_USAGE).
bool terminal_open(struct err *err) MUST_CHECK;
// Raises the signal that ended it, if one did.
void terminal_close(void);

// The next key's byte; an arrow or function key is 27. Control keys other than line end as bytes.
int terminal_key(void);
// A line that the terminal's own editing made, without its end. False: leave.
bool terminal_line(const char *prompt, struct buf *line);
void terminal_clear(void);

#endif

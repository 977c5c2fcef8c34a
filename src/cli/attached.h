// The attachments that a line of a file names: in one of its members, a file or an address, or a
// list of them, as texts or as {"path" or "uri", "media_type", "name"}.
//
// Files lie in the folder of the file that names them, or below it, and are read here; addresses
// have to be below a prefix of the configuration, as a worker will ask of them.
#ifndef TASKFIT_CLI_ATTACHED_H
#define TASKFIT_CLI_ATTACHED_H

#include "fleet/config.h"
#include "job/job.h"

struct attached {
    const struct config *config;
    const char *member;  // NULL: lines have none
    const char *file;    // that names them; NULL: standard input
    bool required;       // of rows: a line without the member is bad
};

// Sets the job's attachments, in the arena. False: *bad says why there are none; a line without the
// member has none, and is not bad.
bool attached_read(const struct attached *attached, struct slice input, struct arena *arena,
                   struct job *job, struct slice *bad) MUST_CHECK;

#endif

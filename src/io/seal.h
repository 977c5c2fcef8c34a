// Sealing short secrets for a table (AES-256-GCM, GnuTLS): who reads the table alone learns nothing
// of them, and cannot change them or move one to another's place unseen.
#ifndef TASKFIT_IO_SEAL_H
#define TASKFIT_IO_SEAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

// place: what the secret belongs to; it opens there alone.
bool seal_close(const unsigned char key[SHA256_BYTES], struct slice place, struct slice secret,
                struct buf *sealed) MUST_CHECK;
bool seal_open(const unsigned char key[SHA256_BYTES], struct slice place, struct slice sealed,
               struct buf *secret) MUST_CHECK;

#endif

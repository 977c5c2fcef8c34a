// A certificate and its key, as a server shows them (GnuTLS). TLS 1.2 at least.
//
// What is served is replaced as a whole: handshakes under way go on with what they began with, so
// what was replaced is kept until the process ends.
#ifndef TASKFIT_IO_TLS_H
#define TASKFIT_IO_TLS_H

#include "base/err.h"

// Serves these files from now on, or says what is wrong with them (EX_NOINPUT, EX_CONFIG), and what
// was served before stays.
bool tls_serve(const char *cert_file, const char *key_file, struct err *err) MUST_CHECK;
void tls_forget(void);  // at the end of the process

// For io/httpd.c: a gnutls_certificate_retrieve_function2, and what is spoken.
extern const char tls_priorities[];
void *tls_retrieve(void);

#endif

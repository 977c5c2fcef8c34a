#include "io/tls.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

enum { CHAIN_MOST = 16, SOON_SECONDS = 7 * 86400 };

const char tls_priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";

struct identity {
    struct identity *before;
    gnutls_pcert_st chain[CHAIN_MOST];
    unsigned chain_len;
    gnutls_privkey_t key;
};

static struct identity *served;  // of the process: GnuTLS asks without saying for whom

static int retrieve(gnutls_session_t session, const gnutls_datum_t *names, int name_count,
                    const gnutls_pk_algorithm_t *algorithms, int algorithm_count,
                    gnutls_pcert_st **chain, unsigned *chain_len, gnutls_privkey_t *key) {
    (void)session;
    (void)names;
    (void)name_count;
    (void)algorithms;
    (void)algorithm_count;
    *chain = served->chain;
    *chain_len = served->chain_len;
    *key = served->key;
    return 0;
}

void *tls_retrieve(void) {
    return (void *)(uintptr_t)retrieve;
}

static bool read_pem(const char *file, gnutls_datum_t *pem, struct err *err) {
    int code = gnutls_load_file(file, pem);
    return code == 0 || err_exit(err, EX_NOINPUT, "%s cannot be read: %s", file,
                                 errno ? strerror(errno) : gnutls_strerror(code));
}

// That the two belong together is what credentials look at.
static bool check_pair(const gnutls_datum_t *cert, const gnutls_datum_t *key, const char *cert_file,
                       const char *key_file, struct err *err) {
    gnutls_certificate_credentials_t pair;
    gnutls_certificate_allocate_credentials(&pair);
    int code = gnutls_certificate_set_x509_key_mem(pair, cert, key, GNUTLS_X509_FMT_PEM);
    gnutls_certificate_free_credentials(pair);
    if (code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH) {
        return err_exit(err, EX_CONFIG, "%s is not the key of the certificate in %s", key_file,
                        cert_file);
    }
    return code >= 0 ||
           err_exit(err, EX_CONFIG, "%s and %s: %s", cert_file, key_file, gnutls_strerror(code));
}

static void tell_end(const struct identity *identity, const char *cert_file) {
    gnutls_x509_crt_t cert;
    if (gnutls_pcert_export_x509((gnutls_pcert_st *)&identity->chain[0], &cert) != 0) {
        return;
    }
    time_t end = gnutls_x509_crt_get_expiration_time(cert), now = time(NULL);
    gnutls_x509_crt_deinit(cert);
    if (end < now) {
        log_warn("%s: the certificate has expired; clients will refuse it", cert_file);
    } else if (end < now + SOON_SECONDS) {
        log_warn("%s: the certificate expires in %ld hours", cert_file, (long)(end - now) / 3600);
    }
}

static bool import(struct identity *identity, const gnutls_datum_t *cert, const gnutls_datum_t *key,
                   const char *cert_file, const char *key_file, struct err *err) {
    identity->chain_len = CHAIN_MOST;
    int code = gnutls_pcert_list_import_x509_raw(identity->chain, &identity->chain_len, cert,
                                                 GNUTLS_X509_FMT_PEM, 0);
    if (code < 0) {
        identity->chain_len = 0;
        return err_exit(err, EX_CONFIG, "%s holds no certificates in PEM: %s", cert_file,
                        gnutls_strerror(code));
    }
    gnutls_privkey_init(&identity->key);
    code = gnutls_privkey_import_x509_raw(identity->key, key, GNUTLS_X509_FMT_PEM, NULL, 0);
    return code >= 0 || err_exit(err, EX_CONFIG, "%s holds no private key in PEM: %s", key_file,
                                 gnutls_strerror(code));
}

static void identity_free(struct identity *identity) {
    for (unsigned i = 0; i < identity->chain_len; i++) {
        gnutls_pcert_deinit(&identity->chain[i]);
    }
    if (identity->key) {
        gnutls_privkey_deinit(identity->key);
    }
    mem_free(identity);
}

bool tls_serve(const char *cert_file, const char *key_file, struct err *err) {
    gnutls_datum_t cert = {0}, key = {0};
    struct identity *identity = mem_zalloc(sizeof(*identity));
    errno = 0;
    bool ok = read_pem(cert_file, &cert, err) && read_pem(key_file, &key, err) &&
              import(identity, &cert, &key, cert_file, key_file, err) &&
              check_pair(&cert, &key, cert_file, key_file, err);
    gnutls_free(cert.data);
    gnutls_free(key.data);
    if (!ok) {
        identity_free(identity);
        return false;
    }
    tell_end(identity, cert_file);
    identity->before = served;
    served = identity;
    return true;
}

void tls_forget(void) {
    while (served) {
        struct identity *before = served->before;
        identity_free(served);
        served = before;
    }
}

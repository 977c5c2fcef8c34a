#include "io/seal.h"

#include <sys/random.h>

#include <gnutls/crypto.h>

// version, nonce, what is sealed with its tag
enum { VERSION = 1, NONCE = 12, TAG = 16, HEAD = 1 + NONCE };

static bool begin(const unsigned char key[SHA256_BYTES], gnutls_aead_cipher_hd_t *cipher) {
    gnutls_datum_t given = {(unsigned char *)(uintptr_t)key, SHA256_BYTES};
    return gnutls_aead_cipher_init(cipher, GNUTLS_CIPHER_AES_256_GCM, &given) == 0;
}

bool seal_close(const unsigned char key[SHA256_BYTES], struct slice place, struct slice secret,
                struct buf *sealed) {
    unsigned char nonce[NONCE];
    gnutls_aead_cipher_hd_t cipher;
    size_t len = secret.len + TAG;
    if (getrandom(nonce, NONCE, 0) != NONCE || !begin(key, &cipher)) {
        return false;
    }
    buf_char(sealed, VERSION);
    buf_bytes(sealed, nonce, NONCE);
    int code = gnutls_aead_cipher_encrypt(cipher, nonce, NONCE, place.at, place.len, TAG, secret.at,
                                          secret.len, buf_reserve(sealed, len), &len);
    gnutls_aead_cipher_deinit(cipher);
    sealed->len += code == 0 ? len : 0;
    return code == 0;
}

bool seal_open(const unsigned char key[SHA256_BYTES], struct slice place, struct slice sealed,
               struct buf *secret) {
    gnutls_aead_cipher_hd_t cipher;
    size_t len = sealed.len;
    if (sealed.len < HEAD + TAG || sealed.at[0] != VERSION || !begin(key, &cipher)) {
        return false;
    }
    int code = gnutls_aead_cipher_decrypt(cipher, sealed.at + 1, NONCE, place.at, place.len, TAG,
                                          sealed.at + HEAD, sealed.len - HEAD,
                                          buf_reserve(secret, len), &len);
    gnutls_aead_cipher_deinit(cipher);
    secret->len += code == 0 ? len : 0;
    return code == 0;
}

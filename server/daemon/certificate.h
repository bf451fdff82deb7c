/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Certificates and keys: from files, or made here. */
#ifndef PLATO_SERVER_CERTIFICATE_H
#define PLATO_SERVER_CERTIFICATE_H

#include <openssl/ssl.h>
#include <stdbool.h>

/* SHA-256 in upper-case hex with colons, as `openssl x509 -fingerprint -sha256` prints it. */
#define FINGERPRINT_TEXT 96

/*
 * Gives `context` the chain and key of these PEM files. False with one line for people in
 * `*error` (to be freed), which names the file.
 */
bool certificate_load(SSL_CTX *context, const char *cert_path, const char *key_path, char **error);

/*
 * Gives `context` a new certificate, signed by its own new key (P-256), for localhost, 127.0.0.1
 * and ::1. It is good for a year, for tests and for machines of one's own: nobody vouches for it,
 * clients must know its fingerprint or the certificate itself. False: see certificate_load().
 */
bool certificate_make(SSL_CTX *context, char **error);

/*
 * Writes the certificate and the key of `context` to files that must not exist yet; the key's has
 * mode 0600. False: see certificate_load().
 */
bool certificate_save(const SSL_CTX *context, const char *cert_path, const char *key_path,
                      char **error);

/* Of the certificate of `context`. */
void certificate_fingerprint(const SSL_CTX *context, char text[FINGERPRINT_TEXT]);

#endif

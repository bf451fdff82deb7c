/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

#define GOOD_FOR_SECONDS (365L * 86400)
#define NAMES "DNS:localhost,IP:127.0.0.1,IP:::1"

/* OpenSSL's own words for what went wrong first: what it says last is only which part found it. */
static char *complain(const char *what, const char *path)
{
    const unsigned long code = ERR_peek_error();
    const char *why = code != 0 ? ERR_reason_error_string(code) : NULL;
    if (code != 0 && ERR_SYSTEM_ERROR(code))
        why = g_strerror(ERR_GET_REASON(code));
    char *text = g_strdup_printf("%s%s%s: %s", what, path != NULL ? " " : "",
                                 path != NULL ? path : "", why != NULL ? why : "unknown error");
    ERR_clear_error();
    return text;
}

/* OpenSSL would ask for it at the terminal, and every connection would wait for the answer. */
static int no_passphrase(char *to, int n, int writing, void *asked)
{
    (void)to;
    (void)n;
    (void)writing;
    *(bool *)asked = true;
    return -1;
}

bool certificate_load(SSL_CTX *context, const char *cert_path, const char *key_path, char **error)
{
    bool asked = false, ok = false;
    ERR_clear_error();
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
    if (SSL_CTX_use_certificate_chain_file(context, cert_path) != 1)
        *error = complain("cannot use the certificate", cert_path);
    else if (SSL_CTX_use_PrivateKey_file(context, key_path, SSL_FILETYPE_PEM) == 1)
        ok = true;
    else if (asked)
        *error = g_strdup_printf("cannot use the key %s: it is encrypted; write it without a "
                                 "passphrase, readable by this user only (openssl pkey)",
                                 key_path);
    else
        *error = complain("cannot use the key", key_path); /* also if it is not the certificate's */
    SSL_CTX_set_default_passwd_cb_userdata(context, NULL);
    ERR_clear_error();
    return ok;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    const bool ok = extension != NULL && X509_add_ext(cert, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

static bool set_serial(X509 *cert)
{
    uint64_t serial;
    return RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
           ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert), serial >> 1) == 1;
}

static bool fill_in(X509 *cert, EVP_PKEY *key)
{
    X509_NAME *name = X509_get_subject_name(cert);
    return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
           X509_gmtime_adj(X509_getm_notBefore(cert), -300) != NULL && /* clocks differ */
           X509_gmtime_adj(X509_getm_notAfter(cert), GOOD_FOR_SECONDS) != NULL &&
           X509_set_pubkey(cert, key) == 1 &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost",
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(cert, name) == 1 &&
           add_extension(cert, NID_subject_alt_name, NAMES) &&
           add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(cert, NID_ext_key_usage, "serverAuth") &&
           X509_sign(cert, key, EVP_sha256()) > 0;
}

bool certificate_make(SSL_CTX *context, char **error)
{
    ERR_clear_error();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    const bool ok = key != NULL && cert != NULL && fill_in(cert, key) &&
                    SSL_CTX_use_certificate(context, cert) == 1 &&
                    SSL_CTX_use_PrivateKey(context, key) == 1;
    if (!ok)
        *error = complain("cannot make a certificate", NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
    return ok;
}

static FILE *create(const char *path, mode_t mode, char **error)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        *error = g_strdup_printf("cannot create %s: %s", path, g_strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    return file;
}

/* True if the file is written and closed; a part of one is removed. */
static bool finish(FILE *file, bool written, const char *path, char **error)
{
    if (fclose(file) == 0 && written)
        return true;
    *error = g_strdup_printf("cannot write %s: %s", path, g_strerror(errno));
    unlink(path);
    return false;
}

static bool save_key(const SSL_CTX *context, const char *path, char **error)
{
    FILE *file = create(path, 0600, error);
    return file != NULL && finish(file,
                                  PEM_write_PrivateKey(file, SSL_CTX_get0_privatekey(context), NULL,
                                                       NULL, 0, NULL, NULL) == 1,
                                  path, error);
}

static bool save_cert(const SSL_CTX *context, const char *path, char **error)
{
    FILE *file = create(path, 0644, error);
    return file != NULL &&
           finish(file, PEM_write_X509(file, SSL_CTX_get0_certificate(context)) == 1, path, error);
}

bool certificate_save(const SSL_CTX *context, const char *cert_path, const char *key_path,
                      char **error)
{
    if (!save_key(context, key_path, error))
        return false;
    if (save_cert(context, cert_path, error))
        return true;
    unlink(key_path); /* alone it would keep the next start from making both */
    return false;
}

void certificate_fingerprint(const SSL_CTX *context, char text[FINGERPRINT_TEXT])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    text[0] = '\0';
    if (X509_digest(SSL_CTX_get0_certificate(context), EVP_sha256(), digest, &n) != 1)
        return;
    for (unsigned i = 0; i < n && 3 * i + 4 <= FINGERPRINT_TEXT + 1; i++)
        g_snprintf(text + 3 * i, FINGERPRINT_TEXT - 3 * i, i + 1 < n ? "%02X:" : "%02X", digest[i]);
}

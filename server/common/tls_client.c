/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tls_client.h"

#include "common/key_log.h"
#include "plato/ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROTOCOL_MAX 32 /* bytes of its name */

struct tls_client {
    SSL_CTX *context;
    int key_log;                              /* -1 = none */
    unsigned char protocol[1 + PROTOCOL_MAX]; /* for ALPN: a length, then the name */
};

/* One write for each line, so that several processes may share the file. */
static void log_key(const SSL *ssl, const char *line)
{
    const tls_client *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (tls == NULL || tls->key_log < 0)
        return;
    (void)key_log_write(tls->key_log, line);
}

static bool open_key_log(tls_client *tls, const char *path, char **error)
{
    tls->key_log = key_log_open(path, error);
    if (tls->key_log >= 0)
        SSL_CTX_set_keylog_callback(tls->context, log_key);
    return tls->key_log >= 0;
}

static bool trust(tls_client *tls, const tls_client_options *options, char **error)
{
    if (options->insecure) {
        SSL_CTX_set_verify(tls->context, SSL_VERIFY_NONE, NULL);
        return true;
    }
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
    if (options->ca_file == NULL)
        return SSL_CTX_set_default_verify_paths(tls->context) == 1;
    if (SSL_CTX_load_verify_file(tls->context, options->ca_file) == 1)
        return true;
    *error = g_strdup_printf("no certificates can be read from '%s'", options->ca_file);
    return false;
}

static bool set_up(tls_client *tls, const tls_client_options *options, char **error)
{
    const char *name = options->protocol != NULL ? options->protocol : PLATO_ALPN;
    const size_t n = MIN(strlen(name), PROTOCOL_MAX);
    tls->protocol[0] = (unsigned char)n;
    memcpy(tls->protocol + 1, name, n);
    tls->context = SSL_CTX_new(TLS_client_method());
    if (tls->context == NULL || SSL_CTX_set_min_proto_version(tls->context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_alpn_protos(tls->context, tls->protocol, (unsigned)n + 1) != 0)
        return false;
    SSL_CTX_set_app_data(tls->context, tls);
    SSL_CTX_set_mode(tls->context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls->context, SSL_SESS_CACHE_OFF);
    return trust(tls, options, error) &&
           (options->key_log == NULL || open_key_log(tls, options->key_log, error));
}

tls_client *tls_client_new(const tls_client_options *options, char **error)
{
    tls_client *tls = g_new0(tls_client, 1);
    tls->key_log = -1;
    *error = NULL;
    ERR_clear_error();
    if (set_up(tls, options, error))
        return tls;
    if (*error == NULL)
        *error = tls_client_error(NULL, ERR_peek_error());
    ERR_clear_error();
    tls_client_free(tls);
    return NULL;
}

void tls_client_free(tls_client *tls)
{
    if (tls == NULL)
        return;
    if (tls->context != NULL)
        SSL_CTX_set_app_data(tls->context, NULL);
    SSL_CTX_free(tls->context);
    if (tls->key_log >= 0)
        close(tls->key_log);
    g_free(tls);
}

static bool is_numeric(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

SSL *tls_client_connection(tls_client *tls, const char *server)
{
    SSL *ssl = SSL_new(tls->context);
    if (ssl == NULL)
        return NULL;
    const bool named =
        is_numeric(server)
            ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server) == 1
            : SSL_set1_host(ssl, server) == 1 && SSL_set_tlsext_host_name(ssl, server) == 1;
    if (named)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

bool tls_client_protocol_fits(const SSL *ssl)
{
    const unsigned char *chosen;
    unsigned n;
    const tls_client *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    SSL_get0_alpn_selected(ssl, &chosen, &n);
    return n == 0 ||
           (tls != NULL && n == tls->protocol[0] && memcmp(chosen, tls->protocol + 1, n) == 0);
}

char *tls_client_error(const SSL *ssl, unsigned long code)
{
    const long verdict = ssl != NULL ? SSL_get_verify_result(ssl) : X509_V_OK;
    if (verdict != X509_V_OK && ssl != NULL && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE)
        return g_strdup_printf("the server's certificate is not accepted: %s",
                               X509_verify_cert_error_string(verdict));
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    return g_strdup_printf("TLS: %s", reason != NULL ? reason : "the connection ended");
}

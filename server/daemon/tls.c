/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/tls.h"

#include "common/key_log.h"
#include "daemon/certificate.h"

#include <errno.h>
#include <event2/bufferevent_ssl.h>
#include <fcntl.h>
#include <glib.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct tls {
    char *cert, *key;
    bool self_signed;
    int keylog; /* file descriptor, or -1 */
    SSL_CTX *context;
    char fingerprint[FINGERPRINT_TEXT];
};

/* Only called if the client offers something; then it must be ours. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *length,
                           const unsigned char *offered, unsigned n, void *user)
{
    const char *protocol = SSL_get_app_data(ssl);
    const size_t wanted = strlen(protocol);
    (void)user;
    for (unsigned at = 0; at < n; at += 1u + offered[at]) {
        if (offered[at] != wanted || at + 1 + wanted > n ||
            memcmp(offered + at + 1, protocol, wanted) != 0)
            continue;
        *out = offered + at + 1;
        *length = offered[at];
        return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void log_key(const SSL *ssl, const char *line)
{
    const struct tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
    if (!key_log_write(tls->keylog, line))
        g_printerr("plato-server: the key log cannot be written: %s\n", g_strerror(errno));
}

static SSL_CTX *new_context(struct tls *tls)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL)
        g_error("OpenSSL has no memory");
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* thousands of connections are idle at a time; libevent's buffers move between two writes */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    SSL_CTX_set_app_data(context, tls);
    if (tls->keylog >= 0)
        SSL_CTX_set_keylog_callback(context, log_key);
    return context;
}

static bool is_there(const char *path)
{
    return access(path, F_OK) == 0;
}

static bool give_certificate(struct tls *tls, SSL_CTX *context, char **error)
{
    if (tls->cert == NULL)
        return certificate_make(context, error);
    if (tls->self_signed && !is_there(tls->cert) && !is_there(tls->key))
        return certificate_make(context, error) &&
               certificate_save(context, tls->cert, tls->key, error);
    return certificate_load(context, tls->cert, tls->key, error);
}

bool tls_reload(struct tls *tls, char **error)
{
    if (tls->cert == NULL && tls->context != NULL)
        return true; /* made in memory: stays what clients know */
    SSL_CTX *context = new_context(tls);
    if (!give_certificate(tls, context, error)) {
        SSL_CTX_free(context);
        return false;
    }
    SSL_CTX_free(tls->context);
    tls->context = context;
    certificate_fingerprint(context, tls->fingerprint);
    return true;
}

struct tls *tls_new(const tls_config *config, char **error)
{
    struct tls *tls = g_new0(struct tls, 1);
    tls->cert = g_strdup(config->cert);
    tls->key = g_strdup(config->key);
    tls->self_signed = config->self_signed;
    tls->keylog = -1;
    *error = NULL;
    if (config->keylog != NULL)
        tls->keylog = key_log_open(config->keylog, error);
    if (*error != NULL || !tls_reload(tls, error))
        g_clear_pointer(&tls, tls_free);
    return tls;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->context);
    if (tls->keylog >= 0)
        close(tls->keylog);
    g_free(tls->cert);
    g_free(tls->key);
    g_free(tls);
}

const char *tls_fingerprint(const struct tls *tls)
{
    return tls->fingerprint;
}

struct bufferevent *tls_stream_new(struct tls *tls, struct event_base *base, evutil_socket_t fd,
                                   const char *protocol)
{
    SSL *ssl = SSL_new(tls->context);
    if (ssl == NULL)
        return NULL;
    SSL_set_app_data(ssl, protocol); /* for choose_protocol() */
    struct bufferevent *stream = bufferevent_openssl_socket_new(
        base, fd, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    if (stream == NULL)
        SSL_free(ssl);
    return stream;
}

tls_error tls_stream_error(struct bufferevent *stream, const char **text)
{
    const unsigned long code = bufferevent_get_openssl_error(stream);
    *text = code != 0 ? ERR_reason_error_string(code) : NULL;
    if (code == 0 || ERR_SYSTEM_ERROR(code))
        return TLS_LOST;
    /* since OpenSSL 3 an end of TCP inside TLS is an error of its own */
    return ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? TLS_TRUNCATED : TLS_FAILED;
}

bool tls_stream_close(struct bufferevent *stream)
{
    SSL *ssl = bufferevent_openssl_get_ssl(stream);
    ERR_clear_error();
    const int rc = SSL_shutdown(ssl);
    const bool full = rc < 0 && SSL_get_error(ssl, rc) == SSL_ERROR_WANT_WRITE;
    ERR_clear_error();
    return !full;
}

size_t tls_stream_rest(struct bufferevent *stream, void *p, size_t n)
{
    size_t got = 0;
    ERR_clear_error();
    const bool ok = SSL_read_ex(bufferevent_openssl_get_ssl(stream), p, n, &got) == 1;
    ERR_clear_error();
    return ok ? got : 0;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wait_stream.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* What a call of OpenSSL came to. */
typedef enum outcome { OUTCOME_DONE, OUTCOME_AGAIN, OUTCOME_ENDED, OUTCOME_FAILED } outcome;

/* Waits where TLS must: it may read to write, and the other way round. */
static outcome settle(const wait_stream *stream, int rc, int64_t deadline_us)
{
    const int code = rc == 1 ? SSL_ERROR_NONE : SSL_get_error(stream->ssl, rc);
    const short events = code == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
    switch (code) {
    case SSL_ERROR_NONE:
        return OUTCOME_DONE;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return wait_ready(stream->fd, events, deadline_us) ? OUTCOME_AGAIN : OUTCOME_FAILED;
    case SSL_ERROR_ZERO_RETURN:
        return OUTCOME_ENDED;
    default:
        break;
    }
    /* since OpenSSL 3 the end of TCP inside TLS is an error: who reads knows what is missing */
    if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return OUTCOME_ENDED;
    if (code != SSL_ERROR_SYSCALL || errno == 0)
        errno = EPROTO;
    return OUTCOME_FAILED;
}

static bool shake_hands(const wait_stream *stream, int64_t deadline_us, char **error)
{
    outcome o;
    do {
        ERR_clear_error();
        errno = 0;
        o = settle(stream, SSL_connect(stream->ssl), deadline_us);
    } while (o == OUTCOME_AGAIN);
    const int why = o == OUTCOME_ENDED ? EPROTO : errno;
    if (o == OUTCOME_DONE && tls_client_protocol_fits(stream->ssl))
        return true;
    if (o == OUTCOME_DONE)
        *error = g_strdup("TLS: the server speaks another protocol");
    else if (why == ETIMEDOUT)
        *error = g_strdup("TLS: the handshake took too long");
    else
        *error = tls_client_error(stream->ssl, ERR_peek_error());
    errno = o == OUTCOME_DONE ? EPROTO : why;
    return false;
}

static bool start_tls(wait_stream *stream, const wait_peer *peer, int64_t deadline_us, char **error)
{
    const char *name = peer->server_name != NULL ? peer->server_name : peer->host;
    (void)signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    stream->ssl = tls_client_connection(peer->tls, name);
    if (stream->ssl != NULL && SSL_set_fd(stream->ssl, stream->fd) == 1)
        return shake_hands(stream, deadline_us, error);
    *error = g_strdup_printf("TLS: no certificate can be for '%s'", name);
    errno = EPROTO;
    return false;
}

bool wait_stream_open(wait_stream *stream, const wait_peer *peer, int64_t deadline_us,
                      char address[ADDRESS_TEXT], char **error)
{
    stream->ssl = NULL;
    stream->fd = wait_open(peer->host, peer->port, peer->type, deadline_us, address, error);
    if (stream->fd < 0)
        return false;
    if (peer->tls == NULL || start_tls(stream, peer, deadline_us, error))
        return true;
    const int why = errno;
    wait_stream_close(stream);
    errno = why;
    return false;
}

bool wait_stream_write(wait_stream *stream, const void *p, size_t n, int64_t deadline_us)
{
    outcome o;
    size_t written;
    if (stream->ssl == NULL)
        return wait_write(stream->fd, p, n, deadline_us);
    do {
        ERR_clear_error();
        errno = 0;
        o = settle(stream, SSL_write_ex(stream->ssl, p, n, &written), deadline_us);
    } while (o == OUTCOME_AGAIN); /* all of it at once: partial writes are not asked for */
    return o == OUTCOME_DONE;
}

ssize_t wait_stream_read(wait_stream *stream, void *p, size_t n, int64_t deadline_us)
{
    outcome o;
    size_t got = 0;
    if (stream->ssl == NULL)
        return wait_read(stream->fd, p, n, deadline_us);
    do {
        ERR_clear_error();
        errno = 0;
        o = settle(stream, SSL_read_ex(stream->ssl, p, n, &got), deadline_us);
    } while (o == OUTCOME_AGAIN);
    return o == OUTCOME_FAILED ? -1 : (ssize_t)got;
}

void wait_stream_close(wait_stream *stream)
{
    if (stream->ssl != NULL) {
        if (SSL_is_init_finished(stream->ssl))
            (void)SSL_shutdown(stream->ssl);
        ERR_clear_error();
        SSL_free(stream->ssl);
    }
    if (stream->fd >= 0)
        close(stream->fd);
    *stream = (wait_stream){.fd = -1};
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdbool.h>
#include <unistd.h>

#define READ_SIZE 65536 /* bytes */

typedef enum stream_state {
    STREAM_CONNECTING,
    STREAM_HANDSHAKE, /* of TLS */
    STREAM_UP,
    STREAM_DOWN,
} stream_state;

struct stream {
    const stream_target *target;
    const stream_events *events;
    void *user;
    struct event *readable, *writable;
    struct evbuffer *out;
    SSL *ssl; /* NULL = without TLS */
    int fd;
    stream_state state;
    bool busy, freed; /* inside a callback; freed by it */
};

/* What an attempt to read or to write came to. */
enum { IO_AGAIN = -1, IO_ENDED = -2 };

static ssize_t tls_result(stream *s, int rc)
{
    const int why = rc > 0 ? SSL_ERROR_NONE : SSL_get_error(s->ssl, rc);
    if (rc > 0)
        return rc;
    if (why == SSL_ERROR_WANT_WRITE)
        event_add(s->writable, NULL);
    if (why == SSL_ERROR_WANT_WRITE || why == SSL_ERROR_WANT_READ)
        return IO_AGAIN;
    ERR_clear_error();
    return IO_ENDED;
}

static ssize_t plain_result(ssize_t rc)
{
    if (rc > 0)
        return rc;
    if (rc < 0 && (errno == EAGAIN || errno == EINTR))
        return IO_AGAIN;
    return IO_ENDED;
}

static ssize_t read_some(stream *s, uint8_t *p, size_t n)
{
    if (s->ssl != NULL)
        return tls_result(s, SSL_read(s->ssl, p, (int)n));
    return plain_result(read(s->fd, p, n));
}

static ssize_t write_some(stream *s)
{
    if (s->ssl == NULL)
        return plain_result(evbuffer_write(s->out, s->fd));
    const size_t n = MIN(evbuffer_get_length(s->out), 16384); /* one record of TLS */
    const ssize_t done =
        tls_result(s, SSL_write(s->ssl, evbuffer_pullup(s->out, (ev_ssize_t)n), (int)n));
    if (done > 0)
        evbuffer_drain(s->out, (size_t)done);
    return done;
}

static void destroy(stream *s)
{
    event_free(s->readable);
    event_free(s->writable);
    evbuffer_free(s->out);
    SSL_free(s->ssl);
    close(s->fd);
    g_free(s);
}

static void go_down(stream *s)
{
    if (s->state == STREAM_DOWN)
        return;
    s->state = STREAM_DOWN;
    event_del(s->readable);
    event_del(s->writable);
    s->events->down(s->user);
}

/* It never came up; takes the text. */
static void fail(stream *s, char *why)
{
    g_free(*s->target->problem);
    *s->target->problem = why;
    go_down(s);
}

void stream_flush(stream *s)
{
    ssize_t done = 1;
    if (s->state != STREAM_UP)
        return;
    while (done > 0 && evbuffer_get_length(s->out) > 0)
        done = write_some(s);
    /* An end is noticed by reading: the caller is not to be surprised by it here. */
    if (done == IO_AGAIN && s->ssl == NULL)
        event_add(s->writable, NULL);
}

static void come_up(stream *s)
{
    s->state = STREAM_UP;
    s->events->up(s->user);
    if (!s->freed)
        stream_flush(s);
}

static void go_on_shaking(stream *s)
{
    ERR_clear_error();
    const int rc = SSL_do_handshake(s->ssl);
    const unsigned long code = ERR_peek_error();
    const ssize_t done = tls_result(s, rc);
    if (done == IO_ENDED)
        fail(s, tls_client_error(s->ssl, code));
    else if (done > 0 && !tls_client_protocol_fits(s->ssl))
        fail(s, g_strdup("TLS: the server wants another protocol"));
    else if (done > 0)
        come_up(s);
}

static void on_connected(stream *s)
{
    const int on = 1;
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
        fail(s, g_strdup(g_strerror(error)));
        return;
    }
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    event_add(s->readable, NULL);
    if (s->ssl == NULL) {
        come_up(s);
        return;
    }
    s->state = STREAM_HANDSHAKE;
    go_on_shaking(s);
}

/* TLS may hold more than one read's worth: then no further event would come for it. */
static void take_input(stream *s)
{
    static uint8_t buffer[READ_SIZE]; /* one loop, one thread; nothing is kept in it */
    ssize_t n;
    do {
        n = read_some(s, buffer, sizeof buffer);
        if (n > 0)
            s->events->bytes(s->user, buffer, (size_t)n);
    } while (n > 0 && !s->freed && s->state == STREAM_UP && s->ssl != NULL);
    if (s->freed)
        return;
    if (n == IO_ENDED)
        go_down(s);
    else
        stream_flush(s);
}

static void on_event(evutil_socket_t fd, short what, void *user)
{
    stream *s = user;
    (void)fd;
    s->busy = true;
    if (s->state == STREAM_CONNECTING)
        on_connected(s);
    else if (s->state == STREAM_HANDSHAKE)
        go_on_shaking(s);
    else if (s->state == STREAM_UP && (what & EV_READ))
        take_input(s);
    else if (s->state == STREAM_UP)
        stream_flush(s);
    s->busy = false;
    if (s->freed)
        destroy(s);
}

stream *stream_open(const stream_target *target, const stream_events *events, void *user)
{
    const int fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    if (connect(fd, (const struct sockaddr *)&target->address, target->address_length) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return NULL;
    }
    stream *s = g_new0(stream, 1);
    s->target = target;
    s->events = events;
    s->user = user;
    s->fd = fd;
    s->readable = event_new(target->base, fd, EV_READ | EV_PERSIST, on_event, s);
    s->writable = event_new(target->base, fd, EV_WRITE, on_event, s);
    s->out = evbuffer_new();
    if (target->tls != NULL) {
        s->ssl = tls_client_connection(target->tls, target->server_name);
        if (s->ssl == NULL || SSL_set_fd(s->ssl, fd) != 1)
            g_error("TLS: no memory for a connection");
        SSL_set_mode(s->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_set_connect_state(s->ssl);
    }
    event_add(s->writable, NULL);
    return s;
}

void stream_free(stream *s)
{
    if (s == NULL || s->freed)
        return;
    if (s->ssl != NULL && s->state == STREAM_UP)
        SSL_shutdown(s->ssl);
    s->state = STREAM_DOWN;
    s->freed = true;
    if (!s->busy)
        destroy(s);
}

void stream_put(stream *s, const void *p, size_t n)
{
    evbuffer_add(s->out, p, n);
}

size_t stream_waiting(const stream *s)
{
    return evbuffer_get_length(s->out);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/link.h"

#include "daemon/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Bytes; between two reads or writes of one connection, others get their turn. */
#define READ_AT_ONCE 65536
#define WRITE_AT_ONCE 262144

/*
 * Bytes; shorter frames are copied one after the other, which costs less than keeping account of
 * them. With TLS, what is not in one piece becomes a record, and a write, of its own.
 */
#define COPIED 1024

struct link {
    struct bufferevent *stream;
    const link_events *events;
    conn_key key;
    bool tls;
    bool handshaking;
    unsigned holds; /* link_hold */
    bool closing;   /* input is thrown away */
    bool peer_ended;
    bool gone;            /* reported to the owner, which has not freed it yet */
    struct event *closer; /* TLS: ends our direction when the socket can be written to */
};

static void report_gone(struct link *link)
{
    if (link->gone)
        return;
    link->gone = true;
    bufferevent_disable(link->stream, EV_READ | EV_WRITE);
    link->events->gone(link->events->user, link->key);
}

/* Hands on what has come. */
static void take_input(struct link *link)
{
    struct evbuffer *input = bufferevent_get_input(link->stream);
    struct evbuffer_iovec pieces[8];
    while (!link->closing && evbuffer_get_length(input) > 0) {
        size_t used = 0;
        const int n = evbuffer_peek(input, -1, NULL, pieces, G_N_ELEMENTS(pieces));
        for (int i = 0; i < n && i < (int)G_N_ELEMENTS(pieces); i++) {
            link->events->received(link->events->user, link->key, pieces[i].iov_base,
                                   pieces[i].iov_len);
            used += pieces[i].iov_len;
        }
        evbuffer_drain(input, used);
        link->events->counts->bytes_received += used;
    }
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_read(struct bufferevent *stream, void *user)
{
    struct link *link = user;
    (void)stream;
    take_input(link);
    link->events->done(link->events->user);
}

/* Ends our direction once nothing waits any more; the end of both is the end of the link. */
static void finish_if_flushed(struct link *link)
{
    if (!link->closing || link->gone ||
        evbuffer_get_length(bufferevent_get_output(link->stream)) > 0)
        return;
    if (link->handshaking) {
        report_gone(link);
        return;
    }
    if (link->tls && !tls_stream_close(link->stream)) {
        event_add(link->closer, NULL);
        return;
    }
    if (link->peer_ended)
        report_gone(link);
    else
        shutdown(bufferevent_getfd(link->stream), SHUT_WR);
}

static void on_closer(evutil_socket_t fd, short what, void *user)
{
    struct link *link = user;
    (void)fd;
    (void)what;
    finish_if_flushed(link);
    link->events->done(link->events->user);
}

/* The output has run empty. */
static void on_written(struct bufferevent *stream, void *user)
{
    struct link *link = user;
    if (!link->tls)
        bufferevent_disable(stream, EV_WRITE);
    finish_if_flushed(link);
    link->events->done(link->events->user);
}

static void on_peer_ended(struct link *link)
{
    link->peer_ended = true;
    if (link->handshaking) {
        link->events->counts->tls_failures++;
        report_gone(link);
        return;
    }
    /* With TLS, libevent stops writing too; the peer may still read. */
    if (link->tls) {
        bufferevent_disable(link->stream, EV_READ);
        bufferevent_enable(link->stream, EV_WRITE);
    }
    link->events->ended(link->events->user, link->key);
    finish_if_flushed(link);
}

static void on_tls_error(struct link *link)
{
    const char *text;
    server_counts *counts = link->events->counts;
    const tls_error error = tls_stream_error(link->stream, &text);
    const char *why = text != NULL ? text : "the connection broke off";
    if (link->handshaking) {
        counts->tls_failures++;
        log_event(CORE_LOG_INFO, link->key, "TLS handshake failed", "error", why, NULL);
    } else if (error == TLS_TRUNCATED && !link->closing) {
        counts->tls_truncations++;
        log_event(CORE_LOG_INFO, link->key, "ended without close_notify", NULL);
    } else if (error == TLS_FAILED) {
        counts->tls_failures++;
        log_event(CORE_LOG_INFO, link->key, "TLS failed", "error", why, NULL);
    }
}

/* More of what libevent has not read; false if there is none. */
static bool read_rest(struct link *link)
{
    static uint8_t bytes[READ_AT_ONCE];
    struct evbuffer *input = bufferevent_get_input(link->stream);
    if (!link->tls)
        return evbuffer_read(input, bufferevent_getfd(link->stream), READ_AT_ONCE) > 0;
    const size_t n = tls_stream_rest(link->stream, bytes, sizeof bytes);
    return n > 0 && evbuffer_add(input, bytes, n) == 0;
}

/*
 * A peer that writes and closes without reading makes our next write fail, while what it has
 * written is still to be read: it is ours all the same. The socket's buffer bounds it.
 */
static void take_rest(struct link *link)
{
    while (!link->closing && !link->handshaking && read_rest(link))
        take_input(link);
}

static void on_event(struct bufferevent *stream, short what, void *user)
{
    struct link *link = user;
    (void)stream;
    if (what & BEV_EVENT_CONNECTED) {
        link->handshaking = false;
        link->events->counts->tls_handshakes++;
        finish_if_flushed(link);
    } else if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) {
        take_input(link); /* what came before the end */
        if (what & BEV_EVENT_EOF) {
            on_peer_ended(link);
        } else {
            if (link->tls)
                on_tls_error(link);
            if (what & BEV_EVENT_WRITING)
                take_rest(link);
            report_gone(link);
        }
    }
    link->events->done(link->events->user);
}

/* Counts what leaves; libevent calls it for what is added too. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *user)
{
    struct link *link = user;
    if (info->n_deleted == 0)
        return;
    link->events->counts->bytes_sent += info->n_deleted;
    if (evbuffer_get_length(output) <= link->events->hold_above / 2)
        link_set_hold(link, LINK_HOLD_OUTPUT, false);
    link->events->drained(link->events->user, link->key, info->n_deleted);
}

static struct bufferevent *new_stream(struct event_base *base, evutil_socket_t fd, struct tls *tls,
                                      const char *alpn)
{
    if (tls != NULL)
        return tls_stream_new(tls, base, fd, alpn);
    return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
}

struct link *link_new(struct event_base *base, evutil_socket_t fd, struct tls *tls, conn_key key,
                      const link_events *events)
{
    const int on = 1;
    struct bufferevent *stream = new_stream(base, fd, tls, events->alpn);
    if (stream == NULL)
        return NULL;
    struct link *link = g_new0(struct link, 1);
    link->stream = stream;
    link->events = events;
    link->key = key;
    link->tls = link->handshaking = tls != NULL;
    if (link->tls)
        link->closer = event_new(base, fd, EV_WRITE, on_closer, link);
    /* Frames are whole answers: waiting for more to send would only delay them. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_setcb(stream, on_read, on_written, on_event, link);
    bufferevent_set_max_single_read(stream, READ_AT_ONCE);
    bufferevent_set_max_single_write(stream, WRITE_AT_ONCE);
    evbuffer_add_cb(bufferevent_get_output(stream), on_output, link);
    bufferevent_enable(stream, link->tls ? EV_READ | EV_WRITE : EV_READ);
    if (!link->tls)
        bufferevent_disable(stream, EV_WRITE); /* link_flush() */
    return link;
}

void link_free(struct link *link)
{
    if (link->closer != NULL)
        event_free(link->closer);
    bufferevent_free(link->stream);
    g_free(link);
}

static void release_bytes(const void *data, size_t n, void *user)
{
    (void)data;
    (void)n;
    g_bytes_unref(user);
}

void link_send(struct link *link, GBytes *bytes)
{
    gsize n;
    const void *data = g_bytes_get_data(bytes, &n);
    struct evbuffer *output = bufferevent_get_output(link->stream);
    if (n <= COPIED) {
        evbuffer_add(output, data, n);
        g_bytes_unref(bytes);
    } else if (evbuffer_add_reference(output, data, n, release_bytes, bytes) != 0) {
        g_bytes_unref(bytes);
    }
    if (evbuffer_get_length(output) > link->events->hold_above)
        link_set_hold(link, LINK_HOLD_OUTPUT, true);
}

void link_flush(struct link *link)
{
    struct evbuffer *output = bufferevent_get_output(link->stream);
    if (link->tls || link->gone || evbuffer_get_length(output) == 0 ||
        (bufferevent_get_enabled(link->stream) & EV_WRITE) != 0)
        return;
    evbuffer_unfreeze(output, 1); /* a bufferevent keeps others from taking from its output */
    (void)evbuffer_write_atmost(output, bufferevent_getfd(link->stream), WRITE_AT_ONCE);
    evbuffer_freeze(output, 1);
    if (evbuffer_get_length(output) > 0) /* libevent writes on, or finds the error and reports it */
        bufferevent_enable(link->stream, EV_WRITE);
    else
        finish_if_flushed(link);
}

void link_set_hold(struct link *link, link_hold why, bool hold)
{
    const unsigned before = link->holds;
    link->holds = hold && !link->closing ? before | why : before & ~(unsigned)why;
    if ((before == 0) == (link->holds == 0) || link->peer_ended || link->gone)
        return;
    if (link->holds != 0) {
        link->events->counts->held++;
        bufferevent_disable(link->stream, EV_READ);
    } else {
        bufferevent_enable(link->stream, EV_READ);
    }
}

void link_close_flushed(struct link *link)
{
    link_set_hold(link, LINK_HOLD_OUTPUT, false); /* the peer's end is waited for */
    link_set_hold(link, LINK_HOLD_OWNER, false);
    link->closing = true;
    finish_if_flushed(link);
}

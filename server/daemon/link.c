/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/link.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/* Bytes; between two reads or writes of one connection, others get their turn. */
#define READ_AT_ONCE 65536
#define WRITE_AT_ONCE 262144

struct link {
    struct bufferevent *stream;
    const link_events *events;
    conn_key key;
    bool closing; /* input is thrown away */
    bool peer_ended;
    bool gone; /* told its owner so, who has not freed it yet */
};

static void tell_gone(struct link *link)
{
    if (link->gone)
        return;
    link->gone = true;
    bufferevent_disable(link->stream, EV_READ | EV_WRITE);
    link->events->gone(link->events->user, link->key);
}

static void on_read(struct bufferevent *stream, void *user)
{
    struct link *link = user;
    struct evbuffer *input = bufferevent_get_input(stream);
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
    }
    evbuffer_drain(input, evbuffer_get_length(input));
    link->events->done(link->events->user);
}

/* Ends our direction once nothing waits any more; the end of both is the end of the link. */
static void finish_if_flushed(struct link *link)
{
    if (!link->closing || evbuffer_get_length(bufferevent_get_output(link->stream)) > 0)
        return;
    if (link->peer_ended)
        tell_gone(link);
    else
        shutdown(bufferevent_getfd(link->stream), SHUT_WR);
}

/* The output has run empty. */
static void on_written(struct bufferevent *stream, void *user)
{
    struct link *link = user;
    (void)stream;
    finish_if_flushed(link);
    link->events->done(link->events->user);
}

static void on_event(struct bufferevent *stream, short what, void *user)
{
    struct link *link = user;
    (void)stream;
    if (what & BEV_EVENT_EOF) {
        link->peer_ended = true;
        link->events->ended(link->events->user, link->key);
        finish_if_flushed(link);
    } else if (what & BEV_EVENT_ERROR) {
        tell_gone(link);
    }
    link->events->done(link->events->user);
}

/* Counts what leaves; libevent calls it for what is added too. */
static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *user)
{
    const struct link *link = user;
    (void)output;
    if (info->n_deleted > 0)
        link->events->drained(link->events->user, link->key, info->n_deleted);
}

struct link *link_new(struct event_base *base, evutil_socket_t fd, conn_key key,
                      const link_events *events)
{
    const int on = 1;
    struct bufferevent *stream = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL)
        return NULL;
    struct link *link = g_new0(struct link, 1);
    link->stream = stream;
    link->events = events;
    link->key = key;
    /* Frames are whole answers: waiting for more to send would only delay them. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    bufferevent_setcb(stream, on_read, on_written, on_event, link);
    bufferevent_set_max_single_read(stream, READ_AT_ONCE);
    bufferevent_set_max_single_write(stream, WRITE_AT_ONCE);
    evbuffer_add_cb(bufferevent_get_output(stream), on_output, link);
    bufferevent_enable(stream, EV_READ | EV_WRITE);
    return link;
}

void link_free(struct link *link)
{
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
    if (evbuffer_add_reference(bufferevent_get_output(link->stream), data, n, release_bytes,
                               bytes) != 0)
        g_bytes_unref(bytes);
}

void link_pause(struct link *link, bool pause)
{
    if (pause)
        bufferevent_disable(link->stream, EV_READ);
    else
        bufferevent_enable(link->stream, EV_READ);
}

void link_close_flushed(struct link *link)
{
    link->closing = true;
    link_pause(link, false); /* the peer's end is waited for */
    finish_if_flushed(link);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/replay.h"

#include "chaos/proxy.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

typedef struct replay {
    proxy *proxy;
    struct bufferevent *stream;
} replay;

static void on_read(struct bufferevent *stream, void *user)
{
    struct evbuffer *input = bufferevent_get_input(stream);
    (void)user;
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_event(struct bufferevent *stream, short what, void *user)
{
    replay *r = user;
    (void)stream;
    if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
        g_hash_table_remove(r->proxy->replays, r);
}

void replay_start(proxy *p, const uint8_t *bytes, size_t n)
{
    replay *r = g_new0(replay, 1);
    r->proxy = p;
    r->stream = bufferevent_socket_new(p->base, -1, BEV_OPT_CLOSE_ON_FREE);
    g_hash_table_add(p->replays, r);
    bufferevent_setcb(r->stream, on_read, NULL, on_event, r);
    bufferevent_enable(r->stream, EV_READ | EV_WRITE);
    bufferevent_write(r->stream, bytes, n);
    if (bufferevent_socket_connect(r->stream, (struct sockaddr *)&p->server,
                                   (int)p->server_length) != 0)
        g_hash_table_remove(p->replays, r);
}

void replay_free(gpointer data)
{
    replay *r = data;
    bufferevent_free(r->stream);
    g_free(r);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The proxy: takes connections, makes one to the server for each, and passes bytes both ways. */
#ifndef PLATO_CHAOS_PROXY_H
#define PLATO_CHAOS_PROXY_H

#include "chaos/chaos_log.h"
#include "chaos/options.h"
#include "chaos/pipe.h"
#include "chaos/replay.h"

#include <event2/event.h>
#include <event2/listener.h>
#include <sys/socket.h>

typedef struct proxy {
    const chaos_options *options;
    const scenario *scenario;
    struct event_base *base;
    struct evconnlistener *listener;
    struct sockaddr_storage server;
    socklen_t server_length;
    chaos_log log;
    uint64_t connections; /* taken so far */
    GHashTable *open;     /* the set of struct relay */
    GHashTable *replays;  /* the set of replay */
} proxy;

/* One connection: a client's socket and one to the server. */
typedef struct relay {
    proxy *proxy;
    uint64_t number;
    int client, server;      /* sockets */
    struct event *connected; /* to the server; NULL from then on */
    struct event *linger;    /* frees it; pending once both directions are to end */
    pipe_direction up, down;
} relay;

/* NULL after an error, which was reported on stderr. */
proxy *proxy_new(const chaos_options *options, const scenario *s, struct event_base *base);
void proxy_free(proxy *p);

/* "127.0.0.1:PORT" where it listens, to be freed. */
char *proxy_address(const proxy *p);

/* Ends both directions: with a RST, or in order, giving what was sent a second to arrive. The relay
 * is freed by the loop, later. */
void relay_reset(relay *r);
void relay_cut(relay *r);

/* One direction has come to its end. */
void relay_ended(relay *r);

#endif

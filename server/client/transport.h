/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection after the other to the same server, plain or in TLS: frames come out. */
#ifndef PLATO_CLIENT_TRANSPORT_H
#define PLATO_CLIENT_TRANSPORT_H

#include "common/tls_client.h"
#include "plato/frame.h"

#include <event2/bufferevent.h>

typedef struct transport transport;

/* None of these may free the transport; all may close it. */
typedef struct transport_handler {
    void (*up)(void *user); /* connected, with TLS and all */
    void (*frame)(void *user, const plato_frame *frame);
    void (*read)(void *user); /* all frames of what was read at once have been handed out */
    void (*written)(void *user);
    /*
     * The connection is gone, or never came. `clean`: the server has ended it in good order.
     * `hopeless`: another attempt would end in the same way.
     */
    void (*down)(void *user, bool clean, bool hopeless, const char *why);
} transport_handler;

typedef struct transport_address {
    const char *host; /* numeric */
    int port;
    tls_client *tls;         /* NULL = plain */
    const char *server_name; /* for TLS: what the certificate must be for */
} transport_address;

/* Keeps the address's pointers. */
transport *transport_new(struct event_base *base, const transport_address *address,
                         const transport_handler *handler, void *user);
void transport_free(transport *t);

/*
 * Begins to connect; there must be no connection. False if the host is no numeric address. What
 * fails at once is reported by down(), before this returns.
 */
bool transport_connect(transport *t);

/* Drops the connection, if there is one; down() is not called. */
void transport_close(transport *t);

/* Ends our direction, and TLS; what the server still sends is read. */
void transport_leave(transport *t);

/* To write to; NULL without a connection. */
struct bufferevent *transport_stream(transport *t);

#endif

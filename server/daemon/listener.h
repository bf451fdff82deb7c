/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening socket, which waits a while when the system has no more sockets to give. */
#ifndef PLATO_SERVER_LISTENER_H
#define PLATO_SERVER_LISTENER_H

#include "common/address.h"

#include <event2/event.h>
#include <event2/listener.h>

struct listener;

#define ACCEPT_PAUSE_MS 200 /* when the system gives no more sockets */

/* A peer has connected; the socket is the callee's. */
typedef void (*listener_accepted)(void *user, evutil_socket_t fd, const struct sockaddr *peer);

typedef struct listener_config {
    const char *host;   /* numeric address */
    int port;           /* 0 = any free one */
    const char *option; /* that the port stands in, for messages: "--port" */
    uint64_t *errors;   /* counts what accept() refuses */
    listener_accepted accepted;
    void *user;
} listener_config;

/* Binds and listens. NULL with one line for people in `*error`, to be freed. */
struct listener *listener_new(struct event_base *base, const listener_config *config, char **error);

/*
 * Only binds and listens: libevent's own listener, for callers that accept by themselves. NULL with
 * one line for people in `*error`, to be freed. The other fields of `config` are not looked at.
 */
struct evconnlistener *listener_bind(struct event_base *base, const listener_config *config,
                                     evconnlistener_cb accepted, void *user, char **error);

/* Writes the address and the port that were found. */
void listener_bound_address(struct evconnlistener *socket, char text[ADDRESS_TEXT]);

/* Closes the socket. NULL is allowed. */
void listener_free(struct listener *listener);

/* "127.0.0.1:8900": where it listens, with the port that was found. */
const char *listener_address(const struct listener *listener);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One accepted TCP connection: carries bytes between libevent and the core, and decides nothing. */
#ifndef PLATO_SERVER_LINK_H
#define PLATO_SERVER_LINK_H

#include "core/core.h"

#include <event2/event.h>

struct link;

/* What a link tells its owner. */
typedef struct link_events {
    void *user;
    /* bytes came, borrowed for the call */
    void (*received)(void *user, conn_key key, const uint8_t *p, size_t n);
    /* bytes left */
    void (*drained)(void *user, conn_key key, size_t n);
    /* the peer will send no more */
    void (*ended)(void *user, conn_key key);
    /* the connection is over; the owner frees the link when it sees fit */
    void (*gone)(void *user, conn_key key);
    /* all that came at once has been told */
    void (*done)(void *user);
} link_events;

/* Takes the socket over. `events` must outlive the link. NULL if libevent cannot. */
struct link *link_new(struct event_base *base, evutil_socket_t fd, conn_key key,
                      const link_events *events);

/* Closes the socket. */
void link_free(struct link *link);

/* Stops reading, or goes on; while it does not read it does not hear of the peer's end either. */
void link_pause(struct link *link, bool pause);

/* Writes the bytes without copying them; takes the reference over. */
void link_send(struct link *link, GBytes *bytes);

/*
 * Writes what is waiting, then ends the sending direction and waits for the peer to end its own:
 * closing at once would make TCP reset the connection, and the peer could lose our last words.
 */
void link_close_flushed(struct link *link);

#endif

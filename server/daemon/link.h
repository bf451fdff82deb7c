/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One accepted connection, plain or TLS: carries bytes between libevent and the core, and decides
 * nothing.
 *
 * Reading pauses by itself while more than `hold_above` bytes wait to be written: a peer that asks
 * and does not read the answers is then held up by TCP, and costs nothing more.
 */
#ifndef PLATO_SERVER_LINK_H
#define PLATO_SERVER_LINK_H

#include "core/core.h"
#include "daemon/counts.h"
#include "daemon/tls.h"

#include <event2/event.h>

struct link;

/* What a link reports to its owner, and what all links of an owner share. */
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
    /* all that came at once has been reported */
    void (*done)(void *user);
    size_t hold_above; /* bytes */
    const char *alpn;  /* with TLS: see tls_stream_new() */
    server_counts *counts;
} link_events;

/* Why a link is not read from; reading goes on when no reason is left. */
typedef enum link_hold {
    LINK_HOLD_OUTPUT = 1, /* hold_above */
    LINK_HOLD_OWNER = 2,  /* the owner cannot work off what comes */
} link_hold;

/*
 * Takes the socket over; `tls` NULL: plain. `events` must outlive the link. NULL if libevent
 * cannot; the socket is then still the caller's.
 */
struct link *link_new(struct event_base *base, evutil_socket_t fd, struct tls *tls, conn_key key,
                      const link_events *events);

/* Closes the socket. */
void link_free(struct link *link);

/* Queues the bytes, copying only few; takes the reference over. */
void link_send(struct link *link, GBytes *bytes);

/*
 * Writes what is queued, as much as the socket takes; the rest follows by itself. To be called once
 * for all that was sent in a round: it is one write then, and libevent need not ask the kernel
 * when it may write, which takes two more system calls. With TLS, libevent does it.
 */
void link_flush(struct link *link);

/* Stops reading for this reason, or no longer. */
void link_set_hold(struct link *link, link_hold why, bool hold);

/*
 * Writes what is waiting, then ends the sending direction (with TLS, by close_notify) and waits
 * for the peer to end its own: closing at once would make TCP reset the connection, and the peer
 * could lose our last words. In a TLS handshake there are none: the link is gone at once.
 */
void link_close_flushed(struct link *link);

#endif

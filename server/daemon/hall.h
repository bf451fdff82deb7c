/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the links and the dialogues of one protocol (commands/dialogue.h), as the pump is between
 * the links and the core: hands bytes and times in, carries bytes and ends out.
 */
#ifndef PLATO_SERVER_HALL_H
#define PLATO_SERVER_HALL_H

#include "commands/dialogue.h"
#include "daemon/counts.h"
#include "daemon/tls.h"

#include <event2/event.h>

struct hall;

typedef struct hall_config {
    dialogue_config dialogue;
    const char *alpn;            /* what it is called where it goes over TLS */
    struct admission *admission; /* must outlive the hall */
    unsigned max_closing;        /* more are closed at once */
    uint64_t first_key;          /* of its connections in the log */
    server_counts *counts;
    void (*emptied)(void *user); /* after hall_stop(): the last connection is gone */
    void *user;
} hall_config;

struct hall *hall_new(struct event_base *base, const hall_config *config);

/* Closes what is still open. NULL is allowed. */
void hall_free(struct hall *hall);

/* A peer has connected; takes the socket over. `tls` NULL: plain. */
void hall_accept(struct hall *hall, evutil_socket_t fd, const struct sockaddr *peer,
                 struct tls *tls);

/* Ends all connections, flushed; calls `emptied` when that is done, perhaps at once. */
void hall_stop(struct hall *hall);

/* Connections, also those that are closing. */
unsigned hall_count(const struct hall *hall);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latency protocol over UDP: returns each datagram to where it says it comes from. That may be
 * a lie, so a reply is never longer than what it answers, an address has a rate beyond which
 * nothing is returned, and a datagram from a port of the same number is taken for another such
 * server's, with which this one would talk for ever.
 */
#ifndef PLATO_SERVER_UDP_ECHO_H
#define PLATO_SERVER_UDP_ECHO_H

#include "admission/bucket.h"

#include <event2/event.h>

struct udp_echo;

typedef struct udp_echo_config {
    const char *host;       /* numeric address */
    int port;               /* 0 = any free one */
    const char *option;     /* that the port stands in, for messages */
    bucket_rate rate;       /* datagrams of one address */
    unsigned max_addresses; /* whose rate is remembered */
} udp_echo_config;

typedef struct udp_echo_stats {
    uint64_t returned;
    uint64_t too_fast; /* not returned */
    uint64_t dropped;  /* not returned for another reason */
} udp_echo_stats;

/* NULL with one line for people in `*error`, to be freed. */
struct udp_echo *udp_echo_new(struct event_base *base, const udp_echo_config *config, char **error);

/* NULL is allowed. */
void udp_echo_free(struct udp_echo *echo);

udp_echo_stats udp_echo_get_stats(const struct udp_echo *echo);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One probe after the other: our 32-bit clock of milliseconds to the server, and back. */
#ifndef PLATO_PING_PROBE_H
#define PLATO_PING_PROBE_H

#include "common/wait_stream.h"

#include <glib.h>
#include <stdint.h>

typedef enum probe_transport {
    PROBE_UDP,
    PROBE_SHORT, /* a TCP connection for each probe; connecting, with TLS also shaking hands, is
                    part of the round trip */
    PROBE_LONG,  /* one for all, made anew after a loss */
} probe_transport;

typedef struct prober {
    wait_peer peer;
    probe_transport transport;
    int64_t timeout_us;
    wait_stream stream;
    char address[ADDRESS_TEXT];
} prober;

/* The round trip in us; -1 with one line for people in `*why`, to be freed. */
int64_t probe_once(prober *p, char **why);

void prober_close(prober *p);

#endif

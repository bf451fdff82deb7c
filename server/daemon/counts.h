/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the server counts outside the core, since the start; see daemon/metrics.c. */
#ifndef PLATO_SERVER_COUNTS_H
#define PLATO_SERVER_COUNTS_H

#include "metrics/histogram.h"

#include <stdint.h>

typedef struct server_counts {
    uint64_t accepted_plain;
    uint64_t accepted_tls;
    uint64_t accept_errors;  /* the system gave no socket */
    uint64_t bytes_received; /* of Plato; without what TLS adds */
    uint64_t bytes_sent;
    uint64_t tls_handshakes;  /* that succeeded */
    uint64_t tls_failures;    /* handshakes that did not, and broken records */
    uint64_t tls_truncations; /* ended without close_notify */
    uint64_t held;            /* times that reading from a connection was paused */
    uint64_t logins_refused;  /* tokens */
    histogram commit_latency; /* from a batch's hand-over to its being on disk */
} server_counts;

#endif

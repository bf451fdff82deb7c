/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-ping. */
#ifndef PLATO_PING_OPTIONS_H
#define PLATO_PING_OPTIONS_H

#include "common/tls_options.h"
#include "ping/probe.h"

#define PING_PAUSE_S 1.0   /* the protocol's least pause after a reply */
#define PING_TIMEOUT_S 4.0 /* and when a probe is given up */
#define PING_AGEING_S 360  /* the longest silence on a long connection */

typedef struct ping_options {
    char *host;
    int port;
    tls_options tls;
    probe_transport transport;
    gint64 count; /* 0: until a signal */
    double interval_s, timeout_s;
    gboolean json;
} ping_options;

/*
 * Returns -1 to go on, else the exit code: 0 after --help and --version, 2 after an error, which
 * has been reported on stderr. `options` is to be cleared in each case.
 */
int ping_options_parse(int argc, char **argv, ping_options *options);
void ping_options_clear(ping_options *options);

#endif

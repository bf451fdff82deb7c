/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between the links and the core: hands events in, carries actions out, keeps the core's clock,
 * and asks admission for each connection and frame.
 */
#ifndef PLATO_SERVER_PUMP_H
#define PLATO_SERVER_PUMP_H

#include "admission/admission.h"
#include "daemon/counts.h"
#include "daemon/guard.h"
#include "daemon/storage.h"
#include "daemon/tls.h"

#include <event2/event.h>

struct pump;

typedef struct pump_config {
    core_config core; /* the hooks are the pump's to set */
    admission_config admission;
    struct guard *guard; /* NULL: no tokens, and conn_ids that count up. Must outlive the pump */
    server_counts *counts;
    struct storage *storage;     /* NULL: nothing is stored. Must outlive the pump */
    void (*emptied)(void *user); /* after pump_stop(): the last connection is gone */
    void (*failed)(void *user);  /* the store has failed: nothing more may be sent to any peer */
    void *user;
} pump_config;

/* With what the store has kept. NULL with one line for people in `*error`, to be freed. */
struct pump *pump_new(struct event_base *base, const pump_config *config, char **error);

/* Does what is due: for the start, and when the clock is to be set. */
void pump_run(struct pump *pump);

/* Closes what is still open. NULL is allowed. */
void pump_free(struct pump *pump);

/* A peer has connected; takes the socket over. `tls` NULL: plain. */
void pump_accept(struct pump *pump, evutil_socket_t fd, const struct sockaddr *peer,
                 struct tls *tls);

/* Ends all connections, flushed; calls `emptied` when that is done. */
void pump_stop(struct pump *pump);

core_stats pump_core_stats(const struct pump *pump);
admission_stats pump_admission_stats(const struct pump *pump);

#endif

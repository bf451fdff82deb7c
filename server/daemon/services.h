/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The latency and command protocols beside Plato: their listeners, and what they share. */
#ifndef PLATO_SERVER_SERVICES_H
#define PLATO_SERVER_SERVICES_H

#include "admission/admission.h"
#include "commands/dialogue.h"
#include "daemon/counts.h"
#include "daemon/tls.h"
#include "daemon/udp_echo.h"

#include <event2/event.h>
#include <stdio.h>

typedef enum service_kind {
    SERVICE_LATENCY, /* UDP and TCP, on ports of the same number */
    SERVICE_TEXT,
    SERVICE_BINARY,
    SERVICES /* how many there are */
} service_kind;

typedef struct services_options {
    char *listen;               /* numeric address */
    int ports[SERVICES];        /* 0 = any free one; -1: not this one */
    int tls_ports[SERVICES];    /* the same with TLS, over TCP alone */
    gboolean one_reply;         /* short connections */
    gboolean open;              /* listening for other machines is intended */
    uint32_t idle_ms;           /* silence */
    uint32_t command_ms;        /* from a command's first byte to its last */
    admission_config admission; /* over all of them; its address rate is also UDP's */
    unsigned max_closing;       /* connections of each protocol */
    uint32_t closing_ms;        /* so long a peer has to end its direction */
    size_t max_output;          /* bytes that may wait for a peer that does not read */
} services_options;

typedef struct services_stats {
    unsigned connections[SERVICES]; /* with those that are closing */
    uint64_t accepted[SERVICES];
    dialogue_stats dialogues[SERVICES];
    udp_echo_stats udp;
    admission_stats admission;
} services_stats;

struct services;

/* The defaults: no port. */
void services_options_init(services_options *options);

/* Whether there is to be any. */
bool services_wanted(const services_options *options);

/* Whether TLS is asked for. */
bool services_want_tls(const services_options *options);

/*
 * NULL with one line for people in `*error`, to be freed. `tls` must outlive them, and may be NULL
 * if none is wanted. `emptied`: see services_stop().
 */
struct services *services_new(struct event_base *base, const services_options *options,
                              struct tls *tls, void (*emptied)(void *user), void *user,
                              char **error);

/* NULL is allowed. */
void services_free(struct services *services);

/*
 * "listening for latency on 127.0.0.1:8904 (UDP and TCP)" and so on, a line for each, and after
 * that "listening for latency with TLS on 127.0.0.1:8944".
 */
void services_print_addresses(const struct services *services, FILE *to);

/* Accepts nobody any more. */
void services_shut(struct services *services);

/* Ends all connections, flushed; calls `emptied` when none is left, not before it returns. */
void services_stop(struct services *services);

bool services_are_empty(const struct services *services);

/* Lives as long as they do. */
const server_counts *services_counts(const struct services *services);

const char *service_name(service_kind kind);

services_stats services_get_stats(const struct services *services);

#endif

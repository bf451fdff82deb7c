/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One direction of a relayed connection: bytes in, the plan applied, bytes out. */
#ifndef PLATO_CHAOS_PIPE_H
#define PLATO_CHAOS_PIPE_H

#include "chaos/plan.h"

#include <event2/event.h>

struct relay;

typedef struct pipe_direction {
    struct relay *relay;
    const char *name; /* "up" or "down" */
    int from, to;     /* sockets; the relay's */
    struct event *readable, *writable, *wake;
    struct evbuffer *queue; /* read and not yet sent */
    uint64_t offset;        /* bytes sent */
    uint64_t stalled_ns;    /* nothing until then; 0 = go on */
    plan plan;
    GByteArray *kept; /* what was sent, for a replay; NULL = none is planned */
    GArray *bits;     /* plan_bit: scratch */
    bool source_ended, ended;
    bool drops; /* reads on and sends nothing */
} pipe_direction;

void pipe_init(pipe_direction *p, struct relay *r, bool down);
void pipe_clear(pipe_direction *p);

/* Begins; both sockets are connected. */
void pipe_start(pipe_direction *p);

/* Ends our writing in order; what still comes is read and dropped. */
void pipe_half_close(pipe_direction *p);

#endif

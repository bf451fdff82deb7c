/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One counter: the ids of one session in one direction, as its owner has shown them. */
#ifndef PLATO_ANALYSIS_COUNTER_H
#define PLATO_ANALYSIS_COUNTER_H

#include "intervals.h"
#include "state.h"

/* Whose counters: a device, or a connection of which no LOGIN was seen. */
typedef struct owner {
    uint32_t losses[2]; /* by plato_direction: how often bytes were missing */
    char numbering[3];  /* never read: their addresses are the scopes of counters */
} owner;

typedef struct counter {
    key key; /* one of the owner's numberings, the session */
    intervals ids;
    window window;
    const uint32_t *losses; /* the owner's, in the ids' direction */
    uint32_t losses_seen;   /* *losses at the latest id */
    bool any_covered;
    uint64_t covered_to; /* PUSH: the highest id that an ACK has covered */
} counter;

/*
 * The counter of the frame's direction. `name` is the variant's session text, empty where the
 * session is a number. With `create` it is made where there is none.
 */
counter *counter_of(plato_analysis *a, owner *whose, plato_direction direction, uint64_t session,
                    plato_span name, bool create);

void counter_free(gpointer counter);

/*
 * Judges the id of an UP or PUSH. Returns the first sending under that id: the frame's own record,
 * or that of which it is a repeat; NULL if it is in conflict with that.
 */
record *counter_judge(plato_analysis *a, counter *c, uint64_t id, const frame *f);

/* Judges the msg_id in an ACK of an UP: it has no content of its own. */
void counter_judge_ack(plato_analysis *a, counter *c, uint64_t id, const frame *f);

#endif

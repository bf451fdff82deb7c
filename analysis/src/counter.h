/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One sequence of ids: those of one session in one direction, within the scope that numbers them.
 */
#ifndef PLATO_ANALYSIS_COUNTER_H
#define PLATO_ANALYSIS_COUNTER_H

#include "intervals.h"
#include "state.h"

/* What ids are unique within: a device, or a connection of which no LOGIN was seen. */
typedef struct owner {
    uint32_t losses[2]; /* by plato_direction: how often bytes were missing */
    char numbering[3];  /* never read: their addresses are keys of sequences */
} owner;

typedef struct counter {
    key key; /* one of `numbering`, the session */
    intervals ids;
    window window;
    const uint32_t *losses; /* of the scope, in the ids' direction */
    uint32_t losses_seen;   /* *losses at the latest id */
    bool any_covered;
    uint64_t covered_to; /* PUSH: the highest id that an ACK has covered */
} counter;

/*
 * The sequence of a session in one direction. `name` is the session's name in MsgCmd framing, empty
 * where the session is a number. With `create` it is made where there is none.
 */
counter *counter_of(plato_analysis *a, owner *whose, plato_direction direction, uint64_t session,
                    plato_span name, bool create);

void counter_free(gpointer counter);

/*
 * Checks the id of an UP or PUSH. Returns the first transmission under that id: the frame's own
 * record, or the one that it repeats; NULL if the contents conflict.
 */
record *counter_judge(plato_analysis *a, counter *c, uint64_t id, const frame *f);

/* Checks the msg_id in an ACK of an UP, which has no content of its own. */
void counter_judge_ack(plato_analysis *a, counter *c, uint64_t id, const frame *f);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One sequence of ids: those of one session in one direction, within the scope that numbers them.
 */
#ifndef ANALYSIS_SRC_ID_SEQUENCE_H
#define ANALYSIS_SRC_ID_SEQUENCE_H

#include "intervals.h"
#include "state.h"

/* What ids are unique within: a device, or a connection of which no LOGIN was seen. */
typedef struct id_scope {
    losses losses[2];  /* by analysis_direction: bytes that may have held its ids or answers */
    char numbering[3]; /* never read: their addresses are keys of sequences */
} id_scope;

typedef struct id_sequence {
    key key; /* one of `numbering`, the session */
    intervals ids;
    window window;
    const losses *losses; /* of the scope, in the ids' direction */
    uint32_t losses_seen; /* their count at the highest id */
    bool any_covered;
    uint64_t covered_to; /* PUSH: the highest id that an ACK has covered */
} id_sequence;

/*
 * The sequence of a session in one direction. `name` is the session's name in MsgCmd framing, empty
 * where the session is a number. With `create` it is made where there is none.
 */
id_sequence *analysis_id_sequence_of(analysis_state *a, id_scope *scope,
                                     analysis_direction direction, uint64_t session,
                                     plato_span name, bool create);

void analysis_id_sequence_free(gpointer id_sequence);

/*
 * Checks the id of an UP or PUSH. Returns the first transmission under that id: the frame's own
 * record, or the one that it repeats; NULL if the contents conflict.
 */
analysis_record *analysis_id_sequence_check(analysis_state *a, id_sequence *c, uint64_t id,
                                            const frame *f);

/* Checks the msg_id in an ACK of an UP, which has no content of its own. */
void analysis_id_sequence_check_ack(analysis_state *a, id_sequence *c, uint64_t id, const frame *f);

#endif

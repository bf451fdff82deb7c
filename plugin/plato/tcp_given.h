/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a reader gives for one segment, and in which order it is judged. */
#ifndef PLATO_TCP_GIVEN_H
#define PLATO_TCP_GIVEN_H

#include "plato/tcp_store.h"

/* A PDU, and where its bytes are. */
typedef struct given_pdu {
    stored_item item;
    uint32_t packet;  /* to which it belongs */
    int64_t time_ns;  /* of that packet */
    int payload;      /* where it begins in the payload at hand; -1: elsewhere */
    bool impossible;  /* its length cannot be */
    bool frames_lost; /* after it: the snaplen cut them off */
    bool overtakes;   /* it is judged before frames that the stream has before it */
} given_pdu;

/*
 * Puts an array of given_pdu, which is in the order of the stream, into the order in which frames
 * are judged: that of their packets, then that of the stream. Notes which overtake others.
 */
void tcp_given_sort(GArray *given);

#endif

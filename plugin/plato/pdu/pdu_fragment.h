/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames whose first byte comes in an earlier packet than their last: which packet that is, and
 * which frames never end. Found on the first pass and kept for later ones.
 */
#ifndef PLATO_PDU_FRAGMENT_H
#define PLATO_PDU_FRAGMENT_H

#include "plato/pdu/conversation.h"

/* A frame of which the file has the first byte and not the last. */
typedef struct plato_unfinished {
    frame_begin begin;
    uint32_t tcp_stream; /* tcp.stream; UINT32_MAX where it is not TCP */
    uint16_t port;       /* of its sender */
    uint32_t stream;     /* plato.stream; UINT32_MAX: no frame of this connection was found */
    plato_framing framing;
} plato_unfinished;

typedef void (*plato_unfinished_fn)(const plato_unfinished *frame, void *user);

/* Where the frame at `position` began, that an earlier packet left under way. Once in each pass. */
frame_begin plato_take_fragment(packet_info *pinfo, plato_conversation *conversation,
                                uint64_t position);

/* First pass: this packet leaves a frame of its sender under way, or (`under_way` false) none.
 * `same`: the one that an earlier packet began, if there is one. */
void plato_set_fragment(packet_info *pinfo, plato_conversation *conversation, plato_framing framing,
                        bool under_way, bool same);

/* After the first pass: all frames that never ended, of the whole file. */
void plato_unfinished_pdus(plato_unfinished_fn each, void *user);

/* Frames over plain TCP are known elsewhere: `list` gives them, too. Once, at registration. */
void plato_add_unfinished_pdus(void (*list)(plato_unfinished_fn each, void *user));

void plato_register_fragments(void);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is done with a frame, or with bytes of none, whatever transport brought it. */
#ifndef PLATO_PROCESS_PDU_H
#define PLATO_PROCESS_PDU_H

#include "plato/pdu/pdu_info.h"

/*
 * Facts, analysis, tree and columns, taps, in this order. `pinfo` is that of the packet to which
 * the frame belongs, as far as number, time and ends go.
 */
void plato_process_pdu(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       plato_conversation *conversation, const found_pdu *found);

/* Bytes that belong to no frame. `after_unseen`: bytes before them are missing. */
void plato_process_skipped(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, bool after_unseen);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_FRAME_H
#define PLATO_TREE_FRAME_H

#include "plato/pdu/analysis_feed.h"

/* Shows a frame: info column and tree. `tvb` holds what there is of it and nothing else. */
void plato_dissect_pdu(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                       packet_info *pinfo, proto_tree *tree);

/* Shows bytes that belong to no frame. */
void plato_dissect_continuation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* Shows bytes that are a part of a frame. `packet`: the one that completes it; 0: not known. */
void plato_dissect_pdu_part(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t packet);

/*
 * Shows that `length` bytes are missing on a connection that carries Plato in TLS or WebSocket.
 * `from_sender`: of this packet's sender, else of the other end. No column is touched.
 */
void plato_dissect_carrier_lost(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                uint64_t length, bool from_sender);

void plato_register_tree_frame(int proto);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TREE_FRAME_H
#define PLATO_TREE_FRAME_H

#include "plato/pdu/analysis_feed.h"

/* Shows a frame: info column and tree. `tvb` holds what there is of it and nothing else. */
void plato_dissect_pdu(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                       packet_info *pinfo, proto_tree *tree);

/* Shows bytes that belong to no frame. */
void plato_dissect_continuation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

/* Shows a WebSocket message that holds nothing but a part of a frame. */
void plato_dissect_pdu_part(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree);

void plato_register_tree_frame(int proto);

#endif

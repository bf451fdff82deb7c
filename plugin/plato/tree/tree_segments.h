/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of several packets: links from the frame to the packets with its parts, and back. */
#ifndef PLATO_TREE_SEGMENTS_H
#define PLATO_TREE_SEGMENTS_H

#include "plato/pdu/pdu_info.h"

/* Adds the parts of a frame to its tree; nothing if one packet holds it all. */
void plato_add_segments(const pdu_info *facts, tvbuff_t *tvb, proto_tree *tree);

/* Adds the packet that completes the frame of which this one holds a part; 0: none so far. */
void plato_add_reassembled_in(uint32_t packet, tvbuff_t *tvb, proto_tree *tree);

void plato_register_tree_segments(int proto);

#endif
